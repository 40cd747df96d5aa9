from __future__ import annotations

from pathlib import Path

from ansible_collections.groundcrew.fleet.plugins.module_utils._host import machine

CAPTURED = Path(__file__).parents[3] / "fixtures/machine"


def test_os_release_is_read_without_its_quotes() -> None:
    told = machine.parse_os_release((CAPTURED / "os-release.debian12").read_text())
    assert (told["ID"], told["VERSION_ID"], told["NAME"]) == ("debian", "12", "Debian GNU/Linux")


def test_os_release_may_have_comments_and_empty_lines() -> None:
    assert machine.parse_os_release("# hello\n\nID='x y'\n") == {"ID": "x y"}


def test_versions_are_told_for_all_names_that_were_asked() -> None:
    told = machine.parse_versions((CAPTURED / "dpkg-query.txt").read_text(), ["haproxy", "nope", "openssh-server"])
    assert told == {"haproxy": "2.6.12-1+deb12u4", "nope": None, "openssh-server": "1:9.2p1-2+deb12u10"}


def test_a_package_of_which_only_the_configuration_is_left_is_not_installed() -> None:
    assert machine.parse_versions("config-files\told\t1.0\n", ["old"]) == {"old": None}
