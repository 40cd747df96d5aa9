"""What the tests share."""

from __future__ import annotations

import functools

import pytest
import testinfra
from ansible_collections.groundcrew.fleet.molecule.load_balancer.tests.world import ADDRESSES, Balancer, until


def _serves(one: Balancer) -> bool:
    return set(one.servers("sticky").values()) == {"UP"}


@pytest.fixture(scope="session")
def balancers(request: pytest.FixtureRequest) -> dict[str, Balancer]:
    """Both of them, whose servers are all well."""
    config = request.config.getoption("--ssh-config")
    found = {
        name: Balancer(name, address, testinfra.get_host(f"ssh://{name}", ssh_config=config, sudo=True))
        for name, address in ADDRESSES.items()
    }
    for one in found.values():
        assert until(functools.partial(_serves, one)), one.servers("sticky")
    return found


@pytest.fixture(params=ADDRESSES)
def balancer(request: pytest.FixtureRequest, balancers: dict[str, Balancer]) -> Balancer:
    """Each of them in turn."""
    return balancers[request.param]
