"""A few hosts for every test; see playing.py for what they are."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.groundcrew.fleet.tests.rollout_facts.playing import CHECKOUT, Fleet


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A collections path on which the checkout is the collection, whatever else is installed."""
    path = tmp_path_factory.mktemp("collections")
    (path / "ansible_collections" / "groundcrew").mkdir(parents=True)
    (path / "ansible_collections" / "groundcrew" / "fleet").symlink_to(CHECKOUT)
    return path


@pytest.fixture
def fleet(tmp_path: pathlib.Path, collections: pathlib.Path) -> Fleet:
    return Fleet(tmp_path, collections).hosts("app1", "app2", "app3")
