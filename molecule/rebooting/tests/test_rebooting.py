"""What roles/rebooting/README.md promises of a host with a leak."""

from __future__ import annotations

import json
from typing import Any

from testinfra.host import Host

testinfra_hosts = ["ssh://old", "ssh://new"]


def test_the_ledger_tells_why_and_how_long(ledger: Any) -> None:
    begun, ended = ledger()[:2]
    assert (begun["what"], begun["result"], ended["what"], ended["result"]) == ("reboot", "begun", "rebooted", "done")
    assert "the floor of used memory rises by" in begun["why"]
    assert ended["why"] == begun["why"]
    assert 0 < ended["days_up"] < 0.1


def test_a_slow_start_was_waited_for(host: Host, ledger: Any) -> None:
    assert ledger()[1]["away_s"] > 6
    for unit in ("slow", "leak", "prometheus"):
        assert host.service(unit).is_running


def test_the_evidence_names_the_leak_first_and_no_secret(host: Host, ledger: Any) -> None:
    file = host.file(ledger()[0]["evidence"])
    assert (file.mode, file.user) == (0o600, "root")
    found = json.loads(file.content_string)["evidence"]
    assert found["units"][0]["unit"] == "leak.service"
    assert (found["processes"][0]["unit"], found["processes"][0]["name"]) == ("leak.service", "python3")
    assert "planted-secret" not in file.content_string


def test_no_reboot_is_left_without_its_end(host: Host) -> None:
    assert not host.file("/var/lib/groundcrew/reboots/pending.json").exists
