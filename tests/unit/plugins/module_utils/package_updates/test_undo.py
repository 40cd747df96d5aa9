"""The way back of a run: what returns, what cannot, and why it is refused before anything is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import journal, lock, steps
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.journal import Entry, Journal
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import undo
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.history import Run
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.undo import Back
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.package_updates.updates_host import (
    Table,
    steps_of,
    want,
)

BEFORE = {"libssl3": "1.0", "libnew": "", "libold": "3.0", "same": "5.0"}
AFTER = {"libssl3": "1.1", "libnew": "1.0", "libold": "", "same": "5.0"}
BEFORE_THERE = {name: version for name, version in BEFORE.items() if version}
RUN = Run(BEFORE, AFTER, {}, ("t2", "t1"))
NOW = {"libssl3": "1.1", "libnew": "1.0", "same": "5.0", "vim": "9.0"}
WANT = want(state="undone", undo="run")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A host on which the run `run` has changed packages and taken a configuration file new."""
    found = Paths(str(tmp_path / "state"))
    lock.make_base(found, World())
    old = FileState(str(tmp_path / "a.conf"), "file", uid=7, gid=8, mode=0o640)
    kept = Entry(steps.preserve(str(tmp_path / "a.conf")), old, copy="old/0")
    step = Entry(steps.package("install", AFTER, archived=True), before={"installed": BEFORE_THERE, "auto": []})
    opened = Journal(f"{found.undo}/t1", {"run_id": "run"}, Plan("update", (kept.step, step.step)), (kept, step))
    journal.open_new(found, World(), opened)
    Path(found.undo, "t1/old/0").write_bytes(b"edited\n")
    (tmp_path / "a.conf").write_bytes(b"new\n")
    return found


def store(paths: Paths, *names: str) -> None:
    Path(paths.archives).mkdir()
    for name in names:
        Path(paths.archives, name).touch()


def test_everything_that_the_run_moved_returns_to_where_it_was() -> None:
    found = undo.judge(RUN, NOW)
    assert (found.versions, found.strange) == ({"libssl3": "1.0", "libnew": "", "libold": "3.0"}, {})


def test_what_is_back_already_is_left() -> None:
    found = undo.judge(RUN, {**NOW, "libssl3": "1.0", "libold": "3.0"})
    assert (found.versions, found.strange) == ({"libnew": ""}, {})


def test_a_run_that_took_itself_back_leaves_nothing_to_do() -> None:
    assert undo.judge(Run(BEFORE, BEFORE, {}, ("t1", "t2")), NOW).versions == {}


def test_what_somebody_has_changed_since_is_strange() -> None:
    found = undo.judge(RUN, {**NOW, "libssl3": "1.2", "libold": "4.0"})
    assert found.strange == {"libssl3": "1.2", "libold": "4.0"}


def test_a_package_that_went_since_and_was_not_there_before_is_as_it_was() -> None:
    there = {name: version for name, version in NOW.items() if name != "libnew"}
    assert "libnew" not in undo.judge(RUN, there).versions


def test_all_returns_in_one_transaction_and_new_ones_leave_no_configuration() -> None:
    found = undo.plan(WANT, undo.judge(RUN, NOW))
    assert steps_of(found) == [("package install", "libnew libold libssl3"), ("argv", "dpkg")]
    assert found.steps[0].args["packages"] == {"libssl3": "1.0", "libnew": "", "libold": "3.0"}
    assert found.steps[0].args["archived"] is True
    assert found.steps[1].args["argv"] == ["dpkg", "--purge", "libnew"]
    assert found.steps[1].recovery == "finish"
    assert found.checks[0].spec["versions"] == {"libssl3": "1.0", "libnew": "", "libold": "3.0"}
    assert found.summary["undone"] == ["t1", "t2"]
    assert found.name == "return 3 packages of run"


def test_what_had_left_its_configuration_goes_without_it() -> None:
    found = undo.plan(WANT, undo.judge(RUN._replace(left=frozenset({"libnew"})), NOW))
    assert steps_of(found) == [("package install", "libnew libold libssl3")]


def test_what_had_left_its_configuration_is_known_by_the_runs_survey(paths: Paths) -> None:
    others = {"libnew": "c", "libold": "H"}
    step = Entry(steps.package("install", AFTER, archived=True), before={"installed": BEFORE_THERE, "others": others})
    opened = Journal(f"{paths.undo}/t0", {"run_id": "run"}, Plan("update", (step.step,)), (step,))
    journal.open_new(paths, World(), opened)
    assert undo.read(WANT, Table(NOW, {"libold": ["3.0"], "libssl3": ["1.0"]}), paths).run.left == {"libnew"}


@pytest.mark.parametrize("unknown_ok", [True, False])
def test_no_name_is_the_name_of_no_run(paths: Paths, *, unknown_ok: bool) -> None:
    nameless = want(state="undone", undo="", undo_unknown_ok=unknown_ok)
    with pytest.raises(BadInput, match="undo: it is empty"):
        undo.read(nameless, Table(NOW), paths)


def test_what_is_on_hold_since_is_told_beforehand(paths: Paths) -> None:
    manager = Table(NOW, {"libold": ["3.0"], "libssl3": ["1.0"]}, on_hold=("libssl3", "vim"))
    found = undo.read(WANT, manager, paths)
    assert found.held == ["libssl3"]


def test_without_a_new_package_nothing_is_purged() -> None:
    assert steps_of(undo.plan(WANT, undo.judge(RUN, {**NOW, "libnew": ""}))) == [("package install", "libold libssl3")]


def test_nothing_to_return_is_an_empty_plan_that_names_the_transactions() -> None:
    found = undo.plan(WANT, Back(RUN, NOW))
    assert (found.steps, found.summary["undone"]) == ((), ["t1", "t2"])


def test_a_configuration_file_that_was_taken_new_comes_back_after_the_packages_as_it_was() -> None:
    old = FileState("/etc/a.conf", "file", uid=7, gid=8, mode=0o640)
    found = undo.plan(WANT, undo.judge(RUN, NOW)._replace(contents={"/etc/a.conf": (old, b"edited\n")}))
    assert steps_of(found)[-1] == ("write", "/etc/a.conf")
    args = found.steps[-1].args
    assert (args["content"], args["owner"], args["group"], args["mode"]) == (b"edited\n", "7", "8", 0o640)


@pytest.mark.parametrize(
    "back,told",
    [
        (
            undo.judge(RUN, {**NOW, "libssl3": "1.2", "libold": "4.0"}),
            r"somebody has changed packages since: libssl3 is 1\.2, run left 1\.1; libold is 4\.0, run left none\. Nothing was",
        ),
        (
            undo.judge(RUN, {"libnew": "1.0"}),
            r"libssl3 is not installed, run left 1\.1",
        ),
        (
            undo.judge(RUN, NOW)._replace(cannot={"libssl3": "it is nowhere"}),
            r"run cannot be undone: libssl3 1\.0: it is nowhere\. Nothing was changed: add a repository",
        ),
        (
            undo.judge(RUN, NOW)._replace(held=("libssl3",)),
            r"run cannot be undone: libssl3 is on hold since\. Nothing was changed: run `apt-mark unhold libssl3`",
        ),
        (
            undo.judge(RUN, NOW)._replace(drawn=("vim to not installed",)),
            r"the way back of run would bring vim to not installed too\. Nothing was changed",
        ),
    ],
)
def test_a_way_back_that_does_not_lead_all_the_way_is_refused(back: Back, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        undo.plan(WANT, back)


def test_archives_of_the_store_are_asked_for_first_and_then_versions(paths: Paths) -> None:
    store(paths, "libssl3_1.0_amd64.deb")
    manager = Table(NOW, {"libold": ["3.0"]})
    found = undo.read(WANT, manager, paths)
    assert (found.cannot, found.drawn) == ({}, [])
    assert manager.rehearsed == ("libold=3.0", f"{paths.archives}/libssl3_1.0_amd64.deb", "libnew-")


def test_what_neither_the_store_nor_a_repository_has_cannot_return(paths: Paths) -> None:
    store(paths, "libssl3_1.0.1_amd64.deb")
    manager = Table(NOW, {"libold": ["3.0"]})
    assert undo.read(WANT, manager, paths).cannot == {"libssl3": undo.GONE}
    assert manager.rehearsed == ()


def test_what_the_way_back_would_bring_beside_is_named(paths: Paths) -> None:
    manager = Table(NOW, {"libold": ["3.0"], "libssl3": ["1.0"]}, drawn={"vim": "", "nano": "7.2"})
    assert undo.read(WANT, manager, paths).drawn == ["vim to not installed", "nano to 7.2"]


def test_a_configuration_file_is_given_back_only_where_it_is_another_one_now(paths: Paths, tmp_path: Path) -> None:
    manager = Table(NOW, {"libold": ["3.0"], "libssl3": ["1.0"]})
    path = str(tmp_path / "a.conf")
    found = undo.read(WANT, manager, paths)
    old, content = found.contents[path]
    assert (old.mode, content, found.copies) == (0o640, b"edited\n", ())
    Path(path).write_bytes(b"edited\n")
    assert undo.read(WANT, manager, paths).contents == {}


def test_on_a_host_that_is_back_already_nobody_asks_the_manager(paths: Paths) -> None:
    manager = Table(BEFORE_THERE)
    assert undo.read(WANT, manager, paths).versions == {}
    assert manager.rehearsed == ()


def test_a_run_that_is_not_known_here_is_refused(paths: Paths) -> None:
    with pytest.raises(BadInput, match="no update of run 'nur' is kept on this host"):
        undo.read(want(state="undone", undo="nur", run_id="other"), Table(NOW), paths)


@pytest.mark.parametrize("options", [{"run_id": "nur"}, {"undo_unknown_ok": True}])
def test_a_run_that_takes_itself_back_or_goes_over_a_fleet_may_be_unknown_here(
    paths: Paths, options: dict[str, Any]
) -> None:
    assert undo.read(want(state="undone", undo="nur", **options), Table(NOW), paths).versions == {}


def test_what_the_manager_laid_beside_a_file_goes_when_it_is_the_one_that_comes_back(
    paths: Paths, tmp_path: Path
) -> None:
    manager = Table(NOW, {"libold": ["3.0"], "libssl3": ["1.0"]})
    (tmp_path / "a.conf.dpkg-old").write_bytes(b"edited\n")
    (tmp_path / "a.conf.rpmsave").write_bytes(b"something else\n")
    found = undo.read(WANT, manager, paths)
    assert found.copies == (f"{tmp_path}/a.conf.dpkg-old",)
    assert steps_of(undo.plan(WANT, found))[-2:] == [
        ("write", f"{tmp_path}/a.conf"),
        ("remove", f"{tmp_path}/a.conf.dpkg-old"),
    ]


def test_of_versions_side_by_side_the_one_that_came_goes_and_the_other_stays_where_it_is() -> None:
    run = Run({"kernel": "1"}, {"kernel": "2"}, {}, ("t1",))
    manager = Table({"kernel": "2"}, {}, side_by_side={"kernel": ("1", "2")})
    (name, version) = undo._going("kernel", "1", run, manager)
    assert (name, version) == ("kernel-2", "")
    assert undo._going("vim", "1", run, manager) == ("vim", "1")
