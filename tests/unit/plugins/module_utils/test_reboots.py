from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils import _reboots
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import Unreadable
from ansible_collections.groundcrew.fleet.plugins.module_utils._reboots import Outcome, Pending
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import ledger
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.lock import Actor
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

ACTOR = Actor("crew", run_id="r1")
PENDING = Pending(
    "boot 1", 1.0, "2026-01-01T00:00:00Z", "t1", "leak", "r1", 41.2, ("a.service",), ("b.service",), "e.json"
)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(str(tmp_path))


def test_a_reboot_is_two_lines_of_the_ledger_and_a_record_between(paths: Paths) -> None:
    _reboots.begin(paths, World(), ACTOR, PENDING)
    assert _reboots.read(paths) == PENDING
    line = _reboots.end(paths, World(), ACTOR, PENDING, Outcome("done", 12.5))
    assert _reboots.read(paths) is None
    told = [(one["what"], one["result"], one["why"], one["days_up"], one["run_id"]) for one in ledger.entries(paths)]
    assert told == [("reboot", "begun", "leak", 41.2, "r1"), ("rebooted", "done", "leak", 41.2, "r1")]
    assert line["away_s"] == 12.5
    assert ledger.holds(paths)


def test_who_comes_second_to_tell_the_end_is_given_what_the_first_told(paths: Paths) -> None:
    _reboots.begin(paths, World(), ACTOR, PENDING)
    _reboots.end(paths, World(), ACTOR, PENDING, Outcome("done", 12.5))
    line = _reboots.end(paths, World(), ACTOR, PENDING, Outcome("failed", None, {"made_up": True}))
    assert (line["result"], line["away_s"]) == ("done", 12.5)
    assert len(ledger.entries(paths)) == 2


def test_a_crash_between_ledger_and_record_does_not_tell_the_end_twice(paths: Paths) -> None:
    _reboots.begin(paths, World(), ACTOR, PENDING)
    before = Path(f"{_reboots.directory(paths)}/pending.json").read_bytes()
    _reboots.end(paths, World(), ACTOR, PENDING, Outcome("done", 12.5))
    Path(f"{_reboots.directory(paths)}/pending.json").write_bytes(before)
    _reboots.end(paths, World(), ACTOR, PENDING, Outcome("done", None, {"made_up": True}))
    assert [one["what"] for one in ledger.entries(paths)] == ["reboot", "rebooted"]
    assert _reboots.read(paths) is None


def test_evidence_is_for_root_alone_and_bounded(paths: Paths) -> None:
    _reboots.begin(paths, World(), ACTOR, PENDING)
    written = [_reboots.keep_evidence(paths, World(), f"t{number:02}", {"n": number}) for number in range(25)]
    kept = sorted(name for name in os.listdir(_reboots.directory(paths)) if name != "pending.json")
    assert kept == [f"t{number:02}.json" for number in range(5, 25)]
    assert Path(written[-1]).stat().st_mode & 0o777 == 0o600
    assert json.loads(Path(written[-1]).read_text()) == {"n": 24}
    assert _reboots.read(paths) == PENDING


@pytest.mark.parametrize("content", ["", "{}", '{"units": 1}', '{"boot": "x", "units": [], "failed": [], "colour": 1}'])
def test_a_damaged_record_is_told_with_its_cure(paths: Paths, content: str) -> None:
    _reboots.begin(paths, World(), ACTOR, PENDING)
    Path(f"{_reboots.directory(paths)}/pending.json").write_text(content)
    with pytest.raises(Unreadable, match="remove it"):
        _reboots.read(paths)
