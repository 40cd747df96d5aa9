"""What converge.yml asked for is true on the servers, and what cannot be is refused."""

from __future__ import annotations

import json

from ansible_collections.groundcrew.fleet.molecule.shared.calls import play_on
from ansible_collections.groundcrew.fleet.tests.fleet import today
from testinfra.host import Host

testinfra_hosts = today.releases()

ASK = """
import socket
with socket.socket(socket.AF_UNIX) as haproxy:
    haproxy.connect('/run/haproxy/admin.sock')
    haproxy.sendall(b'show servers state shop\\n')
    print(haproxy.makefile().read())
"""
DRAINED = "8"


def test_the_drained_server_is_drained_in_haproxys_own_eyes(host: Host) -> None:
    rows = [line.split() for line in host.check_output("python3 -c %s", ASK).splitlines()]
    states = {row[3]: row[6] for row in rows if len(row) > 6 and row[1] == "shop"}
    assert states == {"app1": DRAINED, "app2": "0"}


def test_alertmanager_has_one_silence_with_the_run_in_its_comment(host: Host) -> None:
    url = "http://127.0.0.1:9093/api/v2/silences"
    found = json.loads(
        host.check_output(f"python3 -c \"import urllib.request as u; print(u.urlopen('{url}').read().decode())\"")
    )
    assert [(one["comment"], one["status"]["state"]) for one in found] == [("the scenario [run scenario]", "active")]


def test_packages_are_updated_and_keep_their_marks(host: Host) -> None:
    assert [host.package(name).version for name in ("crew-tool", "crew-library")] == ["1.1", "1.1"]
    assert "crew-library" in host.check_output("apt-mark showauto").split()


def test_what_mapped_the_replaced_library_was_restarted_and_runs_the_new_one(host: Host) -> None:
    for unit in ("app@1", "app@2"):
        assert host.service(unit).is_running, host.check_output(f"journalctl --no-pager -u {unit}")
        pid = host.check_output(f"systemctl show --property MainPID --value {unit}")
        mapped = [line for line in host.check_output(f"cat /proc/{pid}/maps").splitlines() if "libcrew" in line]
        assert mapped
        assert not any("(deleted)" in line for line in mapped)


def test_the_update_and_the_restarts_stand_in_the_ledger_with_their_run(host: Host) -> None:
    lines = [json.loads(line) for line in host.file("/var/lib/groundcrew/ledger.jsonl").content_string.splitlines()]
    names = [line["what"] for line in lines if line.get("run_id") == "scenario"]
    assert names[-2:] == ["update 2 packages", "restart 2 units that run replaced code"]


def test_what_cannot_be_is_refused_with_value_and_cure(host: Host) -> None:
    play_on(host, "refusals.yml")


def test_a_secret_header_does_not_reach_the_hosts_journal(host: Host) -> None:
    assert "planted-secret" not in host.check_output("journalctl --no-pager")


def test_a_drain_waits_for_a_request_on_its_way(host: Host) -> None:
    play_on(host, "drain.yml")
