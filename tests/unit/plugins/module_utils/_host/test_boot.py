from __future__ import annotations

from ansible_collections.groundcrew.fleet.plugins.module_utils._host import boot
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.boot import Inhibitor

# As Debian 12 told them.
STAT = "1 (systemd (x) y) S 0 1 1 0 -1 4194560 8298 459255 28 193 31 19 764 199 20 0 1 0 1289251 20586496 2899 1844674"
INHIBITORS = """{"type":"a(ssssuu)","data":[[["sleep","NetworkManager","it turns off networks","delay",0,521],\
["shutdown","Unattended Upgrades Shutdown","it stops an upgrade","delay",0,600],\
["shutdown:sleep","APT","apt is running","block",0,77]]]}"""
UNITS = """Id=shop.service
ActiveState=active
UnitFileState=enabled

Id=dbus.service
ActiveState=active
UnitFileState=static

Id=gone.service
ActiveState=failed
UnitFileState=enabled

Id=old.service
ActiveState=reloading
UnitFileState=generated

Id=once.service
ActiveState=active
UnitFileState=enabled-runtime
"""


def test_the_start_of_a_process_is_found_behind_any_name() -> None:
    assert boot.parse_start(STAT) == 1289251


def test_only_inhibitors_of_a_shutdown_count() -> None:
    assert boot.parse_inhibitors(INHIBITORS) == (
        Inhibitor("Unattended Upgrades Shutdown", "it stops an upgrade", "delay"),
        Inhibitor("APT", "apt is running", "block"),
    )


def test_what_is_active_and_lastingly_enabled_has_to_come_back() -> None:
    assert boot.parse_units(UNITS) == ("old.service", "shop.service")
