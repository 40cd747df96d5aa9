"""What dpkg and apt print, read as what is installed, interrupted, automatic, foretold and locked."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import HostLocked
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import apt_get, dpkg
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.apt_get import Change, Record
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.dpkg import Known

TOLD = (
    "dpkg\tamd64\tii \t1.21.22\t6620\tyes\t\n"
    "crew-tool\tall\thi \t1.0\t300\tno\t\n"
    "libc6\tamd64\tii \t2.36-9\t12990\t\t\n"
    "libc6\ti386\tii \t2.36-9\t12500\t\t\n"
    "systemd-sysv\tamd64\tii \t252\t60\tno\tyes\n"
    "crew-slow\tall\tiF \t1.0\t300\tno\t\n"
    "crew-plugin\tall\trc \t1.0\t300\tno\t\n"
    "nano\tamd64\tun \t\t\t\t\n"
)
SIMULATED = """\
Reading package lists...
The following packages will be REMOVED:
  crew-lib crew-tool
Remv crew-tool [1.0]
Remv crew-lib [1.0]
Inst exim4-base (4.96-15+deb12u10 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64])
Inst curl [7.88.1-10+deb12u1] (7.88.1-10+deb12u14 Debian:12.15/oldstable [amd64]) []
Inst libc6:i386 [2.36-9] (2.36-9+deb12u13 Debian:12.15/oldstable [i386])
Conf exim4-base (4.96-15+deb12u10 Debian:12.15/oldstable [amd64])
"""
SHOWN = """\
Package: curl
Version: 7.88.1-10+deb12u14
Installed-Size: 502
Pre-Depends: dpkg:any (>= 1.15)
Depends: libc6 (>= 2.34), libssl3:amd64 | libssl1.1
Size: 315892

Package: exim4-base
Version: 4.96-15+deb12u9
Installed-Size: 1
Size: 1

Package: exim4-base
Version: 4.96-15+deb12u10
Size: 1119296

Package: systemd-timesyncd
Status: install ok installed
Installed-Size: 251
Version: 252.38-1~deb12u1
Provides: time-daemon (= 1)
Depends: systemd
Conflicts: ntp (<< 1:4.2), time-daemon
"""


def test_packages_are_known_by_name_and_foreign_ones_by_architecture_too() -> None:
    found = dpkg.parse(TOLD)
    assert found["crew-tool"] == Known("1.0", "i", "h", 300)
    assert found["libc6:i386"].version == "2.36-9"
    assert [name for name, one in found.items() if one.vital] == ["dpkg", "systemd-sysv"]
    assert [name for name, one in found.items() if not one.is_there] == ["crew-plugin"]
    assert "nano" not in found


def test_half_configured_packages_and_dpkgs_own_journal_tell_of_an_interruption(tmp_path: Path) -> None:
    found = dpkg.parse(TOLD)
    assert dpkg.interrupted(found, str(tmp_path)) == ("crew-slow",)
    found.pop("crew-slow")
    assert dpkg.interrupted(found, str(tmp_path)) == ()
    (tmp_path / "updates").mkdir()
    (tmp_path / "updates/0000").touch()
    assert dpkg.interrupted(found, str(tmp_path)) == (f"{tmp_path}/updates",)


def test_what_has_to_be_installed_anew_is_half_installed_whatever_else_dpkg_calls_it() -> None:
    rows = [f"{name}\tall\t{status}\t1.0\t300\tno\t\n" for name, status in (("a", "iHR"), ("b", "iFR"), ("c", "iF "))]
    assert dpkg.half_installed(dpkg.parse("".join(rows))) == {"a": "1.0", "b": "1.0"}


def test_automatic_marks_are_read_by_the_names_of_dpkg(tmp_path: Path) -> None:
    marks = tmp_path / "extended_states"
    marks.write_text(
        "Package: libc6\nArchitecture: i386\nAuto-Installed: 1\n\n"
        "Package: crew-tool\nArchitecture: amd64\nAuto-Installed: 1\n\n"
        "Package: dpkg\nArchitecture: amd64\nAuto-Installed: 0\n"
    )
    assert dpkg.automatic(dpkg.parse(TOLD), str(marks)) == {"libc6:i386", "crew-tool"}


def test_what_apt_foretells_is_read_with_versions() -> None:
    assert list(apt_get.changes(SIMULATED)) == [
        Change("crew-tool", "1.0", ""),
        Change("crew-lib", "1.0", ""),
        Change("exim4-base", "", "4.96-15+deb12u10"),
        Change("curl", "7.88.1-10+deb12u1", "7.88.1-10+deb12u14"),
        Change("libc6:i386", "2.36-9", "2.36-9+deb12u13"),
    ]


def test_records_are_those_of_the_version_that_comes_or_goes() -> None:
    found = apt_get.records_in(
        SHOWN, [*apt_get.changes(SIMULATED), Change("systemd-timesyncd", "252.38-1~deb12u1", "")]
    )
    time_daemon = frozenset({"time-daemon"})
    assert found == {
        "curl": Record(315892, 502 * 1024, needs=frozenset({"libc6", "libssl3", "libssl1.1", "dpkg"})),
        "exim4-base": Record(1119296, 0),
        "systemd-timesyncd": Record(0, 251 * 1024, time_daemon, time_daemon | {"ntp"}, frozenset({"systemd"})),
    }


def test_the_holder_of_a_lock_is_named_with_its_command(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    hold = "import fcntl,sys; f=open(sys.argv[1],'r+b'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert dpkg.holder(str(lock)) == process.pid
        with pytest.raises(HostLocked, match=rf"process {process.pid} \(.*import fcntl.* has the lock {lock}"):
            dpkg.wait_for_lock(0, [str(lock)])
        process.communicate()
    assert dpkg.holder(str(lock)) is None
    assert dpkg.wait_for_lock(0, [str(lock), str(tmp_path / "none")]) is False


def test_waiting_ends_when_the_lock_is_free() -> None:
    answers = [7, 7, None]
    assert dpkg.wait_for_lock(60, ["a"], lambda _path: answers.pop(0), pause_s=0) is True


def test_the_script_of_a_package_that_lost_its_dpkg_is_named(tmp_path: Path) -> None:
    script = tmp_path / "var/lib/dpkg/info/crew-slow.postinst"
    script.parent.mkdir(parents=True)
    script.write_text("read line\n")
    with subprocess.Popen(["sh", script], stdin=subprocess.PIPE) as process:
        deadline = time.monotonic() + 10
        while process.pid not in dpkg.orphans() and time.monotonic() < deadline:
            time.sleep(0.01)
        told = dict(dpkg.busy([str(tmp_path / "none")]))
        # Whoever has the lock is at work himself, with scripts of his own.
        locked = dpkg.busy(["/a"], lambda _path: 4242)
        process.communicate()
    assert told[process.pid] == "is the script of a package, left alone by its dpkg"
    assert locked == ((4242, "has the lock /a"),)


def database(tmp_path: Path, *stanzas: str) -> str:
    """A database of dpkg's with these packages."""
    (tmp_path / "updates").mkdir(parents=True)
    (tmp_path / "info").mkdir()
    (tmp_path / "info/format").write_text("1\n")
    (tmp_path / "status").write_text("\n".join(stanzas))
    return str(tmp_path)


def stanza(name: str, *conffiles: str, more: str = "Architecture: all\n") -> str:
    about = f"Package: {name}\nStatus: install ok installed\n{more}Version: 1\nMaintainer: a\nDescription: a\n"
    return about + ("Conffiles:\n" + "".join(f" {line}\n" for line in conffiles) if conffiles else "")


def test_a_configuration_file_is_edited_when_it_is_there_and_not_as_it_was_shipped(tmp_path: Path) -> None:
    shipped = hashlib.md5(b"shipped\n").hexdigest()
    for name, content in (("same", b"shipped\n"), ("edited", b"edited\n"), ("old", b"edited\n"), ("other", b"mine\n")):
        (tmp_path / name).write_bytes(content)
    admin = database(
        tmp_path / "dpkg",
        stanza(
            "crew-tool",
            f"{tmp_path}/same {shipped}",
            f"{tmp_path}/edited {shipped}",
            f"{tmp_path}/gone {shipped}",
            f"{tmp_path}/old {shipped} obsolete",
        ),
        stanza("crew-other", f"{tmp_path}/other {shipped}"),
        stanza("crew-none"),
        stanza("libcrew", f"{tmp_path}/edited {shipped}", more="Architecture: amd64\nMulti-Arch: same\n"),
    )
    assert dpkg.edited(["crew-tool", "crew-none"], admin) == {"crew-tool": (f"{tmp_path}/edited",)}
    assert dpkg.edited(["crew-tool", "crew-other"], admin).keys() == {"crew-tool", "crew-other"}
    assert dpkg.edited(["libcrew"], admin) == {"libcrew": (f"{tmp_path}/edited",)}
    assert dpkg.edited([], admin) == {}


def test_files_of_a_package_are_found_with_and_without_its_architecture(tmp_path: Path) -> None:
    admin = Path(database(tmp_path))
    (admin / "info/crew-tool.list").write_text("/.\n/usr/share/crew\n")
    (admin / "info/libc6:amd64.list").write_text("/.\n/lib/libc.so.6\n")
    (admin / "info/libc6:i386.list").write_text("/.\n/lib32/libc.so.6\n")
    assert dpkg.files_of("crew-tool", "amd64", str(admin)) == ("/.", "/usr/share/crew")
    assert dpkg.files_of("libc6", "amd64", str(admin)) == ("/.", "/lib/libc.so.6")
    assert dpkg.files_of("libc6:i386", "i386", str(admin)) == ("/.", "/lib32/libc.so.6")
    assert dpkg.files_of("none", "amd64", str(admin)) == ()


@pytest.mark.parametrize(
    "content, others", [(None, set()), ("amd64\n", set()), ("amd64\ni386\narmhf\n", {"i386", "armhf"})]
)
def test_architectures_beside_the_hosts_own_are_what_dpkg_lists_after_it(
    tmp_path: Path, content: str | None, others: set[str]
) -> None:
    if content is not None:
        (tmp_path / "arch").write_text(content)
    assert dpkg.foreign(str(tmp_path)) == others


@pytest.mark.parametrize("name, own", [("libz1:amd64", "libz1"), ("libz1:i386", "libz1:i386"), ("vim", "vim")])
def test_apt_leaves_out_the_hosts_own_architecture(name: str, own: str) -> None:
    assert dpkg.own_name(name, {"i386"}) == own
