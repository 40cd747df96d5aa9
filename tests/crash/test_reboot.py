"""Real reboots and real timers: what waits for its proof, and what was cut off."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import Machine


@pytest.mark.parametrize(
    "trace, before, nth, expected",
    [
        ("files", "append", 1, "old"),
        ("files", "rename", 4, "old"),
        ("files", "reload-or-restart", 0, "old"),
        ("disk", "reload-or-restart", 0, "old"),
        ("files", "ledger.jsonl", 0, "new"),
        ("armed", "reload-or-restart", 0, "old"),
    ],
)
def test_boot_recovers_what_was_cut_off(rebooting: Machine, trace: str, before: str, nth: int, expected: str) -> None:
    cut = rebooting.drive("cut", trace=trace, before=before, nth=nth)
    assert len(cut["journal"]) == 1
    rebooting.reboot()
    rebooting.drive("settle")
    found = rebooting.drive("state", trace=trace)
    assert (found["state"], found["litter"], found["stale"]) == (expected, [], "")


def test_reboot_before_the_proof_brings_the_old_state(rebooting: Machine) -> None:
    armed = rebooting.drive("arm", within_s=600)
    assert armed["ledger"] == ""
    assert armed["refused"].startswith("Unfinished: ")
    assert "--accept" in armed["refused"]
    rebooting.reboot()
    rebooting.drive("settle")
    found = rebooting.drive("state", trace="files")
    assert (found["state"], found["results"], found["litter"], found["stale"]) == ("old", ["undone"], [], "")


def test_timer_brings_the_old_state_when_no_proof_comes(rebooting: Machine) -> None:
    armed = rebooting.drive("arm", within_s=3)
    assert rebooting.drive("settle")["seconds"] < 60
    late = rebooting.drive("confirm", txid=armed["txid"])
    assert late["error"].startswith("BadInput: ")
    found = rebooting.drive("state", trace="files")
    assert (found["state"], found["results"], found["litter"], found["stale"]) == ("old", ["undone"], [], "")


def test_proof_in_time_lets_the_change_stand_and_disarms_the_timer(rebooting: Machine) -> None:
    armed = rebooting.drive("arm", within_s=600)
    assert rebooting.drive("confirm", txid=armed["txid"])["ledger"]
    found = rebooting.drive("state", trace="files")
    assert (found["state"], found["results"], found["litter"], found["stale"]) == ("new", ["done"], [], "")
    assert found["timer"] == "inactive"


def test_looking_at_an_unfinished_journal_touches_nothing(rebooting: Machine) -> None:
    rebooting.drive("cut", trace="disk", before="reload-or-restart")
    found = rebooting.drive("foreseen")
    assert found["same"]
    assert [one["what"] for one in found["told"]] == ["crash disk"]
    assert "crash disk" in found["shown"]
    assert len(found["waiting"]) == 1
