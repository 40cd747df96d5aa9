"""What of the reader of dnf needs no dnf; the rest is held against a real one in molecule/dnf."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import dnf, dnf_goal, dnf_holds


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The plugin's settings, and a list with a comment, two locks and a version that is excluded."""
    (tmp_path / "list").write_text("\n# Added lock\ncrew-tool-0:1.0-1.*\n!crew-slow-0:1.1-1.*\ncrew-a*\n")
    (tmp_path / "versionlock.conf").write_text(f"[main]\nenabled = 1\nlocklist = {tmp_path}/list\n")
    return tmp_path


def test_locks_are_read_from_the_list_that_the_settings_name(settings: Path) -> None:
    assert dnf_holds.locks([str(settings)]) == ("crew-tool-0:1.0-1.*", "crew-a*")


def test_a_plugin_that_is_switched_off_locks_nothing(settings: Path) -> None:
    path = settings / "versionlock.conf"
    path.write_text(path.read_text().replace("enabled = 1", "enabled = 0"))
    assert dnf_holds.locks([str(settings)]) == ()


def test_a_host_without_the_plugin_locks_nothing(tmp_path: Path) -> None:
    assert dnf_holds.locks([str(tmp_path)]) == ()


def test_the_words_of_dnf_are_kept_less_those_that_tell_nothing() -> None:
    told = ("conflicting requests", "nothing provides a needed by b", "package c is filtered out by exclude filtering")
    assert dnf_goal._words(told) == "nothing provides a needed by b; package c is excluded, or not asked for"


@pytest.mark.parametrize(
    "severities,highest",
    [
        ((), ""),
        ((None, "None", "odd"), ""),
        (("Low", "Important", "Moderate"), "high"),
        (("medium", ""), "medium"),
        (("Critical", "Low"), "critical"),
    ],
)
def test_the_highest_severity_is_the_priority(severities: tuple[str | None, ...], highest: str) -> None:
    assert dnf._highest(severities) == highest


@pytest.mark.skipif(importlib.util.find_spec("dnf") is not None, reason="this Python has dnf")
def test_a_python_without_dnf_is_told_which_one_to_use() -> None:
    with pytest.raises(FleetError, match="ansible_python_interpreter"):
        dnf.open_manager()
