from __future__ import annotations

from pathlib import Path

from ansible_collections.groundcrew.fleet.plugins.module_utils._host import net

CAPTURED = Path(__file__).parents[3] / "fixtures/machine"


def test_each_global_address_is_told_with_its_interface() -> None:
    told = net.parse_addresses((CAPTURED / "ip-address.json").read_text())
    assert told == [{"interface": "eth0", "family": "inet", "address": "10.89.88.2", "prefix": 24}]


def test_a_host_without_addresses_has_none() -> None:
    assert net.parse_addresses("") == []
