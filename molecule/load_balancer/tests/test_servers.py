"""What the module lb_backend does to servers, on both versions of HAProxy at once; the plays hold what has to be true."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.molecule.load_balancer.tests.world import Balancer, play


def configuration(balancer: Balancer) -> str:
    return str(balancer.host.file("/etc/haproxy/haproxy.cfg").sha256sum)


@pytest.fixture(scope="module", autouse=True)
def configurations(balancers: dict[str, Balancer]) -> dict[str, str]:
    """What each had before the first play."""
    return {name: configuration(one) for name, one in balancers.items()}


def holds(name: str) -> None:
    done = play(f"plays/{name}")
    if done.rc != 0:
        pytest.fail(done.why, pytrace=False)


def test_servers_leave_and_return_at_run_time_and_the_last_one_stays() -> None:
    holds("leaving")


def test_what_was_asked_at_run_time_outlives_a_restart() -> None:
    holds("over_a_restart")


def test_what_is_asked_while_haproxy_is_reloaded_is_not_forgotten() -> None:
    holds("amid_reloads")


def test_a_server_that_is_idle_or_down_or_follows_another_is_drained_at_once() -> None:
    holds("states")


def test_a_server_is_added_once_however_its_address_is_spelled() -> None:
    holds("addresses")


def test_where_one_load_balancer_refuses_the_other_takes_the_host_back() -> None:
    holds("one_refuses")


def test_all_servers_are_up_in_the_end(balancer: Balancer) -> None:
    for backend in ("shop", "sticky", "careful"):
        assert set(balancer.servers(backend).values()) == {"UP"}


def test_the_configuration_is_the_same_again_after_what_was_added_and_removed(
    balancer: Balancer, configurations: dict[str, str]
) -> None:
    assert configuration(balancer) == configurations[balancer.name]
