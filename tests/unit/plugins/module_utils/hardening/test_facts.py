"""What is known of a host, from the words of its own tools."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.hardening import facts

# Settings of sshd, and whether ours are read among them.
INCLUDES = (
    ("Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n", True),
    ('# comment\n\nPort 22\n  include="/etc/ssh/sshd_config.d/*"\n', True),
    ("Include other.conf sshd_config.d/*.conf\n", True),
    ("#Include /etc/ssh/sshd_config.d/*.conf\n", False),
    ("Include /etc/ssh/sshd_config.d/50-*.conf\n", False),
    ("Match User git\nInclude /etc/ssh/sshd_config.d/*.conf\n", False),
    ("", False),
)
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


def test_a_line_that_names_another_source_of_people_is_nobody() -> None:
    assert facts.people("+::::::\n+@ops::::::\n-eve:x:1:1::/:/bin/sh\n+:x:::::\nbad:x:a:b::/:/bin/sh\n") == ()


@pytest.mark.parametrize(
    "told, home",
    [("/home/ann/", "/home/ann"), ("//home//ann", "/home/ann"), ("/", "/"), ("//", "/"), ("", ""), ("home/ann", "")],
)
def test_a_home_has_one_name_or_none(told: str, home: str) -> None:
    assert [one.home for one in facts.people(f"ann:x:1000:1000::{told}:/bin/sh\n")] == [home]


@pytest.mark.parametrize("text, expected", INCLUDES)
def test_whether_sshd_reads_our_file_for_everybody(text: str, expected: bool) -> None:
    assert facts.includes(text) is expected


def test_groups_of_an_account_are_those_that_the_host_itself_tells() -> None:
    assert "root" in facts.groups_of("root")
    assert facts.groups_of("no-such-account") == frozenset()


def test_members_are_those_listed_and_those_whose_primary_group_it_is() -> None:
    found = facts.members(GROUP, facts.people(PASSWD))
    assert found == {"root": {"root"}, "ann": {"ann"}, "sudo": {"ann", "bob"}}


def test_commands_that_others_may_write_are_found(tmp_path: Path) -> None:
    for name, mode in (("tight", 0o755), ("loose", 0o775), ("open", 0o777)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    (tmp_path / "link").symlink_to("open")
    assert facts.loose([str(tmp_path), "/not/there"]) == (f"{tmp_path}/loose", f"{tmp_path}/open")
