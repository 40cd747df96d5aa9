from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import stale

CAPTURED = Path(__file__).parents[3] / "fixtures/proc"


def test_a_library_that_was_replaced_is_found_in_the_maps() -> None:
    maps = (CAPTURED / "maps.stale").read_text().splitlines()
    assert stale.deleted_code(maps) == ("/usr/lib/crewdemo/libcrewdemo.so.1",)


@pytest.mark.parametrize(
    "line",
    [
        "7f00-7f01 r-xp 00000000 00:48 15 /usr/lib/libz.so.1",
        "7f00-7f01 r--p 00000000 00:48 15 /usr/lib/locale/C.utf8/LC_CTYPE (deleted)",
        "7f00-7f01 r-xp 00000000 00:01 15 /memfd:doublemapper (deleted)",
        "7f00-7f01 rw-s 00000000 00:01 15 /dev/shm/pg (deleted)",
        "7f00-7f01 r-xp 00000000 00:01 15 /tmp/jit-1 (deleted)",
    ],
)
def test_what_is_not_replaced_code_is_left_out(line: str) -> None:
    assert stale.deleted_code([line]) == ()


def test_code_that_is_there_is_found_by_the_name_that_packages_have_for_it() -> None:
    maps = [
        "7f00-7f01 r-xp 00000000 00:48 15 /lib/x86_64-linux-gnu/libc.so.6",
        "7f02-7f03 r-xp 00000000 00:48 16 /usr/lib/libz.so.1 (deleted)",
        "7f04-7f05 r--p 00000000 00:48 17 /usr/lib/locale/C.utf8/LC_CTYPE",
        "7f06-7f07 r-xp 00000000 00:48 18 /tmp/jit-1",
        "7f08-7f09 r-xp 00000000 00:00 0 ",
    ]
    assert stale.living_code(maps) == {"/usr/lib/x86_64-linux-gnu/libc.so.6"}


def test_units_that_run_a_packages_code_are_found_by_its_files() -> None:
    mapped = {
        "/usr/lib/libssl.so.3": frozenset({"nginx.service", "app.service"}),
        "/usr/sbin/nginx": frozenset({"nginx.service"}),
        "/usr/bin/dbus-daemon": frozenset({"dbus.service"}),
    }
    files = ["/.", "/lib", "/lib/libssl.so.3", "/usr/share/doc/libssl3"]
    assert stale.users(mapped, files) == {"nginx.service", "app.service"}
    assert stale.users(mapped, ["/bin/dbus-daemon", "/sbin/nginx"]) == {"dbus.service", "nginx.service"}
    assert stale.users(mapped, []) == frozenset()


def test_a_program_that_runs_is_found_with_its_unit(tmp_path: Path) -> None:
    program = tmp_path / "sleep"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "60"]) as process:
        deadline = time.monotonic() + 10
        while str(program) not in Path(f"/proc/{process.pid}/maps").read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        found = stale.scan((str(tmp_path),)).mapped
        unit = stale.unit_of(Path(f"/proc/{process.pid}/cgroup").read_text())
        process.kill()
    assert found == {str(program): frozenset({unit})}


@pytest.mark.parametrize(
    "cgroup, unit",
    [
        ("0::/system.slice/haproxy.service\n", "haproxy.service"),
        ("0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n", "postgresql@15-main.service"),
        ("0::/user.slice/user-0.slice/session-3.scope\n", "session-3.scope"),
        ("0::/user.slice/user-1.slice/user@1.service/app.slice/gpg-agent.service\n", "user@1.service"),
        ("0::/init.scope\n", "init.scope"),
        ("0::/machine.slice/libpod-ab.scope/system.slice/ssh.service\n", "ssh.service"),
        ("0::/\n", ""),
        ("3:cpu:/system.slice/a.service\n", ""),
    ],
)
def test_the_cgroup_names_the_unit(cgroup: str, unit: str) -> None:
    assert stale.unit_of(cgroup) == unit


def test_the_cgroup_of_a_container_with_hybrid_hierarchies_names_the_unit() -> None:
    assert stale.unit_of((CAPTURED / "cgroup.container").read_text()) == "crewdemo.service"


def test_a_program_that_was_replaced_while_it_runs_is_found(tmp_path: Path) -> None:
    program = tmp_path / "sleep"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "60"]) as process:
        # The kernel lets Popen return a moment before it has mapped the new program.
        deadline = time.monotonic() + 10
        while str(program) not in Path(f"/proc/{process.pid}/maps").read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        program.unlink()
        found = {one.pid: one.files for one in stale.scan((str(tmp_path),)).stale}
        process.kill()
    assert found[process.pid] == (str(program),)
