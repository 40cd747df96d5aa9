"""The hosts of the crash tests, made when the first test asks for one, and removed at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import Machine, lab


def _made(name: str) -> Iterator[Machine]:
    lab("absent", name)
    try:
        lab("started", name)
        machine = Machine(f"crash-{name}")
        machine.equip()
        yield machine
    finally:
        lab("absent", name)


@pytest.fixture(scope="session")
def quick() -> Iterator[Machine]:
    """A host whose files lie in memory."""
    yield from _made("quick")


@pytest.fixture(scope="session")
def rebooting() -> Iterator[Machine]:
    """A host whose files outlive a reboot."""
    yield from _made("rebooting")
