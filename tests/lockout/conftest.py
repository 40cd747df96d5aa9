"""The hosts of the lock-out tests, made for the first test and removed after the last."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import CHECKOUT
from ansible_collections.groundcrew.fleet.tests.lockout.case import INVENTORY, machine


def _lab(state: str) -> None:
    done = subprocess.run(
        ["ansible-playbook", *INVENTORY, "playbooks/lab.yml", "-e", f"lab_state={state}"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session", autouse=True)
def hosts() -> Iterator[None]:
    """Four hosts of two releases."""
    _lab("absent")
    try:
        _lab("started")
        # Packages come in a transaction of their own, which stands: what is looked at here is the one that does not.
        for name, packages in {"old1": "nftables", "new2": "libpam-pwquality libpam-tmpdir"}.items():
            machine(name).run(
                "sh", "-c", f"apt-get -q update; apt-get -q -y install --no-install-recommends {packages}"
            )
        # sudo takes the last rule that fits, and the lab's own has to be an earlier one.
        machine("old2").run("mv", "/etc/sudoers.d/crew", "/etc/sudoers.d/00crew")
        yield
    finally:
        _lab("absent")
