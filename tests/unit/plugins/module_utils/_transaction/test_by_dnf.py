"""What is asked of dnf and rpm, from what rpm printed; what they then do is tested in molecule/dnf."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.run import Completed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import by_dnf
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

INSTALLED = "tool\tx86_64\t1.0-1\t5\nlib\tnoarch\t0:1.0-1\t5\nlib\ti686\t1:1.0-1\t5\nkernel\tx86_64\t1-1\t5\nkernel\tx86_64\t2-1\t6\n"
HALF = INSTALLED + "tool\tx86_64\t1.1-1\t7\n"


class Listening(World):
    """Commands are heard, and end well."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        self.heard.append(" ".join(argv))
        return Completed(tuple(argv), 0, "", "", timeout_s)


@pytest.fixture
def rpm(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What rpm and dnf print: all packages, those that stand side by side, those that somebody has asked for."""
    told = {"-qa": INSTALLED, "--whatprovides": "kernel\nkernel\n", "--userinstalled": "tool x86_64\nlib i686\n"}

    def answer(argv: Sequence[str], **_options: Any) -> Completed:
        return Completed(tuple(argv), 0, next(text for word, text in told.items() if word in argv), "", 0.0)

    monkeypatch.setattr(by_dnf, "require", answer)
    monkeypatch.setattr(os, "uname", lambda: type("Uname", (), {"machine": "x86_64"}))
    return told


@pytest.mark.usefixtures("rpm")
def test_packages_have_the_names_of_the_reader_and_kernels_each_their_own() -> None:
    assert {name: version for name, (_state, version) in by_dnf.known().items()} == {
        "tool": "1.0-1",
        "lib": "1.0-1",
        "lib.i686": "1:1.0-1",
        "kernel-1-1": "1-1",
        "kernel-2-1": "2-1",
    }


@pytest.mark.usefixtures("rpm")
def test_what_nobody_asked_for_is_automatic() -> None:
    assert by_dnf.marks() == {"auto": ["kernel-1-1", "kernel-2-1", "lib"], "hold": []}


@pytest.mark.usefixtures("rpm")
def test_archives_are_installed_as_they_are_without_a_network_and_nothing_comes_along() -> None:
    world = Listening()
    by_dnf.install(world, ["/s/tool_1.1-1_x86_64.rpm"], config_files="keep", release_held=True, timeout_s=9)
    (heard,) = world.heard
    assert heard.endswith(" install /s/tool_1.1-1_x86_64.rpm")
    assert all(word in heard for word in ("--disablerepo=*", "install_weak_deps=False", "--noautoremove"))


@pytest.mark.usefixtures("rpm")
def test_what_goes_is_removed_as_far_as_it_is_still_there() -> None:
    world = Listening()
    words = ["/s/tool_1.1-1_x86_64.rpm", "kernel-2-1-", "gone-"]
    by_dnf.install(world, words, config_files="keep", release_held=True, timeout_s=9)
    assert "--allowerasing install" in world.heard[0]
    assert world.heard[1].endswith(" remove kernel-2-1")


def test_what_was_cut_off_between_two_versions_is_ended_by_rpm_and_kernels_are_not(rpm: dict[str, str]) -> None:
    rpm["-qa"] = HALF
    world = Listening()
    words = ["/s/tool_1.1-1_x86_64.rpm", "/s/kernel_3-1_x86_64.rpm"]
    by_dnf.install(world, words, config_files="keep", release_held=True, timeout_s=9)
    assert world.heard[0] == "rpm -U --quiet --replacepkgs --oldpackage /s/tool_1.1-1_x86_64.rpm"
    assert world.heard[1].endswith(" mark install tool")
    assert world.heard[2].endswith(" install /s/kernel_3-1_x86_64.rpm")
