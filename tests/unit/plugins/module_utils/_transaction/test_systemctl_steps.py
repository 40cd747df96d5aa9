"""What is asked of systemctl and apt, and how their refusals are told; what they then do is tested on real hosts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import CommandFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import checks
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.run import Completed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import (
    archives,
    by_apt,
    journal,
    packages,
    proof,
    steps,
    units,
)
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.journal import Entry, Journal
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import Paths, boot_id
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, Step
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World


class Listening(World):
    """A real disk; commands are heard and end with `rc`."""

    def __init__(self, rc: int = 0, err: str = "") -> None:
        self.heard: list[str] = []
        self._rc, self._err = rc, err

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        self.heard.append(" ".join(argv))
        return Completed(tuple(argv), self._rc, "", self._err, timeout_s)


@pytest.mark.parametrize(
    "step, asked",
    [
        (steps.unit("a.service", "start"), "systemctl start a.service"),
        (steps.unit("a.service", "reload"), "systemctl reload-or-restart a.service"),
        (steps.unit("", "daemon-reload"), "systemctl daemon-reload"),
    ],
)
def test_unit_step_is_one_systemctl(step: Step, asked: str) -> None:
    world = Listening()
    units.apply(world, step)
    assert world.heard == [asked]


def test_refusal_of_systemctl_is_told_in_its_own_words() -> None:
    with pytest.raises(CommandFailed, match=r"Unit a\.service is masked"):
        units.apply(Listening(1, "Unit a.service is masked."), steps.unit("a.service", "start"))


@pytest.mark.parametrize(
    "action, before, asked",
    [
        ("start", {"active": False}, ["systemctl stop a.service"]),
        ("restart", {"active": False}, ["systemctl stop a.service"]),
        ("start", {"active": True}, []),
        ("enable", {"enabled": False}, ["systemctl disable a.service"]),
        ("enable", {"enabled": True}, []),
        ("stop", {"active": True}, []),
    ],
)
def test_only_what_the_transaction_started_is_stopped(action: str, before: dict[str, bool], asked: list[str]) -> None:
    world = Listening()
    units.stop_started(world, [Entry(steps.unit("a.service", action), before=before)])
    assert world.heard == asked


@pytest.mark.parametrize(
    "step, asked",
    [
        (steps.package("install", {"b": "2", "a": ""}), "install --allow-downgrades a b=2"),
        (steps.package("remove", {"a": ""}), "remove a"),
    ],
)
def test_package_step_names_exact_versions_and_keeps_conffiles(step: Step, asked: str) -> None:
    world = Listening()
    packages.apply(world, Entry(step, before={"installed": {}, "auto": []}), "/none")
    (heard,) = world.heard
    assert heard.endswith(f" {asked}")
    assert "--no-install-recommends" in heard
    assert ("--force-confold" in heard) is (step.args["action"] == "install")
    assert "DPkg::Lock::Timeout=120" in heard


def test_package_that_was_automatic_stays_so() -> None:
    world = Listening()
    before = {"installed": {"a": "1", "b:amd64": "1"}, "auto": ["a", "b", "z"]}
    packages.apply(world, Entry(steps.package("install", {"a": "2", "b": "2", "c": "2"}), before=before), "/none")
    assert world.heard[1:] == ["apt-mark auto a b"]


def test_package_that_comes_along_is_automatic() -> None:
    world = Listening()
    step = steps.package("install", {"a": "2", "new": "1"}, archived=True, along=["new"])
    packages.apply(world, Entry(step, before={"installed": {"a": "1"}, "auto": []}), "/none")
    assert world.heard[1:] == ["apt-mark auto new"]


def test_what_is_in_the_store_is_installed_from_there_and_what_has_no_version_goes(tmp_path: Path) -> None:
    world = Listening()
    (tmp_path / "a_1%3a2_all.deb").touch()
    step = steps.package("install", {"a": "1:2", "b": "3", "c": ""}, archived=True)
    packages.apply(world, Entry(step, before={"installed": {}, "auto": []}), str(tmp_path))
    assert world.heard[0].endswith(f"install --allow-downgrades {tmp_path}/a_1%3a2_all.deb b=3 c-")


def test_the_policy_for_configuration_files_is_dpkgs_own() -> None:
    world = Listening()
    step = steps.package("install", {"a": "2"}, archived=True, config_files="take")
    packages.apply(world, Entry(step, before={"installed": {}, "auto": []}), "/none")
    assert "Dpkg::Options::=--force-confnew" in world.heard[0]


def test_before_anything_changes_the_old_archives_are_saved_beside_the_new_ones(tmp_path: Path) -> None:
    world = Listening()
    store = tmp_path / "archives"
    step = steps.package("install", {"a": "2", "new": "1", "gone": "", "old": "3"}, archived=True, lost=["old"])
    packages.stage(world, Entry(step, before={"installed": {"a": "1", "gone": "4", "old": "2"}}), str(store))
    fetched = [heard.split(" download ", 1)[1] for heard in world.heard if " download " in heard]
    assert fetched == ["a=2 new=1 old=3", "a=1 gone=4"]
    # What no repository has is packed anew; so is, in vain here, what could not be fetched.
    assert [heard.split()[-1] for heard in world.heard if "dpkg-repack" in heard] == ["a", "gone", "old"]


def test_what_a_change_needs_stays_in_the_store_and_what_is_old_or_too_much_goes(tmp_path: Path) -> None:
    held = {}
    for name, age_days, size in (("new.deb", 1, 5), ("old.deb", 31, 5), ("large.deb", 2, 8)):
        (tmp_path / name).write_bytes(b"0" * size)
        os.utime(tmp_path / name, (1e9 - age_days * 86400,) * 2)
        held[name] = (tmp_path / name).stat()
    assert set(archives.too_much(held, now_s=1e9, size=100)) == {"old.deb"}
    assert set(archives.too_much(held, now_s=1e9, size=12)) == {"old.deb", "large.deb"}


@pytest.mark.parametrize(
    "now, way",
    [
        ({"a": ("i", "1")}, ([], [], {})),
        ({"a": ("i", "1"), "new": ("i", "1")}, (["new"], [], {})),
        ({"a": ("i", "1"), "new": ("F", "1")}, (["new"], [], {})),
        ({"a": ("i", "2")}, ([], [], {"a": "1"})),
        ({"a": ("c", "1")}, ([], [], {"a": "1"})),
        ({"a": ("i", "1"), "broken": ("F", "1")}, ([], [], {})),
        ({"a": ("i", "1"), "broken": ("i", "1")}, ([], [], {})),
        ({"a": ("i", "1"), "configured": ("i", "3")}, ([], ["configured"], {})),
        ({"a": ("i", "1"), "configured": ("c", "3")}, ([], [], {})),
    ],
)
def test_undo_of_packages_purges_only_what_dpkg_had_no_trace_of(
    now: dict[str, tuple[str, str]], way: tuple[list[str], list[str], dict[str, str]]
) -> None:
    before = {"installed": {"a": "1"}, "others": {"broken": "F", "configured": "c"}}
    assert packages.way_back(before, now) == way


class Dpkg(Listening):
    """What dpkg tells before an installation is heard, and after it."""

    def __init__(self, before: str, after: str) -> None:
        super().__init__()
        self._told = (before, after)

    def require(self, argv: Sequence[str]) -> Completed:
        installed = any(" install " in heard for heard in self.heard)
        answers = {"dpkg-query": self._told[installed], "showauto": "", "showhold": "freed\n"}
        return Completed(tuple(argv), 0, next(text for word, text in answers.items() if word in argv), "", 0.0)


BEFORE = {
    "installed": {"lib:amd64": "1", "asked": "1", "freed": "1"},
    "others": {},
    "auto": ["lib", "elsewhere"],
    "hold": ["asked"],
}
THERE = "ii \tlib:amd64\t1\nhi \tasked\t1\nii \tfreed\t1\n"


def test_what_returns_has_its_marks_and_holds_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Dpkg("ii \tnew\t1\n", THERE)
    monkeypatch.setattr(by_apt, "require", world.require)
    assert packages.undo(world, Entry(steps.package("remove", {"asked": ""}), before=BEFORE), "/none") is None
    assert world.heard[0] == "dpkg --force-confdef --force-confold --configure -a"
    # Alone, what goes would drag along what needs it now, configuration and data too.
    assert world.heard[1].endswith("--allow-downgrades --allow-change-held-packages asked=1 freed=1 lib:amd64=1 new-")
    assert world.heard[2] == "dpkg --force-remove-reinstreq --purge new"
    assert world.heard[3:] == ["apt-mark auto lib", "apt-mark hold asked", "apt-mark unhold freed"]


@pytest.mark.parametrize("state", ["iHR", "iH ", "iFR", "iUR"])
def test_what_was_stopped_at_unpacking_is_installed_anew(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    world = Dpkg(THERE.replace("ii \tfreed", f"{state}\tfreed"), THERE)
    monkeypatch.setattr(by_apt, "require", world.require)
    assert packages.undo(world, Entry(steps.package("install", {"freed": "2"}), before=BEFORE), "/none") is None
    assert world.heard[1].endswith(" --reinstall install --allow-downgrades --allow-change-held-packages freed=1")


def test_what_was_stopped_at_its_first_unpacking_goes_before_apt_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    half = THERE.replace("ii \tfreed\t1", "iU \tfreed\t2") + "iHR\tnew\t1\n"
    world = Dpkg(half, THERE)
    monkeypatch.setattr(by_apt, "require", world.require)
    assert (
        packages.undo(world, Entry(steps.package("install", {"freed": "2", "new": "1"}), before=BEFORE), "/none")
        is None
    )
    assert world.heard[1] == "dpkg --force-remove-reinstreq --purge new"
    assert world.heard[2].endswith(" freed=1")


def test_what_did_not_return_although_apt_says_so_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    half = THERE.replace("ii \tfreed", "iHR\tfreed")
    world = Dpkg(half, half)
    monkeypatch.setattr(by_apt, "require", world.require)
    told = packages.undo(world, Entry(steps.package("install", {"freed": "2"}), before=BEFORE), "/none")
    assert told
    assert "could not return to their former version: freed=1 (" in told


def test_what_an_interrupted_run_has_brought_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Dpkg(THERE.replace("ii \tfreed\t1", "iU \tfreed\t2"), THERE)
    monkeypatch.setattr(by_apt, "require", world.require)
    step = steps.package("install", {"lib:amd64": "1", "freed": "2", "gone": ""}, archived=True)
    packages.apply(world, Entry(step, before=BEFORE), "/none")
    assert world.heard[0].endswith(" --allow-downgrades freed=2 gone-")


@pytest.mark.parametrize("name, version", [("a", "1"), ("libz", "2"), ("libz:amd64", "2"), ("none", "")])
def test_version_is_found_by_name_with_and_without_architecture(name: str, version: str) -> None:
    assert packages.version_in({"a": "1", "libz:amd64": "2"}, name) == version


def test_of_versions_side_by_side_it_is_that_of_the_one_that_came_last() -> None:
    installed = {"kernel-1-1": "1-1", "tool": "3", "kernel-2-1": "2-1"}
    assert packages.version_in(installed, "kernel") == "2-1"
    assert packages.version_in({**installed, "kernel": "0"}, "kernel") == "0"


class Stubborn(Listening):
    """One unit does not start."""

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        done = super().run(argv, timeout_s)
        return done._replace(rc=1, err="it failed") if list(argv) == ["systemctl", "restart", "bad.service"] else done


def test_unit_that_does_not_run_again_is_told_and_keeps_no_other_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "wait_for", lambda *_a, **_k: checks.Report(True, [], 0.0))
    world = Stubborn()
    entries = [Entry(steps.unit(f"{name}.service", "restart"), before={"active": True}) for name in ("bad", "good")]
    assert units.run_again(world, entries) == [
        "bad.service does not run again: systemctl restart bad.service ended with 1: it failed"
    ]
    assert world.heard[-1] == "systemctl restart good.service"


def waiting(paths: Paths, world: World) -> Journal:
    made = Journal(f"{paths.journal}/t1", {"owner": "a", "reason": "", "run_id": "", "attempt": 1}, Plan("risky"), ())
    journal.open_new(paths, world, made)
    Path(paths.systemd, "timers.target.wants").mkdir()
    return made


def test_arming_starts_a_timer_that_survives_a_reboot(paths: Paths) -> None:
    world = Listening()
    made = waiting(paths, world)
    proof.arm(paths, world, made, within_s=90)
    text = Path(paths.systemd, proof.TIMER).read_text("utf-8")
    assert "OnActiveSec=90s" in text
    assert "WantedBy=timers.target" in text
    assert world.heard == ["systemctl daemon-reload", f"systemctl enable --now {proof.TIMER}"]
    (awaited,) = made.marked("unproven")
    assert (awaited["boot"], awaited["within_s"]) == (boot_id(), 90)


def test_time_for_the_proof_begins_anew_when_the_change_is_whole(paths: Paths) -> None:
    world = Listening()
    made = waiting(paths, world)
    proof.arm(paths, world, made, within_s=90)
    first = made.marked("unproven")[-1]["ends"]
    proof.renew(world, made, within_s=90)
    assert world.heard[2:] == [f"systemctl restart {proof.TIMER}", f"systemctl stop {proof.SERVICE}"]
    assert made.marked("unproven")[-1]["ends"] > first


def test_arming_that_fails_says_so(paths: Paths) -> None:
    world = Listening(1, "no systemd")
    with pytest.raises(CommandFailed, match=r"the undo timer could not be armed: .*no systemd"):
        proof.arm(paths, world, waiting(paths, world), within_s=90)


def test_disarming_removes_the_timer_and_is_nothing_without_one(paths: Paths) -> None:
    world = Listening()
    proof.disarm(paths, world)
    assert world.heard == []
    Path(paths.systemd, proof.TIMER).touch()
    proof.disarm(paths, world)
    assert world.heard[0] == f"systemctl disable --now {proof.TIMER}"
    assert not os.path.exists(f"{paths.systemd}/{proof.TIMER}")


@pytest.mark.parametrize(
    "action, masked, asked",
    [("mask", False, "unmask"), ("unmask", True, "mask"), ("mask", True, ""), ("unmask", False, "")],
)
def test_undo_of_a_mask_brings_back_what_was(action: str, masked: bool, asked: str) -> None:
    world = Listening()
    units.stop_started(world, [Entry(steps.unit("a.service", action), before={"masked": masked})])
    assert world.heard == ([f"systemctl {asked} a.service"] if asked else [])
