"""The controller's records, read for a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_history import history


def record(root: Path, run: str, at: float, *, ended: bool = True) -> None:
    begin: dict[str, Any] = {
        "event": "begin",
        "run_id": run,
        "name": "deploy",
        "intent": "shop 2",
        "reason": "",
        "attempt": 1,
    }
    more: dict[str, Any] = {"waves": [["a"]], "hosts": ["a"], "limit": 0, "take_back": "none", "driver": {}}
    done: dict[str, Any] = {"event": "host", "host": "a", "state": "done", "why": "", "load_balancer": ""}
    events: list[dict[str, Any]] = [{**begin, **more}, done, *([{"event": "end"}] if ended else [])]
    (root / "rollouts").mkdir(exist_ok=True)
    lines = [json.dumps({"v": 1, "at": at + number, **event}) + "\n" for number, event in enumerate(events)]
    (root / f"rollouts/{run}.jsonl").write_text("".join(lines))


def test_rollouts_are_told_oldest_first_and_old_ones_are_not(tmp_path: Path) -> None:
    record(tmp_path, "z", 1000)
    record(tmp_path, "a", 2000, ended=False)
    record(tmp_path, "old", 10)
    found = history(str(tmp_path), 500)
    assert [(one["run_id"], one["began"], one["last"], one["ended"]) for one in found["rollouts"]] == [
        ("z", 1000, 1002, True),
        ("a", 2000, 2001, False),
    ]
    assert found["rollouts"][0]["ok"] is True
    assert found["unreadable"] == []


def test_a_damaged_record_is_told_and_hides_no_other(tmp_path: Path) -> None:
    record(tmp_path, "z", 1000)
    (tmp_path / "rollouts/broken.jsonl").write_text("{}\n")
    found = history(str(tmp_path), 0)
    assert len(found["rollouts"]) == 1
    assert "broken.jsonl cannot be understood" in found["unreadable"][0]


def test_a_controller_that_never_drove_a_rollout_has_none(tmp_path: Path) -> None:
    assert history(str(tmp_path / "none"), 0) == {"rollouts": [], "unreadable": []}
