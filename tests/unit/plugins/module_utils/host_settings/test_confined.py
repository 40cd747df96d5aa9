"""What a container, or a host that is set up otherwise, cannot do or already does."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.unit_files import escape

from .settings_host import after, asked, host, planned, told

SWAP = {"swap": [{"path": "/swapfile", "size_mb": 64}]}
MOUNT = {"mounts": [{"point": "/srv/a", "what": "tmpfs", "type": "tmpfs"}]}
LOCALTIME = "/etc/localtime"

LEFT_OUT = [
    (SWAP, {"container": True}, "swap /swapfile", "a container has the machine's swap"),
    (MOUNT, {"may administer": False}, "mount /srv/a", "this process may not mount, as in a container"),
    ({"timezone": "Europe/Berlin"}, {"mounts": {LOCALTIME, "/etc/timezone"}}, LOCALTIME, "it is a mount of its own"),
]


@pytest.mark.parametrize("options,seen,what,why", LEFT_OUT, ids=[what for _options, _seen, what, _why in LEFT_OUT])
def test_what_a_container_cannot_do_is_left_out_with_its_reason(
    options: dict[str, object], seen: dict[str, object], what: str, why: str
) -> None:
    (plan,) = planned(options, host(seen=seen))
    assert plan.steps == ()
    assert why in plan.summary["left_out"][what]


@pytest.mark.parametrize("options,seen", [(SWAP, {"container": True}), (MOUNT, {"may administer": False})])
def test_what_was_made_before_the_host_became_a_container_is_remembered(
    options: dict[str, object], seen: dict[str, object]
) -> None:
    have = after(planned(options, host()), host())
    now = have._replace(seen={**have.seen, **seen})
    assert planned(options, now)[0].steps == ()


def test_chrony_is_left_stopped_where_the_clock_is_the_machine_s() -> None:
    have = host(seen={"may set the clock": False})._replace(units={"chrony.service": UnitState("chrony.service")})
    plans = planned({"time_servers": ["ntp.example.com"]}, have)
    assert told(plans) == [("write", "/etc/chrony/sources.d/groundcrew.sources")]
    assert "chrony does not run here" in plans[0].summary["left_out"]["chrony.service"]


def test_a_swap_file_goes_only_when_it_is_in_use_no_more() -> None:
    have = after(planned(SWAP, host()), host())
    first, last = planned({"swap": []}, have)
    assert told([first]) == [
        ("disable", "swapfile.swap"),
        ("stop", "swapfile.swap"),
        ("remove", "/etc/systemd/system/swapfile.swap"),
        ("daemon-reload", ""),
    ]
    assert told([last]) == [("run", "rm", "-f", "--", "/swapfile")]
    # Cut off between the two, the next call still knows whose file it is.
    between = after([first], have)
    assert told(planned({"swap": []}, between)) == [("run", "rm", "-f", "--", "/swapfile")]


def test_a_zone_that_is_reached_by_another_way_is_left_as_it_is() -> None:
    have = host(FileState(LOCALTIME, files.LINK, target="../usr/share/zoneinfo/Europe/Berlin"))
    assert told(planned({"timezone": "Europe/Berlin"}, have)) == [("write", "/etc/timezone")]


def test_etc_timezone_is_not_made_where_the_release_has_none() -> None:
    have = host(FileState("/etc/timezone", files.ABSENT))
    assert told(planned({"timezone": "Europe/Berlin"}, have)) == [("link", LOCALTIME)]


@pytest.mark.parametrize("kind,options", [("nfs4", []), ("fuse.sshfs", ["_netdev"])])
def test_a_remote_file_system_waits_for_the_network(kind: str, options: list[str]) -> None:
    mount = {"point": "/srv/a", "what": "files.example.com:/a", "type": kind, "options": options}
    have = after(planned({"mounts": [mount]}, host()), host())
    assert "WantedBy=remote-fs.target" in have.text("/etc/systemd/system/srv-a.mount")


def test_percent_signs_of_a_mount_are_meant_as_they_are() -> None:
    mount = {"point": "/srv/a", "what": "/dev/disk/by-label/50%", "type": "ext4"}
    have = after(planned({"mounts": [mount]}, host()), host())
    assert "What=/dev/disk/by-label/50%%\n" in have.text("/etc/systemd/system/srv-a.mount")


# As `systemd-escape --path` prints them.
ESCAPED = [
    ("/srv", "srv"),
    ("/srv/a-b", r"srv-a\x2db"),
    ("/srv/.hidden", "srv-.hidden"),
    ("/.hidden", r"\x2ehidden"),
    ("/srv/ä b", r"srv-\xc3\xa4\x20b"),
    ("/srv/a:b_c.d", "srv-a:b_c.d"),
    ("/", "-"),
]


@pytest.mark.parametrize("path,name", ESCAPED)
def test_a_unit_is_named_after_its_path_as_systemd_does(path: str, name: str) -> None:
    assert escape(path) == name


def test_only_what_changes_is_asked_of_the_host_s_tools() -> None:
    timers = [
        {"name": name, "command": "/usr/bin/true", "on_calendar": when} for name, when in (("a", "1:00"), ("b", "2:00"))
    ]
    have = after(planned({"timers": timers[:1]}, host()), host())
    calendar, verify = asked({"timers": timers}, have)
    assert calendar == ("systemd-analyze", "calendar", "2:00")
    assert verify[-2:] == ("{tree}/groundcrew-b.service", "{tree}/groundcrew-b.timer")
    assert asked({"timers": timers[:1]}, have) == []
    assert asked({"logrotate": [{"name": "a", "paths": ["/a"]}]}, have) == [("logrotate", "-d", "{tree}/rule")]
