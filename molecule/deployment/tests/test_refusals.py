"""What no host may take is refused with its reason, and the shop goes on as if nothing had been."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[[str], dict[str, Any]]
REFUSED = {
    "tampered/shop-2.0.0.tar.gz": "is not the artefact that its manifest tells of",
    "by_unsigned/shop-2.0.0.tar.gz": "shop-2.0.0.json is not signed",
    "by_stranger/shop-2.0.0.tar.gz": "is by nobody in /etc/groundcrew/allowed_signers: No principal matched",
    "by_lapsed/shop-2.0.0.tar.gz": "key has expired",
    "shop-7.0.0.tar.gz": "member '../../escaped' leads out of the tree",
}


@pytest.fixture(scope="session", params=["old", "new"])
def ask(request: pytest.FixtureRequest, play: Callable[[str], Any]) -> Ask:
    """Return what a task answered on one host."""
    answers = play("refusals.yml")
    return lambda task: dict(answers[task][request.param])


@pytest.mark.parametrize("offered", REFUSED)
def test_what_is_not_whole_not_signed_or_not_harmless_is_refused_with_its_reason(ask: Ask, offered: str) -> None:
    results = ask("Offer them")["results"]
    said = [one["msg"] for one in results if offered in one["item"].values()]
    assert len(said) == 1
    assert REFUSED[offered] in said[0]


def test_nothing_is_left_of_what_was_refused(ask: Ask) -> None:
    shop = ask("Read what the shop has")
    assert [(one["version"], one["state"]) for one in shop["releases"]] == [("1.0.0", "active")]


def test_a_release_that_is_larger_than_the_disk_is_refused_before_anything_is_touched(ask: Ask) -> None:
    said = ask("Stage what is larger than the disk")["msg"]
    assert "/srv/small/app has " in said
    assert "nothing was touched" in said


def test_a_disk_that_fills_up_while_staging_has_its_room_back_and_the_release_that_ran(ask: Ask) -> None:
    said = ask("Stage what fills the disk in the middle")["msg"]
    assert "No space left on device" in said
    assert said.endswith("Everything was taken back")
    small = ask("Read what the small disk has")
    assert [(one["version"], one["state"]) for one in small["releases"]] == [("1", "active")]
    assert ask("List what the small disk has")["stdout_lines"] == ["/srv/small/app/releases/1"]


def test_a_client_of_the_shop_notices_nothing(ask: Ask) -> None:
    seen = json.loads(ask("Ask the client")["stdout"])
    assert [version for version, _times in seen["answers"]] == ["1.0.0"]
    assert seen["lost"] == []
