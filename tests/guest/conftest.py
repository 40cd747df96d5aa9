"""One guest for all tests of the folder, as they are slow to boot: the tests follow its life."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.groundcrew.fleet.tests.guest.guest import Guest


@pytest.fixture(scope="session")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """Boot a machine with a kernel of its own."""
    machine = Guest(tmp_path_factory.mktemp("guest"))
    try:
        machine.start()
        yield machine
    finally:
        machine.stop()
