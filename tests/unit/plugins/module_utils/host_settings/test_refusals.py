"""What cannot be is refused before the first change, with the value and the cure named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings import registry
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.area import Have

from .settings_host import after, host, params, planned, text_file, told


def limit(**others: str) -> dict[str, Any]:
    return {"limits": [{"domain": "a", "type": "soft", "item": "nofile", "value": "1", **others}]}


def timer(**others: Any) -> dict[str, Any]:
    return {"timers": [{"name": "a", "command": "/usr/bin/true", "on_calendar": "daily", **others}]}


def mount(**others: Any) -> dict[str, Any]:
    return {"mounts": [{"point": "/srv/a", "what": "tmpfs", "type": "tmpfs", **others}]}


def logrotate(**others: Any) -> dict[str, Any]:
    return {"logrotate": [{"name": "a", "paths": ["/a"], **others}]}


# Options, and what the refusal says: wrong on any host.
NEVER: list[tuple[Mapping[str, Any], str]] = [
    ({"hostname": "shop_1"}, "hostname 'shop_1' is no host name: use letters, digits and -"),
    ({"hostname": "-a"}, "hostname '-a' is no host name"),
    ({"hostname": "a." * 32 + "b"}, "is longer than the 64 characters that the kernel takes: shorten it"),
    ({"hosts": [{"address": "192.0.2.300", "names": ["a"]}]}, "address '192.0.2.300' in hosts is no IP address: write"),
    ({"hosts": [{"address": "192.0.2.3", "names": []}]}, "address 192.0.2.3 in hosts has no names: give it one"),
    ({"hosts": [{"address": "192.0.2.3", "names": ["a b"]}]}, "name of 192.0.2.3 in hosts 'a b' is no host name"),
    ({"timezone": "../../etc/passwd"}, "timezone '../../etc/passwd' is no name of a zone: write it like Europe/Berlin"),
    ({"locale": "deutsch"}, "locale 'deutsch' is no locale: write it like de_DE.UTF-8"),
    ({"locales": ["de_DE.UTF-8\n"]}, "is no locale: write it like de_DE.UTF-8"),
    ({"swap": [{"path": "swapfile", "size_mb": 1}]}, "swap file 'swapfile' is no plain full path: write it like"),
    ({"swap": [{"path": "/a/../b", "size_mb": 1}]}, "swap file '/a/../b' is no plain full path"),
    ({"swap": [{"path": "/a"}]}, "swap file /a needs a size: give size_mb of 1 or more"),
    ({"swap": [{"path": "/a", "size_mb": 1}] * 2}, "swap file /a is given twice: leave one of them out"),
    (
        {"journald": {"SystemMaxUs": "1G"}},
        "SystemMaxUs is none of journald.conf(5) that is taken here: give SystemMaxUse",
    ),
    ({"journald": {"SystemMaxUse": "much"}}, "journald setting SystemMaxUse is 'much': give a size such as 500M"),
    ({"journald": {"MaxRetentionSec": "long"}}, "MaxRetentionSec is 'long': give a time such as 30s or 1month"),
    ({"journald": {"Storage": "disk"}}, "Storage is 'disk': give volatile, persistent, auto or none"),
    ({"journald": {"MaxLevelStore": 9}}, "MaxLevelStore is '9': give a level such as warning"),
    ({"journald": {"LineMax": ["1K"]}}, "journald setting LineMax is ['1K']: give one line of text or a number"),
    (limit(domain="a b"), "limit's domain 'a b' is none: give a user, @group, * or a range"),
    (limit(item="nofiles"), "limit's item 'nofiles' is none of limits.conf(5): give one of core,"),
    (limit(value="many"), "limit a soft nofile is 'many': give a number or unlimited"),
    ({"limits": limit()["limits"] * 2}, "limit a soft nofile is given twice"),
    (logrotate(name="a.b"), "logrotate rule 'a.b' is no good file name: use lower case letters"),
    (logrotate(paths=[]), "logrotate rule a has no paths: give the logs that it is for"),
    (logrotate(paths=["a.log"]), "path 'a.log' of logrotate rule a cannot be: give a full path"),
    ({"logrotate": logrotate()["logrotate"] * 2}, "logrotate rule a is given twice"),
    (timer(name="a.b"), "timer 'a.b' is no good name of a unit: use lower case letters"),
    (timer(command=None), "timer a needs a command and on_calendar, such as daily: give both"),
    (timer(randomized_delay_s=-1), "randomized_delay_s -1 of timer a is before its time: give 0 or more"),
    (timer(command="/a\nUser=root"), "command of timer a is '/a\\nUser=root': give one line of text"),
    ({"timers": timer()["timers"] * 2}, "timer a is given twice"),
    ({"time_servers": ["ntp example"]}, "time server 'ntp example' is no host name or address: write it like"),
    ({"time_servers": ["a", "a"]}, "time server a is given twice"),
    (mount(point="srv"), "mount point 'srv' is no plain full path: write it like /srv/data"),
    (mount(point="/srv/"), "mount point '/srv/' is no plain full path"),
    (mount(point="/usr"), "mount point /usr is the system's own: change it in /etc/fstab"),
    (mount(what=None), "mount /srv/a needs what and type, such as /dev/vdb1 and ext4: give both"),
    (mount(options=["a\nb"]), "options of mount /srv/a is 'a\\nb': give one line of text"),
]


@pytest.mark.parametrize("options,why", NEVER, ids=[why for _options, why in NEVER])
def test_what_can_be_on_no_host_is_refused_without_a_look(options: Mapping[str, Any], why: str) -> None:
    with pytest.raises(BadInput) as caught:
        registry.parse(params(options))
    assert why in str(caught.value)


HOSTS = "/etc/hosts"
SWAPPED = after(planned({"swap": [{"path": "/swapfile", "size_mb": 64}]}, host()), host())
# The host, what is asked of it, and what the refusal says.
HERE: list[tuple[Have, Mapping[str, Any], str]] = [
    (
        host(seen={"zone": False, "zones": ("Europe/Berlin", "Asia/Tokyo")}),
        {"timezone": "Europe/Berlim"},
        "timezone Europe/Berlim is not known here: did you mean Europe/Berlin? See `timedatectl list-timezones`",
    ),
    (host(seen={"zone": False}), {"timezone": "Etc/UTC"}, "/usr/share/zoneinfo is missing: install the package tzdata"),
    (host(), {"locales": ["de_DE.UTF-9"]}, "is none that can be generated here: did you mean de_DE.UTF-8"),
    (host(), {"locale": "de_DE.UTF-8"}, "locale de_DE.UTF-8 is not generated on this host: add it to locales too"),
    (host(seen={"supported": ""}), {"locales": ["de_DE.UTF-8"]}, "install the package locales first"),
    (host(seen={"locale-gen": False}), {"locales": ["de_DE.UTF-8"]}, "need locale-gen: install the package locales"),
    (
        host(FileState("/etc/default/locale", files.LINK, target="../mine")),
        {"locale": "C.UTF-8"},
        "/etc/default/locale is a link to /etc/mine, which is not understood: let it be a file",
    ),
    (host(seen={"logrotate": False}), logrotate(), "logrotate rules a need logrotate: install the package logrotate"),
    (host(seen={"chrony": False}), {"time_servers": ["a", "b"]}, "time servers a, b need chrony: install the package"),
    (host(), timer(user="zoe"), "user zoe of timer a is none of this host: make the account first"),
    (
        host(text_file("/etc/fstab", "/dev/vdb1 /srv/a ext4 defaults 0 2\n")),
        mount(),
        "mount point /srv/a stands in /etc/fstab already: remove that line",
    ),
    (
        host(seen={"swap files": {"/swapfile": 8}}),
        {"swap": [{"path": "/swapfile", "size_mb": 8}]},
        "swap file /swapfile is there already and not ours: give another path",
    ),
    (SWAPPED, {"swap": [{"path": "/swapfile", "size_mb": 128}]}, "swap file /swapfile has 64 MiB, not 128: its size"),
    (
        host(text_file(HOSTS, "# BEGIN groundcrew.fleet\n192.0.2.1 a\n")),
        {"hosts": []},
        "/etc/hosts has a broken block of ours: see that '# BEGIN groundcrew.fleet' and",
    ),
    (
        host(FileState(HOSTS, files.LINK, target="elsewhere")),
        {"hosts": []},
        "/etc/hosts is to be edited, but a link stands there: put a plain file in its place first",
    ),
]


@pytest.mark.parametrize("have,options,why", HERE, ids=[why for _have, _options, why in HERE])
def test_what_cannot_be_on_this_host_is_refused(have: Have, options: Mapping[str, Any], why: str) -> None:
    with pytest.raises(BadInput) as caught:
        planned(options, have)
    assert why in str(caught.value)


# What is seen without the package, what the package brings, and what is asked for in the run that installs it.
INSTALLED_LATER = [
    ({"zone": False}, (), {"timezone": "Europe/Berlin"}),
    ({"supported": "", "locale-gen": False}, ("/etc/locale.gen",), {"locales": ["de_DE.UTF-8"]}),
    ({"logrotate": False}, ("/etc/logrotate.d",), logrotate()),
    ({"chrony": False}, ("/etc/chrony", "/etc/chrony/sources.d"), {"time_servers": ["a"]}),
    ({"users": frozenset()}, (), timer()),
]


@pytest.mark.parametrize("seen,brought,options", INSTALLED_LATER)
def test_a_rehearsal_foretells_the_run_whose_earlier_task_installs_what_is_needed(
    seen: Mapping[str, Any], brought: Sequence[str], options: Mapping[str, Any]
) -> None:
    bare = [FileState(path, files.ABSENT) for path in brought]
    with pytest.raises(BadInput):
        planned(options, host(*bare, seen=seen))
    assert told(planned(options, host(*bare, seen=seen, rehearsal=True))) == told(planned(options, host()))
