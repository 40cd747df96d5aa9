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
        (steps.package("upgrade", {"a": "3"}), "install --only-upgrade a=3"),
        (steps.package("remove", {"a": ""}), "remove a"),
    ],
)
def test_package_step_names_exact_versions_and_keeps_conffiles(step: Step, asked: str) -> None:
    world = Listening()
    packages.apply(world, Entry(step, before={"installed": {}, "auto": []}))
    (heard,) = world.heard
    assert heard.endswith(f"--no-install-recommends {asked}")
    assert "--force-confold" in heard
    assert "DPkg::Lock::Timeout=120" in heard


def test_package_that_was_automatic_stays_so() -> None:
    world = Listening()
    before = {"installed": {"a": "1", "b:amd64": "1"}, "auto": ["a", "b", "z"]}
    packages.apply(world, Entry(steps.package("upgrade", {"a": "2", "b": "2", "c": "2"}), before=before))
    assert world.heard[1:] == ["apt-mark auto a b"]


@pytest.mark.parametrize(
    "now, way",
    [
        ({"a": ("i", "1")}, ([], [], [])),
        ({"a": ("i", "1"), "new": ("i", "1")}, (["new"], [], [])),
        ({"a": ("i", "1"), "new": ("F", "1")}, (["new"], [], [])),
        ({"a": ("i", "2")}, ([], [], ["a=1"])),
        ({"a": ("c", "1")}, ([], [], ["a=1"])),
        ({"a": ("i", "1"), "broken": ("F", "1")}, ([], [], [])),
        ({"a": ("i", "1"), "broken": ("i", "1")}, ([], [], [])),
        ({"a": ("i", "1"), "configured": ("i", "3")}, ([], ["configured"], [])),
        ({"a": ("i", "1"), "configured": ("c", "3")}, ([], [], [])),
    ],
)
def test_undo_of_packages_purges_only_what_dpkg_had_no_trace_of(
    now: dict[str, tuple[str, str]], way: tuple[list[str], list[str], list[str]]
) -> None:
    before = {"installed": {"a": "1"}, "others": {"broken": "F", "configured": "c"}}
    assert packages.way_back(before, now) == way


class Dpkg(Listening):
    """A host where dpkg has one package, and apt takes what it was asked for as manual."""

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        done = super().run(argv, timeout_s)
        return done._replace(out="asked\nlib\n") if list(argv) == ["apt-mark", "showmanual"] else done


def test_a_dependency_that_returns_is_automatic_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "require", lambda argv: Completed(tuple(argv), 0, "ii \tnew\t1\n", "", 0.0))
    world = Dpkg()
    before = {"installed": {"lib:amd64": "1", "asked": "1"}, "others": {}, "auto": ["lib", "elsewhere"]}
    assert packages.undo(world, Entry(steps.package("remove", {"asked": ""}), before=before)) is None
    assert world.heard[0] == "dpkg --force-confdef --force-confold --configure -a"
    assert world.heard[2].endswith("install --allow-downgrades asked=1 lib:amd64=1")
    assert world.heard[3:] == ["apt-mark showmanual", "apt-mark auto lib"]


@pytest.mark.parametrize("name, version", [("a", "1"), ("libz", "2"), ("libz:amd64", "2"), ("none", "")])
def test_version_is_found_by_name_with_and_without_architecture(name: str, version: str) -> None:
    assert packages.version_in({"a": "1", "libz:amd64": "2"}, name) == version


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
