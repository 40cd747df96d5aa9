"""What the tests share: the scenario's playbooks, and a host's ledger."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.molecule.shared.calls import INVENTORIES, SCENARIO
from testinfra.host import Host


@pytest.fixture
def command() -> Any:
    """The command that plays one of the scenario's playbooks on one host."""
    return lambda name, host: ["ansible-playbook", *INVENTORIES, "--limit", host, f"{SCENARIO}/{name}"]


@pytest.fixture
def ledger(host: Host) -> Any:
    """Reads the ledger's lines of reboots, oldest first."""

    def read() -> list[dict[str, Any]]:
        lines = host.check_output("cat /var/lib/groundcrew/ledger.jsonl").splitlines()
        return [line for line in map(json.loads, lines) if line["what"] in ("reboot", "rebooted")]

    return read
