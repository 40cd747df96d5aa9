"""Every example in every module's documentation runs in check mode on the lab as playbooks/site.yml leaves it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.groundcrew.fleet.tests.integration.conftest import ROOT, Fleet
from ansible_collections.groundcrew.fleet.tests.unit.test_documentation_examples import EXAMPLES

SETTINGS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "examples.yml").read_text())
MODULES = sorted({example.module for example in EXAMPLES})


@pytest.fixture(scope="module")
def _packed_shop(fleet: Fleet) -> None:
    """A release of the shop, which some examples are about. Its content is no matter."""
    shop = {
        "source": str(ROOT / "examples/shop/1.0.0"),
        "name": "shop",
        "version": "2.0.0",
        "destination": SETTINGS["variables"]["shop_artefacts"],
    }
    packed = fleet.tasks("localhost", [{"groundcrew.fleet.release_artefact": shop}])
    assert packed.rc == 0, packed.said


@pytest.mark.usefixtures("_packed_shop")
@pytest.mark.parametrize("module", MODULES)
def test_the_examples_run_in_check_mode(fleet: Fleet, module: str) -> None:
    tasks = [example.task for example in EXAMPLES if example.module == module]
    hosts = SETTINGS["hosts"].get(module, "app1")
    played = fleet.tasks(hosts, tasks, "--check", "--diff", variables=SETTINGS["variables"])
    assert played.rc == 0, played.said


def test_only_modules_that_have_examples_are_given_a_host() -> None:
    assert set(SETTINGS["hosts"]) <= set(MODULES)


def test_no_example_is_skipped_for_want_of_a_variable() -> None:
    conditions = [str(example.task.get("when", "")) for example in EXAMPLES]
    wanted = {found[1] for found in (re.fullmatch(r"(\w+) is defined", condition) for condition in conditions) if found}
    assert wanted <= set(SETTINGS["variables"])
