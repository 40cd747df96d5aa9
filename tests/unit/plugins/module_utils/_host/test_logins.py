"""What decides who can log in is read as the tools of the distribution read it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import HostLocked
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import logins

HOLD = "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"


def test_ranges_of_numbers_are_those_of_login_defs(tmp_path: Path) -> None:
    defs = tmp_path / "login.defs"
    defs.write_text("# UID_MIN 5\nUID_MIN\t\t 2000\nUID_MAX 2999\n#GID_MIN 7\n", encoding="utf-8")
    settings = logins.login_defs(str(defs))
    assert logins.span(settings, "UID", system=False) == (2000, 2999)
    assert logins.span(settings, "GID", system=False) == (1000, 60000)
    assert logins.span(settings, "GID", system=True) == (101, 999)


def test_shells_that_let_nobody_in_do_not_count(tmp_path: Path) -> None:
    shells = tmp_path / "shells"
    shells.write_text("# shells\n/bin/sh\n/usr/sbin/nologin\n/bin/false\n/bin/bash\n", encoding="utf-8")
    assert logins.shells(str(shells)) == {"/bin/sh", "/bin/bash"}


def test_keys_are_counted_in_the_files_that_the_server_reads_and_nowhere_else(tmp_path: Path) -> None:
    usual = (".ssh/authorized_keys", ".ssh/authorized_keys2")
    assert logins.keys_of("bob", "1000", str(tmp_path), usual) == 0
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/authorized_keys").write_text("# ssh-rsa AAAA mine\n\nssh-ed25519 AAAA\n", encoding="utf-8")
    (tmp_path / ".ssh/authorized_keys2").write_text("ssh-ed25519 BBBB\n", encoding="utf-8")
    (tmp_path / "bob-1000%").write_text("ssh-ed25519 CCCC\nssh-ed25519 DDDD\n", encoding="utf-8")
    assert logins.keys_of("bob", "1000", str(tmp_path), usual) == 2
    assert logins.keys_of("bob", "1000", str(tmp_path), [f'"{tmp_path}/%u-%U%%"']) == 2
    assert logins.keys_of("bob", "1000", str(tmp_path), ["%h/.ssh/authorized_keys2"]) == 1
    assert logins.keys_of("bob", "1000", str(tmp_path), ()) == 0


@pytest.mark.parametrize(
    "line, opens",
    [
        ("ssh-ed25519 AAAA", True),
        ("sk-ssh-ed25519@openssh.com AAAA a comment", True),
        ("ecdsa-sha2-nistp256 AAAA\u2028ssh-rsa BBBB", True),
        ('from="192.0.2.0/24",no-pty ssh-rsa AAAA', True),
        ('environment="A=command=x y" ssh-rsa AAAA', True),
        # What cloud-init writes for root.
        (
            'no-port-forwarding,command="echo \'Please login as the user \\"debian\\".\';echo;exit 142" ssh-rsa AAAA',
            False,
        ),
        ('Command="true" ssh-rsa AAAA', False),
        ("#ssh-ed25519 AAAA", False),
        ("# ssh-ed25519 AAAA", False),
        ("ssh-ed25519", False),
        ("not a key", False),
        ("", False),
    ],
)
def test_a_line_is_a_key_when_it_opens_a_shell(line: str, opens: bool) -> None:
    assert logins.keys_in(line) == int(opens)


WITHOUT = "# AuthorizedKeysFile commented\nPort 22\n"
OWN = "AuthorizedKeysFile .ssh/own\n"
OURS = "AuthorizedKeysFile ours\n"


@pytest.mark.parametrize(
    "config, others, where, value",
    [
        ("Include {d}/*.conf\n" + OWN, {}, "d/10-ours.conf", "ours"),
        (OWN + "Include {d}/*.conf\n", {}, "config", ".ssh/own"),
        (OWN, {}, "config", ".ssh/own"),
        (WITHOUT, {}, "", ""),
        (WITHOUT + "Include {d}/*.conf\n", {"05-own.conf": OWN}, "d/05-own.conf", ".ssh/own"),
        ("include = {d}/*.conf\n", {"05-other.conf": WITHOUT, "50-own.conf": OWN}, "d/10-ours.conf", "ours"),
        ("Include {d}/*.conf\n", {"05-own.conf": f"Match User bob\n{OWN}"}, "d/10-ours.conf", "ours"),
        ("Include {d}/*.conf\n", {"05-own.conf": f"Match User bob\nMatch all\n{OWN}"}, "d/05-own.conf", ".ssh/own"),
        ("Match User bob\nInclude {d}/*.conf\n", {}, "", ""),
        ('Include {d}/none "{d}/[0-9]*.conf"\n', {"a.conf": OWN}, "d/10-ours.conf", "ours"),
        ("Include {d}/*.conf\n", {"05-own.conf": "authorizedkeysfile=none\r\n"}, "d/05-own.conf", "none"),
        ("Include config\nInclude {c}\nInclude {d}/*.conf\n", {}, "d/10-ours.conf", "ours"),
    ],
)
def test_the_server_takes_the_first_setting_that_it_reads(
    tmp_path: Path, config: str, others: dict[str, str], where: str, value: str
) -> None:
    folder, main = tmp_path / "d", tmp_path / "config"
    folder.mkdir()
    main.write_text(config.format(d=folder, c=main), encoding="utf-8")
    for name, text in others.items():
        (folder / name).write_text(text, encoding="utf-8")
    texts = {f"{folder}/10-ours.conf": OURS}
    found = logins.sshd_first("AuthorizedKeysFile", texts, str(main))
    assert found == (f"{tmp_path}/{where}" if where else "", value)


def test_people_and_groups_are_found_in_whatever_source_the_host_has() -> None:
    assert logins.entry("passwd", 0) == logins.entry("passwd", "root") == "root"
    assert logins.entry("group", 0) == logins.entry("group", "root") == "root"
    assert logins.entry("passwd", "nobody-of-that-name") == ""
    assert logins.entry("group", 2**32 - 3) == ""


def test_sudo_reads_no_file_with_a_dot_or_a_tilde_in_its_name(tmp_path: Path) -> None:
    for name in ("crew", "crew.bak", "crew~"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    assert logins.sudoers([f"{tmp_path}/*"]) == {f"{tmp_path}/crew": "crew"}


def test_databases_that_another_tool_holds_are_waited_for_and_then_refused(tmp_path: Path) -> None:
    lock = tmp_path / ".pwd.lock"
    lock.touch()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(HostLocked, match="passwd, useradd or the like"):
            logins.hold_databases(0.2, str(lock))
        holder.stdin.close()
        logins.hold_databases(10, str(lock)).close()


def test_processes_of_who_leaves_are_waited_for_and_those_of_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [{1000: [812], 1001: [9]}, {1000: [813], 1001: [9]}, {1001: [9]}, {}]
    monkeypatch.setattr(logins, "_processes", lambda: looks.pop(0))
    assert logins.processes([1000], wait_s=60) == {1001: [9]}
    assert looks == [{}]


def test_processes_that_stay_are_told_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_processes", lambda: {1000: [812]})
    assert logins.processes([1000], wait_s=0.01) == {1000: [812]}
    assert logins.processes() == {1000: [812]}
