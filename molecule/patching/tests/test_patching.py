"""What roles/patching/README.md promises, after converge.yml."""

from __future__ import annotations

import json

from testinfra.host import Host

testinfra_hosts = ["ssh://old", "ssh://new"]


def test_the_host_has_what_was_asked_for_and_nothing_else(host: Host) -> None:
    assert [host.package(name).version for name in ("crew-tool", "crew-library")] == ["1.1", "1.1"]
    assert "crew-library" in host.check_output("apt-mark showauto").split()


def test_the_service_was_restarted_and_runs_the_new_library(host: Host) -> None:
    assert host.service("crew@libcrew.so.1").is_running
    pid = host.check_output("systemctl show --property MainPID --value crew@libcrew.so.1")
    mapped = [line for line in host.check_output(f"cat /proc/{pid}/maps").splitlines() if "libcrew" in line]
    assert mapped
    assert not any("(deleted)" in line for line in mapped)


def test_the_update_and_the_restart_stand_in_the_ledger(host: Host) -> None:
    lines = [json.loads(line) for line in host.file("/var/lib/groundcrew/ledger.jsonl").content_string.splitlines()]
    told = [line["what"] for line in lines]
    begun = told.index("update 2 packages")
    assert told[begun + 1] == "restart 1 units that run replaced code"
    assert lines[begun]["changes"][0]["from"] == {"crew-library": "1.0", "crew-tool": "1.0"}


def test_archives_of_both_ways_are_in_the_store_for_root_alone(host: Host) -> None:
    store = host.file("/var/lib/groundcrew/archives")
    assert (store.mode, store.user) == (0o700, "root")
    names = {name.removesuffix("_all.deb") for name in store.listdir()}
    assert {"crew-library_1.0", "crew-library_1.1", "crew-tool_1.0", "crew-tool_1.1"} <= names
