from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import steps
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Step


@pytest.mark.parametrize("path", ["etc/shop", "/etc/../shop", "/etc/shop/", "/etc/shop/..", "", "/etc/\0shop"])
@pytest.mark.parametrize(
    "make",
    [
        lambda p: steps.write(p, b""),
        steps.remove,
        lambda p: steps.link(p, "/x"),
        steps.mode,
        steps.directory,
        steps.erase,
        lambda p: steps.tree(p, "/x.tar.gz", sha256=""),
        lambda p: steps.tree("/opt/x", p, sha256=""),
    ],
)
def test_path_that_is_not_plain_is_refused(make: Callable[[str], Step], path: str) -> None:
    with pytest.raises(BadInput, match="must be absolute"):
        make(path)


@pytest.mark.parametrize("make", [steps.erase, lambda p: steps.tree(p, "/x.tar.gz", sha256="")])
def test_whole_directories_of_the_system_are_refused(make: Callable[[str], Step]) -> None:
    with pytest.raises(BadInput, match="path '/usr' is a directory of the system itself; give one below it"):
        make("/usr")


def test_dots_within_a_name_are_fine() -> None:
    assert steps.write("/etc/shop..conf/..x", b"").target == "/etc/shop..conf/..x"


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: steps.unit("a.service", "kill"), "unit action 'kill' is not one of daemon-reload, disable"),
        (lambda: steps.package("purge", {"a": ""}), "package action 'purge' is not one of install, remove"),
    ],
)
def test_unknown_action_is_refused_with_those_that_are_known(make: Callable[[], Step], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        make()


@pytest.mark.parametrize(
    "step, recovery",
    [
        (steps.write("/a", b""), "undo"),
        (steps.unit("a.service", "start"), "undo"),
        (steps.package("install", {"a": "1"}), "finish"),
        (steps.argv(["a"]), "undo"),
        (steps.argv(["a"], recovery="finish"), "finish"),
    ],
)
def test_packages_are_finished_and_the_rest_is_undone(step: Step, recovery: str) -> None:
    assert step.recovery == recovery


@pytest.mark.parametrize(
    "step, told",
    [
        (
            steps.write("/a", b"hunter2", owner="root", mode=0o640, sensitive=True),
            {"kind": "write", "target": "/a", "owner": "root", "mode": "0640", "sensitive": True},
        ),
        (steps.remove("/a"), {"kind": "remove", "target": "/a"}),
        (steps.link("/a", "b"), {"kind": "link", "target": "/a", "to": "b"}),
        (
            steps.tree("/opt/shop/2", "/tmp/shop.tar.gz", sha256="ab"),
            {"kind": "tree", "target": "/opt/shop/2", "archive": "/tmp/shop.tar.gz", "sha256": "ab"},
        ),
        (steps.erase("/opt/shop/1"), {"kind": "erase", "target": "/opt/shop/1"}),
        (steps.mode("/a", mode=0), {"kind": "mode", "target": "/a", "mode": "0000"}),
        (
            steps.package("install", {"b": "2", "a": ""}),
            {
                "kind": "package",
                "target": "a b",
                "action": "install",
                "packages": {"b": "2", "a": ""},
                "timeout_s": 1820,
            },
        ),
    ],
)
def test_description_is_plain_data_without_content(step: Step, told: dict[str, object]) -> None:
    assert steps.describe(step) == told
    assert "hunter2" not in json.dumps(steps.describe(step))
