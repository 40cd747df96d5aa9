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


def test_keys_at_home_are_counted_without_comments(tmp_path: Path) -> None:
    assert logins.keys_at_home(str(tmp_path)) == 0
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/authorized_keys").write_text("# mine\n\nssh-ed25519 AAAA\n", encoding="utf-8")
    (tmp_path / ".ssh/authorized_keys2").write_text("ssh-ed25519 BBBB\n", encoding="utf-8")
    assert logins.keys_at_home(str(tmp_path)) == 2


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
