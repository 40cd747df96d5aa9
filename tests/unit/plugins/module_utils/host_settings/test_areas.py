"""What holds for every area: its steps, nothing the second time, and the way back to what was there before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.area import HEADER, Have
from ansible_collections.groundcrew.fleet.plugins.module_utils.host_settings.registry import AREAS

from .settings_host import MANIFEST, TEXTS, after, host, planned, standing_on, steps_of, told

UNITS = "/etc/systemd/system"


class Case(NamedTuple):
    """What is asked for, the steps in words, the files that they leave, and how to take all of it back."""

    area: str
    options: Mapping[str, Any]
    steps: list[tuple[str, ...]]
    texts: Mapping[str, str]
    nothing: Mapping[str, Any]


CASES = [
    Case(
        "names",
        {"hostname": "shop1.example.com", "hosts": [{"address": "192.0.2.10", "names": ["database", "db"]}]},
        [("write", "/etc/hosts"), ("write", "/etc/hostname"), ("run", "hostname", "shop1.example.com")],
        {
            "/etc/hostname": "shop1.example.com\n",
            "/etc/hosts": TEXTS["/etc/hosts"] + "\n# BEGIN groundcrew.fleet\n192.0.2.10\tdatabase db\n"
            "127.0.1.1\tshop1.example.com shop1\n# END groundcrew.fleet\n",
        },
        {"hostname": "", "hosts": []},
    ),
    Case(
        "timezone",
        {"timezone": "Europe/Berlin"},
        [("link", "/etc/localtime"), ("write", "/etc/timezone")],
        {"/etc/localtime": "-> /usr/share/zoneinfo/Europe/Berlin", "/etc/timezone": "Europe/Berlin\n"},
        {"timezone": ""},
    ),
    Case(
        "locale",
        {"locale": "de_DE.UTF-8", "locales": ["de_DE.UTF-8", "fr_FR.UTF-8"]},
        [("run", "true"), ("write", "/etc/locale.gen"), ("write", "/etc/default/locale"), ("run", "locale-gen")],
        {
            "/etc/locale.gen": TEXTS["/etc/locale.gen"].replace("# de_DE", "de_DE"),
            "/etc/default/locale": TEXTS["/etc/default/locale"] + "LANG=de_DE.UTF-8\n",
        },
        {"locale": "", "locales": []},
    ),
    Case(
        "limits",
        {"limits": [{"domain": "@crew", "type": "-", "item": "nofile", "value": "65536"}]},
        [("write", "/etc/security/limits.d/groundcrew.conf")],
        {"/etc/security/limits.d/groundcrew.conf": HEADER + "@crew - nofile 65536\n"},
        {"limits": []},
    ),
    Case(
        "journald",
        {"journald": {"SystemMaxUse": "50M", "Compress": True, "RateLimitBurst": 5000}},
        [
            ("directory", "/etc/systemd/journald.conf.d"),
            ("write", "/etc/systemd/journald.conf.d/90-groundcrew.conf"),
            ("restart", "systemd-journald.service"),
        ],
        {
            "/etc/systemd/journald.conf.d/90-groundcrew.conf": HEADER
            + "[Journal]\nSystemMaxUse=50M\nCompress=yes\nRateLimitBurst=5000\n"
        },
        {"journald": {}},
    ),
    Case(
        "logrotate",
        {"logrotate": [{"name": "shop", "paths": ["/var/log/a b", "/var/log/c/*"], "options": ["weekly", "rotate 4"]}]},
        [("write", "/etc/logrotate.d/groundcrew-shop")],
        {"/etc/logrotate.d/groundcrew-shop": HEADER + '"/var/log/a b" "/var/log/c/*" {\n    weekly\n    rotate 4\n}\n'},
        {"logrotate": []},
    ),
    Case(
        "time_servers",
        {"time_servers": ["ntp.example.com", "2001:db8::1"]},
        [("write", "/etc/chrony/sources.d/groundcrew.sources"), ("restart", "chrony.service")],
        {
            "/etc/chrony/sources.d/groundcrew.sources": HEADER
            + "server ntp.example.com iburst\nserver 2001:db8::1 iburst\n"
        },
        {"time_servers": []},
    ),
    Case(
        "swap",
        {"swap": [{"path": "/swapfile", "size_mb": 64}]},
        [
            ("write", "/swapfile"),
            ("write", f"{UNITS}/swapfile.swap"),
            ("daemon-reload", ""),
            ("run", "fallocate", "-l", "64MiB", "/swapfile"),
            ("run", "mkswap", "/swapfile"),
            ("enable", "swapfile.swap"),
            ("start", "swapfile.swap"),
        ],
        {
            f"{UNITS}/swapfile.swap": f"{HEADER}[Unit]\nDescription=/swapfile (groundcrew.fleet)\n\n"
            "[Swap]\nWhat=/swapfile\n\n[Install]\nWantedBy=swap.target\n"
        },
        {"swap": []},
    ),
    Case(
        "mounts",
        {"mounts": [{"point": "/srv/shop-data", "what": "/dev/vdb1", "type": "ext4", "options": ["noatime", "nodev"]}]},
        [
            ("write", rf"{UNITS}/srv-shop\x2ddata.mount"),
            ("daemon-reload", ""),
            ("enable", r"srv-shop\x2ddata.mount"),
            ("start", r"srv-shop\x2ddata.mount"),
        ],
        {
            rf"{UNITS}/srv-shop\x2ddata.mount": f"{HEADER}[Unit]\nDescription=/srv/shop-data (groundcrew.fleet)\n\n"
            "[Mount]\nWhat=/dev/vdb1\nWhere=/srv/shop-data\nType=ext4\nOptions=noatime,nodev\n\n"
            "[Install]\nWantedBy=local-fs.target\n"
        },
        {"mounts": []},
    ),
    Case(
        "timers",
        {"timers": [{"name": "tidy", "command": "/usr/bin/true", "on_calendar": "daily", "randomized_delay_s": 60}]},
        [
            ("write", f"{UNITS}/groundcrew-tidy.service"),
            ("write", f"{UNITS}/groundcrew-tidy.timer"),
            ("daemon-reload", ""),
            ("enable", "groundcrew-tidy.timer"),
            ("start", "groundcrew-tidy.timer"),
        ],
        {
            f"{UNITS}/groundcrew-tidy.timer": f"{HEADER}[Unit]\nDescription=When tidy runs (groundcrew.fleet)\n\n"
            "[Timer]\nOnCalendar=daily\n"
            "# systemd's own minute would let it be late by more than it is asked to.\nAccuracySec=1s\n"
            "RandomizedDelaySec=60s\nPersistent=yes\n\n[Install]\nWantedBy=timers.target\n"
        },
        {"timers": []},
    ),
]
WHOLE = {name: one for case in CASES for name, one in case.options.items()}
NOTHING = {name: one for case in CASES for name, one in case.nothing.items()}
every_area = pytest.mark.parametrize("case", CASES, ids=[case.area for case in CASES])


def text(have: Have, path: str) -> str:
    state = have.files[path]
    return f"-> {state.target}" if state.kind == files.LINK else have.text(path)


def standing(have: Have) -> dict[str, FileState]:
    return {path: state for path, state in have.files.items() if state.exists}


def test_every_area_has_its_case() -> None:
    assert [case.area for case in CASES] == [area.name for area in AREAS]


@every_area
def test_an_area_takes_these_steps_and_leaves_these_files(case: Case) -> None:
    plans = planned(case.options, host())
    assert told(plans) == case.steps
    have = after(plans, host())
    assert {path: text(have, path) for path in case.texts} == case.texts
    assert plans[0].summary == {"areas": [case.area], "left_out": {}, "kept": []}


@every_area
def test_a_second_call_has_nothing_to_do(case: Case) -> None:
    have = after(planned(case.options, host()), host())
    again = planned(case.options, have)
    assert [one.steps for one in again] == [()]
    assert again[0].summary["areas"] == []


@every_area
def test_what_is_not_asked_for_is_not_touched(case: Case) -> None:
    have = after(planned(WHOLE, host()), host())
    others = {name: one for name, one in NOTHING.items() if name not in case.options}
    gone = after(planned(others, have), have)
    assert {path: text(gone, path) for path in case.texts} == {path: text(have, path) for path in case.texts}
    assert [one.steps for one in planned(case.options, gone)] == [()]


@every_area
def test_an_empty_list_takes_all_of_it_back(case: Case) -> None:
    before = host()
    have = after(planned(case.options, before), before)
    back = after(planned(case.nothing, have), have)
    assert standing(back) == standing(before)
    assert (back.managed, back.seen) == (Managed(), before.seen)
    running = {name for name, state in back.units.items() if state.is_active or state.is_enabled}
    assert running <= {"chrony.service", "systemd-journald.service"}


@every_area
def test_an_empty_list_on_a_bare_host_does_nothing(case: Case) -> None:
    assert [one.steps for one in planned(case.nothing, host())] == [()]


@every_area
def test_a_rehearsal_tells_the_same_steps(case: Case) -> None:
    assert planned(case.options, host(rehearsal=True)) == planned(case.options, host())


def test_all_areas_but_those_that_can_cut_access_are_one_transaction_of_stops_files_reload_starts_and_memory() -> None:
    have = after(planned(CASES[-1].options, host()), host())
    plan, _access = planned({**WHOLE, "timers": []}, have)
    kinds = [step.args.get("action", step.kind) for step in plan.steps]
    reload = kinds.index("daemon-reload")
    assert kinds[:2] == ["disable", "stop"]
    assert set(kinds[2:reload]) <= {"write", "link", "directory", "remove", "argv"}
    assert set(kinds[reload + 1 : -1]) <= {"argv", "enable", "start", "restart"}
    assert plan.steps[-1].target == MANIFEST


def test_limits_and_mounts_come_last_and_need_a_proof() -> None:
    safe, access = planned(WHOLE, host(), proof_within_s=60)
    assert (safe.proof_within_s, access.proof_within_s) == (0, 60)
    assert {step.target for step in access.steps if step.kind == "write"} == {
        "/etc/security/limits.d/groundcrew.conf",
        f"{UNITS}/srv-shop\\x2ddata.mount",
        MANIFEST,
    }
    have = after([safe, access], host())
    assert [one.steps for one in planned(WHOLE, have)] == [()]
    without = after(planned({"limits": [], "mounts": []}, have), have)
    assert set(have.managed.facts) - set(without.managed.facts) == {"limits", "mounts"}


@pytest.mark.parametrize("case", [case for case in CASES if case.area in ("limits", "journald", "logrotate", "mounts")])
def test_a_file_that_somebody_edited_is_kept_and_named_unless_forced(case: Case) -> None:
    have = after(planned(case.options, host()), host())
    path = list(case.texts)[-1]
    state = have.files[path]
    edited = standing_on(have, state._replace(content=b"mine"))
    plans = planned(case.nothing, edited)
    assert plans[0].summary["kept"] == [path]
    assert text(after(plans, edited), path) == "mine"
    forced = edited._replace(force=True)
    assert not after(planned(case.nothing, forced), forced).files[path].exists


def test_a_timer_that_somebody_edited_goes_on_with_its_service_when_it_leaves_the_list() -> None:
    have = after(planned(CASES[-1].options, host()), host())
    timer, service = f"{UNITS}/groundcrew-tidy.timer", f"{UNITS}/groundcrew-tidy.service"
    edited = standing_on(have, have.files[timer]._replace(content=b"mine"))
    plans = planned({"timers": []}, edited)
    assert told(plans) == []
    assert plans[0].summary["kept"] == [service, timer]
    assert after(plans, edited).managed == Managed()


def test_what_stood_there_before_comes_back_with_its_mode() -> None:
    path = "/etc/logrotate.d/groundcrew-shop"
    theirs = FileState(path, files.FILE, content=b"theirs\n", mode=0o600)
    have = after(planned(CASES[5].options, host(theirs)), host(theirs))
    back = after(planned({"logrotate": []}, have), have)
    assert (back.files[path].content, back.files[path].mode) == (b"theirs\n", 0o600)


def test_one_of_two_leaves_and_the_other_stays() -> None:
    both = {"timers": [{"name": name, "command": "/usr/bin/true", "on_calendar": "daily"} for name in ("a", "b")]}
    have = after(planned(both, host()), host())
    plans = planned({"timers": both["timers"][:1]}, have)
    assert told(plans) == [
        ("disable", "groundcrew-b.timer"),
        ("stop", "groundcrew-b.timer"),
        ("remove", f"{UNITS}/groundcrew-b.timer"),
        ("remove", f"{UNITS}/groundcrew-b.service"),
        ("daemon-reload", ""),
    ]
    listed = {"timers": [*both["timers"][:1], {"name": "b", "state": "absent"}]}
    assert told(planned(listed, have)) == told(plans)


def test_a_unit_that_changes_is_written_and_restarted() -> None:
    have = after(planned(CASES[-1].options, host()), host())
    later = {"timers": [{"name": "tidy", "command": "/usr/bin/true", "on_calendar": "weekly"}]}
    assert told(planned(later, have)) == [
        ("write", f"{UNITS}/groundcrew-tidy.timer"),
        ("daemon-reload", ""),
        ("restart", "groundcrew-tidy.timer"),
    ]


def test_a_file_whose_place_is_taken_by_a_directory_is_refused() -> None:
    path = "/etc/security/limits.d/groundcrew.conf"
    with pytest.raises(Exception, match=f"{path} is to be a file, but a directory stands there: move it away first"):
        planned(CASES[3].options, host(FileState(path, files.DIRECTORY)))


def test_each_file_that_changes_is_in_the_diff() -> None:
    plans = planned(CASES[1].options, host())
    assert [(one["before"], one["after"]) for one in plans[0].diff] == [
        ("-> /usr/share/zoneinfo/Etc/UTC\n", "-> /usr/share/zoneinfo/Europe/Berlin\n"),
        ("Etc/UTC\n", "Europe/Berlin\n"),
    ]
    assert steps_of(plans)
