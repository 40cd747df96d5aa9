"""Who counts as one who can log in and become root, and what the account for emergencies keeps."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.files import FileState
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.plan import MANAGED, plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.server import DROPIN, KEYS, OURS
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.state import SUDOERS, Have
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.accounts.accounts_host import (
    KEY,
    SHADOW,
    have,
    want,
    written,
)

RULE = "bob ALL=(ALL:ALL) NOPASSWD: ALL\n"


def administrators(host: Have, **options: Any) -> Any:
    return plan(want(accounts=[{"name": "bob", "groups": ["wheel"], **options}]), host).summary["administrators"]


def test_key_with_a_command_of_its_own_lets_nobody_in() -> None:
    forced = f'no-pty,command="echo "Please log in as debian"; exit 142" {KEY}'
    assert administrators(have(by_hand=0), ssh_keys=[forced]) == []
    assert administrators(have(by_hand=0), ssh_keys=[forced, f'environment="A=command=b" {KEY}']) == ["bob"]


@pytest.mark.parametrize(
    "shadow, counts",
    [("19000:0:99999:7:::", True), ("0:0:99999:7:::", False), ("19000:0:365:7:::", False), ("20500:0:365:7:::", True)],
)
def test_who_has_to_change_the_password_first_does_not_count(shadow: str, counts: bool) -> None:
    host = have({"/etc/shadow": f"root:*:19000:0:99999:7:::\nbob:$6$s$hash:{shadow}\n"})
    assert administrators(host) == (["bob"] if counts else [])


def test_keys_do_not_count_where_the_server_takes_none() -> None:
    host = have()
    assert administrators(host._replace(sshd={**host.sshd, "pubkeyauthentication": ["no"]})) == []
    assert administrators(host._replace(sshd={**host.sshd, "pubkeyauthentication": ["yes"]})) == ["bob"]


def test_keys_count_at_the_home_that_somebody_gets() -> None:
    host = have()
    elsewhere = FileState("/srv/bob", files.DIRECTORY, uid=1000)
    host = host._replace(files={**host.files, "/srv/bob": elsewhere, "/srv": FileState("/srv", files.DIRECTORY)})
    with pytest.raises(BadInput, match="bob has neither a key nor a password"):
        administrators(host, home="/srv/bob")
    assert administrators(host._replace(other_keys={("bob", "/srv/bob"): 1}), home="/srv/bob") == ["bob"]


def test_our_keys_count_before_the_call_only_where_the_server_reads_them() -> None:
    texts = {DROPIN: f"AuthorizedKeysFile {OURS}\n", f"{KEYS}/bob": f"{KEY}\n"}
    host = have(texts, by_hand=0)
    with pytest.raises(BadInput, match="bob is locked or expired"):
        plan(want(accounts=[{"name": "bob", "state": "locked"}]), host)
    unread = host._replace(sshd={**host.sshd, "authorizedkeysfile": [".ssh/authorized_keys"]})
    assert plan(want(accounts=[{"name": "bob", "state": "locked"}]), unread).steps


def glass(**facts: Any) -> Have:
    texts = {DROPIN: f"AuthorizedKeysFile {OURS}\n", f"{KEYS}/bob": f"{KEY}\n", SUDOERS: MANAGED + RULE}
    rule = {"bob": RULE.removeprefix("bob ").strip()}
    return have(texts, Managed(facts={"rules": rule, "alone": ["bob"], **facts}), by_hand=0)


@pytest.mark.parametrize("purge", ["absent", "locked", "kept"])
def test_account_for_emergencies_keeps_keys_and_rule_when_it_leaves_the_list(purge: str) -> None:
    planned = plan(want(break_glass="bob", purge=purge), glass(people={"bob": 1000}))
    assert not [step for step in planned.steps if step.target in (f"{KEYS}/bob", SUDOERS) or step.kind == "remove"]
    assert RULE in written(planned).get(SUDOERS, RULE)
    assert "Match User bob" in written(planned)[DROPIN]


def test_another_account_loses_keys_and_rule_when_it_leaves_the_list() -> None:
    planned = plan(want(allow_lockout="nobody can become root"), glass())
    assert {step.target for step in planned.steps if step.kind == "remove"} >= {f"{KEYS}/bob", SUDOERS, DROPIN}


@pytest.mark.parametrize(
    "account, why",
    [
        ({"shell": "/usr/sbin/nologin"}, "its shell /usr/sbin/nologin lets nobody in"),
        ({"password_hash": "*", "ssh_keys_exclusive": True}, "has neither a key nor a password"),
        ({"password_hash": "!", "ssh_keys_exclusive": True}, "has neither a key nor a password"),
    ],
)
def test_account_for_emergencies_that_nobody_could_use_is_refused(account: dict[str, Any], why: str) -> None:
    risk = {"break_glass": "bob", "allow_lockout": "nobody can become root"}
    with pytest.raises(BadInput, match=f"bob is the break-glass account, and {why}"):
        plan(want(accounts=[{"name": "bob", **account}], **risk), have())
    assert plan(
        want(accounts=[{"name": "bob", **account, "shell": "/bin/sh", "ssh_keys": [KEY]}], **risk), have()
    ).steps


def test_account_for_emergencies_that_has_ended_is_refused_when_it_is_listed() -> None:
    ended = have(
        {"/etc/shadow": SHADOW.replace("bob:$6$s$hash:19000:0:99999:7:::", "bob:$6$s$hash:19000:0:99999:7::1:")}
    )
    with pytest.raises(BadInput, match="is locked or expired: give it a shell, no end"):
        plan(want(accounts=[{"name": "bob"}], break_glass="bob"), ended)
    assert plan(want(accounts=[{"name": "bob", "expires": "never"}], break_glass="bob"), ended).steps
