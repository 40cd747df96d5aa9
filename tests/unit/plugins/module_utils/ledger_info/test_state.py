"""What ledgers of the lab tell: two hosts through two deployments, a rollback, a deployment that was taken back, and two colours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import ledger, metrics
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World
from ansible_collections.groundcrew.fleet.plugins.module_utils.ledger_info import state
from ansible_collections.groundcrew.fleet.plugins.module_utils.release import record
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.record import Record

CAPTURED = Path(__file__).parents[3] / "fixtures/ledgers"


def entries(host: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CAPTURED / f"{host}.jsonl").read_bytes().splitlines()]


def told(host: str) -> list[tuple[str, ...]]:
    found = state.releases(entries(host), {})
    return [
        (one["instance"], one["kind"], one["from"], one["to"], one["result"]) for one in found if one["kind"] != "try"
    ]


def test_every_switch_is_told_with_its_direction() -> None:
    assert told("app2") == [
        ("shop", "first", "absent", "1.0.0", "done"),
        ("shop", "forward", "1.0.0", "2.0.0", "done"),
        ("shop", "back", "2.0.0", "1.0.0", "done"),
        ("shop", "forward", "1.0.0", "2.0.0", "done"),
        ("shop", "forward", "2.0.0", "1.0.0", "done"),
        ("shop", "back", "1.0.0", "2.0.0", "done"),
    ]
    assert told("app1")[4:] == [
        ("shop", "forward", "2.0.0", "3.0.0", "undone"),
        ("shop-blue", "first", "absent", "1.0.0", "done"),
        ("shop-green", "first", "absent", "2.0.0", "done"),
    ]


def test_a_switch_begins_with_its_try() -> None:
    tries = [(one["when"][11:], one["to"]) for one in state.releases(entries("app2"), {}) if one["kind"] == "try"]
    assert tries == [("16:00:36Z", "2.0.0"), ("16:02:12Z", "2.0.0"), ("16:02:54Z", "1.0.0")]


def test_the_record_tells_the_name_and_when_it_was_built() -> None:
    manifest = {"name": "shop", "built_at": "2026-11-29T10:00:00Z", "source": {"revision": "a" * 40}}
    records = {("shop-green", "2.0.0"): Record("shop-green", "2.0.0", "b" * 64, manifest)}
    last = state.releases(entries("app1"), records)[-1]
    assert (last["app"], last["built_at"], last["revision"]) == ("shop", "2026-11-29T10:00:00Z", "a" * 40)


def test_what_follows_a_switch_is_none() -> None:
    later = {**entries("app1")[14], "changes": [{"kind": "unit", "target": "shop.service", "action": "restart"}]}
    assert state.releases([later], {}) == []


def test_remedies_and_reboots_are_told_each(tmp_path: Path) -> None:
    paths = Paths(str(tmp_path))
    ledger.append(paths, World(), {"what": "heal", "heal": "shop.service", "result": "done", "why": "no answer"})
    ledger.append(paths, World(), {"what": "rebooted", "result": "done", "away_s": 31.5, "why": "a new kernel"})
    found = state.read(paths, since=0)
    assert [(one["unit"], one["why"]) for one in found["heals"]] == [("shop.service", "no answer")]
    assert [(one["away_s"], one["why"]) for one in found["reboots"]] == [(31.5, "a new kernel")]
    assert found["runs"][0] == {"module": "healing", "result": "done", "count": 1}


def test_only_the_time_that_is_asked_for_counts_and_the_whole_chain_is_proven(tmp_path: Path) -> None:
    paths = Paths(str(tmp_path))
    (tmp_path / "ledger.jsonl").write_bytes((CAPTURED / "app1.jsonl").read_bytes())
    folder = Path(record.directory_of("shop", str(tmp_path)))
    folder.mkdir(parents=True)
    (folder / "3.0.0.json").write_bytes(record.dump(Record("shop", "3.0.0", "c" * 64, {"name": "market"})))
    (folder / "2.0.0.json").write_bytes(b"damaged")
    found = state.read(paths, since=metrics.seconds("2026-11-29T16:03:00Z") or 0)
    assert [(one["app"], one["to"]) for one in found["releases"]][:1] == [("market", "3.0.0")]
    assert found["chain_holds"] is True
    assert {"module": "release", "result": "undone", "count": 1} in found["runs"]
    (tmp_path / "ledger.jsonl").write_bytes((CAPTURED / "app1.jsonl").read_bytes().replace(b"crew", b"mate", 1))
    assert state.read(paths, since=0)["chain_holds"] is False


@pytest.mark.parametrize("base", ["none", ""])
def test_a_host_without_a_ledger_has_nothing_to_tell(tmp_path: Path, base: str) -> None:
    found = state.read(Paths(str(tmp_path / base)), since=0)
    assert found == {"chain_holds": True, "runs": [], "releases": [], "heals": [], "reboots": []}
