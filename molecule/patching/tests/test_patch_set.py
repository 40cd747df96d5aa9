"""What one moment has proven is what the next one gets, or a refusal that names what the mirror has lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session", params=["old", "new"])
def ask(request: pytest.FixtureRequest, play: Callable[[str], Any]) -> Ask:
    """Return what a task answered on one host; one that ran once has answered for the first."""
    answers = play("patch_set.yml")
    return lambda task: dict(answers[task].get(request.param) or next(iter(answers[task].values())))


def test_a_patch_set_has_each_release_and_stays_as_it_is(ask: Ask) -> None:
    told, again = ask("Ensure that it stands in a patch set"), ask("Ensure that it stands in a patch set once more")
    assert told["packages"] == {"debian 12 x86_64": 4, "debian 13 x86_64": 4}
    assert again["changed"] is False
    assert again["sha256"] == told["sha256"]


def test_a_changelog_at_hand_tells_what_an_update_closes(ask: Ask) -> None:
    told = ask("Read what staging would get")
    assert {one["name"]: one["cves"] for one in told["plan"]} == {
        "crew-set": ["CVE-2026-0001"],
        "crew-set-lost": None,
        "crew-set-moved": None,
        "crew-set-other": None,
    }
    assert told["cves"] == {"open": ["CVE-2026-0001"], "source": "changelogs"}


def test_what_the_mirror_has_lost_or_changed_is_refused_by_name(ask: Ask) -> None:
    said = ask("Update to a patch set that this mirror cannot give any more")["msg"]
    assert "the patch set cannot be had here" in said
    assert "crew-set-lost 1.1: no repository of this host has version 1.1" in said
    assert "crew-set-moved 1.1: no repository of this host has version 1.1" in said
    assert "crew-set-other 1.1 is another archive here than the one in the patch set" in said
    assert "crew-set 1.1" not in said


def test_the_host_gets_what_was_proven_and_nothing_newer(ask: Ask) -> None:
    told = ask("Ensure that the host gets what staging has proven, and nothing newer")
    assert [(one["name"], one["from"], one["to"]) for one in told["packages"]] == [("crew-set", "1.0", "1.1")]
