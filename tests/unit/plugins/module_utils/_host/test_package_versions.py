from __future__ import annotations

from ansible_collections.groundcrew.fleet.plugins.module_utils._host import package_versions

DPKG = "vim\tvim:amd64\tii \t2:9.0\nzsh\tzsh:amd64\trc \t5.9\n"
RPM = "kernel\tkernel.x86_64\tii \t1-1\nkernel\tkernel.x86_64\tii \t2-1\npackage none is not installed\n"


def test_what_dpkg_has_is_known_by_name_with_and_without_architecture() -> None:
    there = package_versions.in_rows(DPKG)
    assert {("vim", "2:9.0"), ("vim:amd64", "2:9.0")} <= there


def test_a_library_of_another_architecture_is_not_taken_for_the_hosts_own() -> None:
    there = package_versions.in_rows("libz1\tlibz1:i386\tii \t1.2\n", {"i386"})
    assert there == {("libz1:i386", "1.2")}


def test_what_left_only_its_configuration_is_not_installed() -> None:
    assert not any(name == "zsh" for name, _version in package_versions.in_rows(DPKG))


def test_of_packages_side_by_side_each_is_known_by_its_version_too() -> None:
    there = package_versions.in_rows(RPM)
    assert {("kernel", "1-1"), ("kernel", "2-1"), ("kernel-2-1", "2-1")} <= there
    assert not any("none" in name for name, _version in there)


def test_of_many_only_the_first_are_told() -> None:
    assert package_versions.few(["a", "b"]) == "a, b"
    assert package_versions.few([str(number) for number in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
