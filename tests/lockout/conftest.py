"""The hosts of the lock-out tests, made for the first test and removed after the last."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import lab
from ansible_collections.groundcrew.fleet.tests.lockout.case import INVENTORY, machine


@pytest.fixture(scope="session", autouse=True)
def hosts() -> Iterator[None]:
    """Four hosts of two releases."""
    lab("absent", inventory=INVENTORY)
    try:
        lab("started", inventory=INVENTORY)
        # Packages come in a transaction of their own, which stands: what is looked at here is the one that does not.
        for name, packages in {"old1": "nftables", "new2": "libpam-pwquality libpam-tmpdir"}.items():
            machine(name).run(
                "sh", "-c", f"apt-get -q update; apt-get -q -y install --no-install-recommends {packages}"
            )
        # sudo takes the last rule that fits, and the lab's own has to be an earlier one.
        machine("old2").run("mv", "/etc/sudoers.d/crew", "/etc/sudoers.d/00crew")
        yield
    finally:
        lab("absent", inventory=INVENTORY)
