"""The SSH server reads our keys first, and those of the host's own setting as before; what is ours stays root's."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts import server
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.plan import plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.server import CONFIG, DROPIN, KEYS, OURS
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.state import SUDOERS, Have
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.accounts.accounts_host import (
    KEY,
    after,
    have,
    want,
    written,
)

ALICE = [{"name": "alice", "ssh_keys": [KEY], "sudo": True}]


@pytest.mark.parametrize(
    "value, patterns",
    [
        ("", (".ssh/authorized_keys", ".ssh/authorized_keys2")),
        ("none", ()),
        ("/etc/ssh/keys/%u", ("/etc/ssh/keys/%u",)),
        (f"{OURS} .ssh/authorized_keys", (".ssh/authorized_keys",)),
        (".ssh/authorized_keys # people's own", (".ssh/authorized_keys",)),
    ],
)
def test_host_keeps_its_own_setting_besides_ours(value: str, patterns: tuple[str, ...]) -> None:
    assert server.of_the_host(value) == patterns
    host = have()._replace(patterns=patterns)
    planned = plan(want(accounts=ALICE), host)
    assert f"\nAuthorizedKeysFile {' '.join((OURS, *patterns))}\n" in written(planned)[DROPIN]
    assert plan(want(accounts=ALICE), after(planned, host)).steps == ()


def test_our_file_follows_what_the_host_is_told_later() -> None:
    first = after(plan(want(accounts=ALICE), have()), have())
    planned = plan(want(accounts=ALICE), first._replace(patterns=("/etc/ssh/keys/%u",)))
    assert [(step.kind, step.target) for step in planned.steps if step.kind == "write"] == [("write", DROPIN)]
    assert f"AuthorizedKeysFile {OURS} /etc/ssh/keys/%u\n" in written(planned)[DROPIN]


@pytest.mark.parametrize(
    "first, why",
    [
        (("", ""), rf"begin {CONFIG} with the line 'Include /etc/ssh/sshd_config.d/\*.conf'"),
        (("/etc/ssh/sshd_config.d/05-own.conf", ".ssh/authorized_keys"), "05-own.conf sets AuthorizedKeysFile before"),
        ((CONFIG, "none"), f"{CONFIG} sets AuthorizedKeysFile before .* add {OURS} to that line"),
    ],
)
def test_our_file_that_would_count_for_nothing_is_refused(first: tuple[str, str], why: str) -> None:
    host = have()._replace(keys_first=first)
    with pytest.raises(BadInput, match=why):
        plan(want(accounts=ALICE), host)
    assert plan(want(accounts=[{"name": "shop", "system": True}]), host).steps
    bare = host._replace(files={**host.files, CONFIG: FileState(CONFIG, files.ABSENT)}, rehearsal=True)
    assert plan(want(accounts=ALICE), bare).steps


def test_earlier_setting_that_has_our_keys_is_good_enough() -> None:
    assert plan(want(accounts=ALICE), have()._replace(keys_first=("/etc/ssh/x", f".ssh/keys {OURS}"))).steps


def changed(host: Have, path: str, **facts: Any) -> Have:
    return host._replace(files={**host.files, path: host.files[path]._replace(**facts)})


@pytest.mark.parametrize("facts", [{"uid": 1000}, {"gid": 1000}, {"mode": 0o666}], ids=["owner", "group", "mode"])
@pytest.mark.parametrize(
    "path, mode",
    [
        (SUDOERS, "0440"),
        (DROPIN, "0644"),
        (f"{KEYS}/alice", "0644"),
        ("/etc/groundcrew", "0755"),
        (KEYS, "0755"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_what_is_ours_is_roots_again(path: str, mode: str, facts: dict[str, int], listed: bool) -> None:
    right = after(plan(want(accounts=ALICE), have()), have())
    planned = plan(want(accounts=ALICE if listed else [], purge="kept"), changed(right, path, **facts))
    (step,) = [step for step in planned.steps if step.target == path]
    assert (step.kind in ("mode", "directory"), step.args["owner"], step.args["group"]) == (True, "0", "0")
    assert f"{step.args['mode']:04o}" == mode
