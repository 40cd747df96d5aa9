"""The files and directories of a call: want and have on the left, steps on the right."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import checks, files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Step
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.state import Have
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.want import (
    Access,
    DirectoryWant,
    FileWant,
    Want,
)

CONF = "/etc/shop/shop.conf"
ABSENT = FileState(CONF, files.ABSENT)
SHOP = Access("shop", "shop", 0o640)
NO_ACCESS = {"owner": None, "group": None, "mode": None}
IDS = {"shop": 7, "root": 0}


def standing(content: bytes = b"old", **more: Any) -> FileState:
    return FileState(CONF, files.FILE, content=content, mode=more.pop("mode", 0o644), **more)


def told(step: Step) -> tuple[Any, ...]:
    return (step.kind, step.target, {key: value for key, value in step.args.items() if value not in (None, False)})


WRITE = ("write", CONF, {"content": b"new"})
FILE_CASES = [
    ("a new file", FileWant(CONF, b"new"), ABSENT, [WRITE]),
    ("a file that is as wanted", FileWant(CONF, b"old"), standing(), []),
    ("a file that differs keeps what is not asked", FileWant(CONF, b"new"), standing(uid=7), [WRITE]),
    ("a link where a file is wanted", FileWant(CONF, b"new"), FileState(CONF, files.LINK, target="x"), [WRITE]),
    (
        "another mode alone",
        FileWant(CONF, b"old", None, SHOP),
        standing(uid=7, gid=7, mode=0o644),
        [("mode", CONF, {"mode": 0o640})],
    ),
    (
        "another owner alone",
        FileWant(CONF, b"old", None, SHOP),
        standing(gid=7, mode=0o640),
        [("mode", CONF, {"owner": "shop"})],
    ),
    (
        "content and access in one step",
        FileWant(CONF, b"new", None, SHOP, sensitive=True),
        standing(),
        [("write", CONF, {"content": b"new", "owner": "shop", "group": "shop", "mode": 0o640, "sensitive": True})],
    ),
    ("a new link", FileWant(CONF, link="x"), ABSENT, [("link", CONF, {"to": "x"})]),
    ("a link that is as wanted", FileWant(CONF, link="x"), FileState(CONF, files.LINK, target="x"), []),
    (
        "a link elsewhere",
        FileWant(CONF, link="x"),
        FileState(CONF, files.LINK, target="y"),
        [("link", CONF, {"to": "x"})],
    ),
    ("a file where a link is wanted", FileWant(CONF, link="x"), standing(), [("link", CONF, {"to": "x"})]),
    ("a file to remove", FileWant(CONF), standing(), [("remove", CONF, {})]),
    ("nothing to remove", FileWant(CONF), ABSENT, []),
]


@pytest.mark.parametrize(
    "want, have, expected", [case[1:] for case in FILE_CASES], ids=[case[0] for case in FILE_CASES]
)
def test_a_file_takes_the_steps_that_it_needs(want: FileWant, have: FileState, expected: list[Any]) -> None:
    drawn = plan.plan(Want("shop", files=(want,)), Have(files={CONF: have}, users=IDS, groups=IDS))

    assert [told(step) for step in drawn.steps] == expected
    assert len(drawn.diff) == len(expected)


def test_missing_directories_come_before_what_lies_in_them() -> None:
    want = Want("shop", files=(FileWant(CONF, b""),), directories=(DirectoryWant("/etc/shop/d", Access(mode=0o750)),))
    have = Have(
        files={CONF: ABSENT},
        directories={"/etc/shop/d": FileState("/etc/shop/d", files.ABSENT)},
        missing=frozenset({"/etc/shop"}),
    )
    assert [told(step)[:2] for step in plan.plan(want, have).steps] == [
        ("directory", "/etc/shop"),
        ("directory", "/etc/shop/d"),
        ("write", CONF),
    ]


def test_a_directory_takes_only_what_differs() -> None:
    state = FileState("/srv/shop", files.DIRECTORY, uid=7, mode=0o755)
    want = Want("shop", directories=(DirectoryWant("/srv/shop", Access("shop", None, 0o750)),))
    have = Have(directories={"/srv/shop": state}, users=IDS, groups=IDS)
    assert [told(step) for step in plan.plan(want, have).steps] == [("mode", "/srv/shop", {"mode": 0o750})]


def test_a_purge_removes_what_is_not_listed() -> None:
    want = Want("shop", files=(FileWant("/d/a", b"old"),), directories=(DirectoryWant("/d", purge=True),))
    listing = tuple(FileState(f"/d/{name}", files.FILE, content=b"old", mode=0o644) for name in "ab")
    have = Have(
        files={"/d/a": listing[0]}, directories={"/d": FileState("/d", files.DIRECTORY)}, listings={"/d": listing}
    )
    assert [told(step) for step in plan.plan(want, have).steps] == [("remove", "/d/b", {})]


def test_what_nobody_else_may_read_is_purged_as_a_secret() -> None:
    secret = FileState("/d/key", files.FILE, content=b"hunter2", mode=0o600)
    want = Want("shop", directories=(DirectoryWant("/d", purge=True),))
    have = Have(directories={"/d": FileState("/d", files.DIRECTORY)}, listings={"/d": (secret,)})
    drawn = plan.plan(want, have)
    assert drawn.steps[0].sensitive
    assert "hunter2" not in str(drawn.diff)


@pytest.mark.parametrize(
    "want, have, said",
    [
        (
            Want("shop", files=(FileWant(CONF, b""),)),
            Have(files={CONF: FileState(CONF, files.DIRECTORY)}),
            "is to be a file, but a directory stands there",
        ),
        (
            Want("shop", files=(FileWant(CONF),)),
            Have(files={CONF: FileState(CONF, files.OTHER)}),
            "but a device, socket or pipe stands there",
        ),
        (
            Want("shop", directories=(DirectoryWant(CONF),)),
            Have(directories={CONF: standing()}),
            "is to be a directory, but a file stands there",
        ),
    ],
)
def test_what_stands_in_the_way_is_not_removed(want: Want, have: Have, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        plan.plan(want, have)


def test_late_validators_run_after_the_files_and_only_when_these_change() -> None:
    want = Want("shop", files=(FileWant(CONF, b"new"),), validate=(("check", "{staged}/x"), ("check", "-t")))
    changed = plan.plan(want, Have(files={CONF: ABSENT}))
    same = plan.plan(want, Have(files={CONF: standing(b"new")}))
    assert [(step.kind, step.args.get("argv")) for step in changed.steps] == [
        ("write", None),
        ("argv", ["check", "-t"]),
    ]
    assert same.steps == ()


def test_a_late_validator_of_a_secret_is_told_without_its_words() -> None:
    want = Want("shop", files=(FileWant(CONF, b"new", sensitive=True),), validate=(("check", "-t"),))
    assert [step.sensitive for step in plan.plan(want, Have(files={CONF: ABSENT})).steps] == [True, True]


def test_an_owner_who_is_yet_to_come_differs() -> None:
    want = Want("shop", files=(FileWant(CONF, b"old", None, SHOP),), rehearsal=True)
    drawn = plan.plan(want, Have(files={CONF: standing(mode=0o640)}))
    assert [told(step) for step in drawn.steps] == [("mode", CONF, {"owner": "shop", "group": "shop"})]


def test_what_was_changed_is_verified_and_nothing_else_is() -> None:
    want = Want("shop", files=(FileWant(CONF, b"old"),), checks=(checks.tcp(80),))
    assert plan.plan(want, Have(files={CONF: ABSENT})).checks == want.checks
    assert plan.plan(want, Have(files={CONF: standing()})).checks == ()


@pytest.mark.parametrize(
    "unit_state, active, expected",
    [
        ("started", "inactive", ["unit", "tcp"]),
        ("any", "active", ["unit", "tcp"]),
        ("any", "inactive", []),
        ("stopped", "active", []),
    ],
)
def test_only_a_unit_that_is_to_run_is_verified(unit_state: str, active: str, expected: list[str]) -> None:
    want = Want("shop", (FileWant(CONF, b"old"),), unit="shop.service", unit_state=unit_state, checks=(checks.tcp(80),))
    have = Have(
        files={CONF: ABSENT}, record_path="/record.json", unit=UnitState("shop.service", load="loaded", active=active)
    )
    assert [check.kind for check in plan.plan(want, have).checks] == expected
