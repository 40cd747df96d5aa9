from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, HostLocked
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import ledger, lock
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import paths as clock
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.lock import Actor
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

WORLD = World()
ALICE = Actor("alice", "upgrade", "run-a", wait_s=0)
BOB = Actor("bob", "", "run-b", wait_s=0)
# Holds the host in another process until its standard input ends.
HOLDER = """
import sys
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import lock
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.lock import Actor
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World
with lock.exclusive(Paths(sys.argv[1]), World(), Actor("carol", "", "run-c")):
    print("held", flush=True)
    sys.stdin.read()
"""


def told(paths: Paths, **facts: object) -> None:
    """Rewrite the lock file: as if it had been written at another time."""
    path = Path(paths.lock)
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **facts}), encoding="utf-8")


def test_lock_stays_when_its_process_is_gone_and_names_its_run(paths: Paths) -> None:
    with lock.exclusive(paths, WORLD, ALICE):
        lock.hold(paths, WORLD, ALICE)
    found = lock.read(paths)
    assert found is not None
    assert (found.owner, found.reason, found.run_id, found.attempt) == ("alice", "upgrade", "run-a", 1)
    assert 3590 < found.remaining_s() <= 3600


def test_other_run_is_refused_with_the_holder_and_the_cure(paths: Paths) -> None:
    lock.hold(paths, WORLD, ALICE)
    with (
        pytest.raises(HostLocked, match=r"locked by alice, run run-a \(attempt 1\), reason: upgrade.* lock --release"),
        lock.exclusive(paths, WORLD, BOB),
    ):
        pytest.fail("went in")


def test_own_run_enters_again_and_renews(paths: Paths) -> None:
    lock.hold(paths, WORLD, ALICE)
    told(paths, ends=clock.boottime() + 5)
    with lock.exclusive(paths, WORLD, ALICE):
        pass
    found = lock.read(paths)
    assert found is not None
    assert found.remaining_s() > 3590


def test_next_attempt_takes_over_and_the_orphan_stays_out(paths: Paths) -> None:
    lock.hold(paths, WORLD, ALICE)
    with lock.exclusive(paths, WORLD, ALICE._replace(attempt=2)):
        pass
    with pytest.raises(HostLocked), lock.exclusive(paths, WORLD, ALICE):
        pytest.fail("the first attempt came back")


def test_recovery_enters_whatever_run_holds_the_host_and_leaves_its_lock(paths: Paths) -> None:
    lock.hold(paths, WORLD, ALICE)
    before = Path(paths.lock).read_bytes()
    with lock.exclusive(paths, WORLD, Actor("root", wait_s=0), any_run=True):
        pass
    assert Path(paths.lock).read_bytes() == before


@pytest.mark.parametrize(
    "facts, in_force",
    [
        ({}, True),
        ({"ends": 1.0}, False),
        # Another boot: its clock says nothing, the whole time counts from the new one.
        ({"boot": "another", "ends": 1.0, "ttl_s": 1e9}, True),
        ({"boot": "another", "ends": 1e9, "ttl_s": 0.001}, False),
    ],
)
def test_lock_ends_on_the_clock_of_its_boot(paths: Paths, facts: dict[str, object], *, in_force: bool) -> None:
    lock.hold(paths, WORLD, ALICE)
    told(paths, **facts)
    assert (lock.read(paths) is not None) == in_force


@pytest.mark.parametrize("content", ["", "{", '{"owner": "x"}', "[]"])
def test_torn_lock_was_never_held(paths: Paths, content: str) -> None:
    Path(paths.lock).write_text(content, encoding="utf-8")
    assert lock.read(paths) is None


def test_lock_is_released_by_its_own_run_alone(paths: Paths) -> None:
    lock.hold(paths, WORLD, ALICE)
    assert not lock.release(paths, WORLD, BOB)
    assert lock.release(paths, WORLD, ALICE)
    assert lock.read(paths) is None
    assert not lock.release(paths, WORLD, ALICE)


@pytest.mark.parametrize("take", [True, False])
def test_lock_is_seized_only_with_a_reason_that_the_ledger_keeps(paths: Paths, *, take: bool) -> None:
    lock.hold(paths, WORLD, ALICE)
    with pytest.raises(BadInput, match="--reason"):
        lock.seize(paths, WORLD, BOB, take=take)
    lock.seize(paths, WORLD, BOB._replace(reason="alice is dead"), take=take)
    found = lock.read(paths)
    assert (found.owner if found else None) == ("bob" if take else None)
    entry = ledger.entries(paths)[-1]
    assert entry["why"] == "alice is dead"
    assert entry["from"] == {"owner": "alice", "run_id": "run-a", "reason": "upgrade"}


def test_temporary_of_a_lock_that_was_cut_off_goes(paths: Paths) -> None:
    Path(f"{paths.lock}.new").write_bytes(b"{")
    with lock.exclusive(paths, WORLD, ALICE):
        assert not os.path.exists(f"{paths.lock}.new")


def test_state_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    made = Paths(str(tmp_path / "new"))
    with lock.exclusive(made, WORLD, ALICE):
        pass
    assert os.stat(made.base).st_mode & 0o777 == 0o700


def test_second_process_waits_its_time_names_the_first_and_enters_after_it(paths: Paths) -> None:
    environ = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, paths.base],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environ,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder.stdin, holder.stdout:
        assert holder.stdout.readline() == b"held\n"
        began = time.monotonic()
        refusal = f"being changed by carol, run run-c, pid {holder.pid}"
        with pytest.raises(HostLocked, match=refusal), lock.exclusive(paths, WORLD, BOB._replace(wait_s=0.5)):
            pytest.fail("went in")
        assert 0.5 <= time.monotonic() - began < 5
        holder.stdin.close()
        with lock.exclusive(paths, WORLD, BOB._replace(wait_s=30)):
            assert holder.wait(10) == 0


def test_flock_is_free_while_a_run_is_waited_for(paths: Paths) -> None:
    lock.hold(paths, WORLD, ALICE)
    with pytest.raises(HostLocked), lock.exclusive(paths, WORLD, BOB._replace(wait_s=0.3)):
        pytest.fail("went in")
    with lock.exclusive(paths, WORLD, ALICE):
        pass
