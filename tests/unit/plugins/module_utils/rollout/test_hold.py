# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import ledger, lock
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import hold
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.hold import Told


@pytest.fixture
def paths(tmp_path: pathlib.Path) -> Paths:
    return Paths(base=str(tmp_path / "groundcrew"))


def ask(paths: Paths, state: str = "host_begin", *, check: bool = False, **more: Any) -> Told:
    params: dict[str, Any] = {
        "state": state,
        "owner": "amy@controller",
        "reason": "2.0",
        "run_id": "r1",
        "run_attempt": 1,
        "lock_wait_s": 0,
        "lock_ttl_s": 3600,
        "ledger_seen": "",
    }
    return hold.on_host({**params, **more}, check=check, paths=paths)


def test_the_lock_is_held_from_the_begin_to_the_end(paths: Paths) -> None:
    assert ask(paths).refused == ""
    held = lock.read(paths)
    assert held is not None
    assert (held.owner, held.run_id, held.reason) == ("amy@controller", "r1", "2.0")
    assert ask(paths, "host_end").refused == ""
    assert lock.read(paths) is None


def test_a_host_of_another_run_is_refused_with_the_holders_name_and_stays_his(paths: Paths) -> None:
    ask(paths, owner="eve@laptop", run_id="other")
    assert "eve@laptop, run other" in ask(paths).refused
    held = lock.read(paths)
    assert held is not None
    assert held.run_id == "other"


def test_a_later_attempt_takes_over_from_the_dead_one_and_not_the_other_way(paths: Paths) -> None:
    ask(paths, run_attempt=1)
    assert ask(paths, run_attempt=2).refused == ""
    assert "attempt 2" in ask(paths, run_attempt=1).refused


def test_a_quarantined_host_is_refused_with_the_cure(paths: Paths) -> None:
    ask(paths)
    ask(paths, "host_end")
    pathlib.Path(paths.quarantine).write_text(json.dumps({"since": "s", "what": "shop", "why": "w", "undo": "u"}))
    assert "groundcrew recover --undo" in ask(paths).refused
    assert lock.read(paths) is None


def test_an_unfinished_transaction_is_recovered_first(paths: Paths) -> None:
    ask(paths)
    pathlib.Path(paths.journal, "20260101T000000-abcdef").mkdir()
    assert ask(paths).notes == ["an unfinished transaction was discarded: 20260101T000000-abcdef"]
    assert list(pathlib.Path(paths.journal).iterdir()) == []


def test_a_check_run_takes_nothing_and_tells_what_a_run_would_meet(paths: Paths) -> None:
    assert ask(paths, check=True) == Told("", {"digest": "", "holds": True}, [])
    assert not pathlib.Path(paths.base).exists()
    ask(paths, owner="eve@laptop", run_id="other")
    pathlib.Path(paths.journal, "20260101T000000-abcdef").mkdir()
    pathlib.Path(paths.quarantine).write_text(json.dumps({"since": "s"}))
    notes = ask(paths, check=True).notes
    assert [note.split()[0] for note in notes] == ["locked", "quarantined", "1"]
    ask(paths, "host_end", check=True, owner="eve@laptop", run_id="other")
    assert lock.read(paths) is not None


def test_a_ledger_without_the_line_seen_last_does_not_hold(paths: Paths) -> None:
    ask(paths)
    first = ledger.append(paths, World(), {"what": "first"})
    ledger.append(paths, World(), {"what": "second"})
    assert ask(paths, ledger_seen=first).ledger == {"digest": ledger.tail_digest(paths), "holds": True}
    pathlib.Path(paths.ledger).write_text("")
    assert ask(paths, ledger_seen=first).ledger == {"digest": "", "holds": False}


def test_a_lock_that_was_lost_meanwhile_is_told_and_not_released(paths: Paths) -> None:
    ask(paths, run_id="other")
    assert "lost its lock meanwhile" in ask(paths, "host_end").refused
    assert lock.read(paths) is not None
