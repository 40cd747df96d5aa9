"""How a release is staged: what it is given, what it is built from, and what is refused before anything changes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.manifest import Python
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.release.release_host import (
    ask,
    draw,
    layout,
    offered,
    story,
)

RECORD = "write releases/shop/2.json"
UP = [{"path": "up"}]
DEEP = [{"path": "var/up"}]

CASES: list[tuple[str, Any, Any, list[str]]] = [
    (
        "a shared directory is made and linked",
        ask("staged", shared=UP),
        offered(),
        ["directory shared/up", "tree releases/2", "link releases/2/up /opt/shop/shared/up", RECORD],
    ),
    (
        "an empty directory of the release gives way to the shared one",
        ask("staged", shared=UP),
        offered(members=("up",)),
        [
            "directory shared/up",
            "tree releases/2",
            "remove releases/2/up",
            "link releases/2/up /opt/shop/shared/up",
            RECORD,
        ],
    ),
    (
        "directories above a shared one are made in the release",
        ask("staged", shared=DEEP),
        offered(),
        [
            "directory shared/var/up",
            "tree releases/2",
            "directory releases/2/var",
            "link releases/2/var/up /opt/shop/shared/var/up",
            RECORD,
        ],
    ),
    (
        "those that the release brings are used",
        ask("staged", shared=DEEP),
        offered(members=("var",)),
        ["directory shared/var/up", "tree releases/2", "run ln", RECORD],
    ),
    (
        "a shared file is made",
        ask("staged", shared=[{"path": "a.db", "kind": "file"}]),
        offered(),
        ["write shared/a.db", "tree releases/2", "link releases/2/a.db /opt/shop/shared/a.db", RECORD],
    ),
    (
        "a release with wheels gets an environment, on the disk before the record",
        ask("staged"),
        offered(members=("wheels", "wheels/pip-26.whl"), python=Python("wheels", "req.txt")),
        [
            "tree releases/2",
            "run /usr/bin/python3",
            "run /opt/shop/releases/2/venv/bin/python",
            "run chmod",
            "run sync",
            RECORD,
        ],
    ),
    (
        "hooks run when all is there",
        ask("staged", hooks={"staged": [{"argv": ["bin/check"]}]}),
        offered(),
        ["tree releases/2", "run 2-staged-0", "run sync", RECORD],
    ),
]


@pytest.mark.parametrize("asked, offer, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_staging_takes_its_steps_in_order(asked: Any, offer: Any, expected: list[str]) -> None:
    assert story(draw(asked, layout(), offer))[0] == expected


def test_what_is_shared_already_is_left_as_the_app_has_made_it() -> None:
    there = {"up": FileState("/opt/shop/shared/up", files.DIRECTORY, uid=7, mode=0o700)}
    [steps] = story(draw(ask("staged", shared=UP), layout(), offered(), shared=there))
    assert steps == ["tree releases/2", "link releases/2/up /opt/shop/shared/up", RECORD]


def test_missing_directories_come_first_and_ours_are_for_root_alone() -> None:
    missing = frozenset({"/opt/shop", "/opt/shop/releases", "/var/lib/groundcrew/releases"})
    [plan] = draw(ask("staged"), layout(), offered(), missing=missing)
    made = {step.target: step.args["mode"] for step in plan.steps if step.kind == "directory"}
    assert made == {"/opt/shop": 0o755, "/opt/shop/releases": 0o755, "/var/lib/groundcrew/releases": 0o700}
    assert [step.kind for step in plan.steps][:3] == ["directory"] * 3


def test_pip_installs_from_the_wheels_alone() -> None:
    offer = offered(members=("wheels", "wheels/pip-26.whl"), python=Python("wheels", "req.txt"))
    [plan] = draw(ask("staged"), layout(), offer)
    install = plan.steps[2].args["argv"]
    assert install[1] == "/opt/shop/releases/2/wheels/pip-26.whl/pip"
    assert {"--no-index", "--isolated", ":all:"} <= set(install)
    assert install[-1] == "/opt/shop/releases/2/req.txt"


REFUSED: list[tuple[str, Any, Any, dict[str, Any], str]] = [
    ("a disk that is too small", ask("staged"), offered(), {"room": 4000}, "has 3 KiB free, and shop 2 needs 1027 KiB"),
    (
        "content at a shared path",
        ask("staged", shared=UP),
        offered(members=("up", "up/a.txt")),
        {},
        "has 'up/a.txt' of its own",
    ),
    (
        "a file at a shared path",
        ask("staged", shared=UP),
        offered(members=("up",))._replace(members={"up": "file"}),
        {},
        "'up' of its own",
    ),
    (
        "a shared path below a file",
        ask("staged", shared=DEEP),
        offered()._replace(members={"var": "file"}),
        {},
        "lies below 'var', which is no directory",
    ),
    (
        "a file where a directory is shared",
        ask("staged", shared=UP),
        offered(),
        {"shared": {"up": FileState("/opt/shop/shared/up", files.FILE)}},
        "is to be a directory, but a file stands there",
    ),
    ("wheels without pip", ask("staged"), offered(python=Python("wheels", "req.txt")), {}, "has no wheels/pip-"),
]


@pytest.mark.parametrize("asked, offer, have, said", [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_would_go_wrong_is_refused_before_anything_changes(asked: Any, offer: Any, have: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        draw(asked, layout(), offer, **have)


def test_a_rehearsal_without_the_artefact_stands_in_for_the_name_of_pip() -> None:
    offer = offered(archive="", size=0, python=Python("wheels", "req.txt"))
    [plan] = draw(ask("staged"), layout(), offer)
    assert "/opt/shop/releases/2/wheels/pip-*.whl/pip" in plan.steps[2].args["argv"]
    assert plan.steps[0].args["archive"] == "/var/lib/groundcrew/artefacts/shop-2.tar.gz"
