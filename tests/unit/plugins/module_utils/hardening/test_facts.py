"""What is known of a host, from the words of its own tools."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening import facts

PASSWD = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000:Ann,,,:/home/ann:/bin/sh\nnot a line\n"
GROUP = "root:x:0:\nann:x:1000:\nsudo:x:27:ann,bob\nbroken\n"


@pytest.mark.parametrize(
    "said, version",
    [
        ("OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.15 3 Sep 2024", (9, 2)),
        ("OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1 1 Jul 2025", (10, 0)),
        ("ssh: command not found", (0, 0)),
    ],
)
def test_version_of_openssh(said: str, version: tuple[int, int]) -> None:
    assert facts.openssh(said) == version


def test_people_and_groups_are_read_and_broken_lines_are_not() -> None:
    found = facts.people(PASSWD)
    assert [(one.name, one.uid, one.home) for one in found] == [("root", 0, "/root"), ("ann", 1000, "/home/ann")]
    assert facts.groups(GROUP) == {"root": 0, "ann": 1000, "sudo": 27}


def test_members_are_those_listed_and_those_whose_primary_group_it_is() -> None:
    found = facts.members(GROUP, facts.people(PASSWD))
    assert found == {"root": {"root"}, "ann": {"ann"}, "sudo": {"ann", "bob"}}


def test_commands_that_others_may_write_are_found(tmp_path: Path) -> None:
    for name, mode in (("tight", 0o755), ("loose", 0o775), ("open", 0o777)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    (tmp_path / "link").symlink_to("open")
    assert facts.loose([str(tmp_path), "/not/there"]) == (f"{tmp_path}/loose", f"{tmp_path}/open")
