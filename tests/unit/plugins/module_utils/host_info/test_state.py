from __future__ import annotations

from pathlib import Path

from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import ledger, lock
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.lock import Actor
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_info import state


def test_a_host_that_was_never_touched_has_an_empty_ledger_and_nothing_in_the_way(tmp_path: Path) -> None:
    assert state.transactions(Paths(base=str(tmp_path / "none")), 5, "") == {
        "readable": True,
        "ledger": [],
        "digest": "",
        "chain_holds": True,
        "lock": None,
        "quarantine": None,
        "unfinished": [],
    }


def test_the_last_lines_and_the_lock_are_told(tmp_path: Path) -> None:
    paths, actor = Paths(base=str(tmp_path)), Actor("ann", "patching", "r1")
    lock.make_base(paths, World())
    digests = [ledger.append(paths, World(), {"what": name}) for name in ("one", "two", "three")]
    lock.hold(paths, World(), actor)
    told = state.transactions(paths, 2, digests[0])
    assert [entry["what"] for entry in told["ledger"]] == ["two", "three"]
    assert (told["digest"], told["chain_holds"]) == (digests[2], True)
    assert (told["lock"]["owner"], told["lock"]["remaining_s"]) == ("ann", 3600)


def test_a_line_that_was_seen_and_is_gone_breaks_the_chain(tmp_path: Path) -> None:
    paths = Paths(base=str(tmp_path))
    lock.make_base(paths, World())
    ledger.append(paths, World(), {"what": "one"})
    assert not state.transactions(paths, 5, "0" * 64)["chain_holds"]
