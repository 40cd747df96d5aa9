"""Every example in every module's documentation runs in check mode on the lab as playbooks/site.yml leaves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.groundcrew.fleet.tests.integration.conftest import Fleet
from ansible_collections.groundcrew.fleet.tests.unit.test_documentation_examples import EXAMPLES

SETTINGS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "examples.yml").read_text())
MODULES = sorted({example.module for example in EXAMPLES})


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_run_in_check_mode(fleet: Fleet, module: str) -> None:
    tasks = [example.task for example in EXAMPLES if example.module == module]
    hosts = SETTINGS["hosts"].get(module, "app1")
    played = fleet.tasks(hosts, tasks, "--check", "--diff", variables=SETTINGS["variables"])
    assert played.rc == 0, played.said


def test_only_modules_that_have_examples_are_given_a_host() -> None:
    assert set(SETTINGS["hosts"]) <= set(MODULES)
