"""What becomes of the account databases, keys and sudo rules: tables of want, have and the lines that come out."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import describe
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.plan import plan
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.server import DROPIN
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.accounts.accounts_host import (
    BLOB,
    GROUP,
    GSHADOW,
    KEY,
    PASSWD,
    RISK,
    SHADOW,
    TODAY,
    after,
    have,
    line,
    want,
    written,
)


def test_first_rule_for_somebody_who_is_there_needs_a_proof_since_sudo_takes_the_last_one_that_fits() -> None:
    assert plan(want(accounts=[{"name": "bob", "sudo": True}]), have()).proof_within_s == 60


def test_new_person_gets_number_group_home_and_skeleton_and_needs_no_proof_but_for_the_keys() -> None:
    planned = plan(want(accounts=[{"name": "alice", "comment": "Alice"}]), have())
    assert line(planned, "/etc/passwd", "alice") == "alice:x:1001:1001:Alice:/home/alice:/bin/bash"
    assert line(planned, "/etc/shadow", "alice") == f"alice:*:{TODAY}::::::"
    assert line(planned, "/etc/group", "alice") == "alice:x:1001:"
    assert line(planned, "/etc/gshadow", "alice") == "alice:!::"
    assert written(planned)["/home/alice/.profile"] == "# hello\n"
    assert planned.proof_within_s == 0
    assert planned.summary["added"] == ["alice"]
    assert plan(want(accounts=[{"name": "alice", "ssh_keys": [KEY]}]), have()).proof_within_s == 60


def test_every_other_line_stays_byte_for_byte() -> None:
    planned = plan(want(accounts=[{"name": "alice"}]), have())
    assert written(planned)["/etc/passwd"].startswith(PASSWD)
    assert written(planned)["/etc/shadow"].startswith(SHADOW)


def test_what_is_as_asked_needs_no_step() -> None:
    asked = want(accounts=[{"name": "alice", "ssh_keys": [KEY], "sudo": True}])
    assert plan(asked, after(plan(asked, have()), have())).steps == ()


def test_number_that_was_ever_given_is_given_to_nobody_else() -> None:
    gone = Managed(facts={"people": {}, "ever": {"1001": "carol", "1007": "dave"}})
    planned = plan(want(accounts=[{"name": "alice"}]), have(managed=gone))
    assert line(planned, "/etc/passwd", "alice").split(":")[2] == "1008"


def test_account_that_somebody_removed_by_hand_gets_its_own_number_again() -> None:
    ours = Managed(facts={"people": {"alice": 1005}, "ever": {"1005": "alice", "1009": "dave"}})
    planned = plan(want(accounts=[{"name": "alice"}]), have(managed=ours))
    assert line(planned, "/etc/passwd", "alice").split(":")[2] == "1005"


def test_system_account_has_neither_home_nor_shell() -> None:
    planned = plan(want(accounts=[{"name": "shop", "system": True}]), have())
    assert line(planned, "/etc/passwd", "shop") == "shop:x:999:999::/nonexistent:/usr/sbin/nologin"


def test_existing_account_changes_only_where_asked() -> None:
    planned = plan(want(accounts=[{"name": "bob", "shell": "/bin/sh", "groups": ["wheel"]}]), have())
    assert line(planned, "/etc/passwd", "bob") == "bob:x:1000:1000:Bob:/home/bob:/bin/sh"
    assert line(planned, "/etc/group", "sudo") == "sudo:x:27:bob"
    assert line(planned, "/etc/group", "wheel") == "wheel:x:50:bob"
    assert line(planned, "/etc/gshadow", "wheel") == "wheel:!::bob"


def test_locked_person_keeps_the_password_and_has_it_again_when_unlocked() -> None:
    locked = plan(want(accounts=[{"name": "bob", "state": "locked"}], allow_lockout=RISK), have())
    assert line(locked, "/etc/shadow", "bob") == "bob:!$6$s$hash:19000:0:99999:7::1:"
    assert "Match User bob" in written(locked)[DROPIN]
    free = plan(want(accounts=[{"name": "bob"}]), after(locked, have()))
    assert line(free, "/etc/shadow", "bob") == "bob:$6$s$hash:19000:0:99999:7:::"
    assert any(step.kind == "remove" and step.target == DROPIN for step in free.steps)


@pytest.mark.parametrize(
    "purge, left", [("absent", None), ("locked", "!*"), ("kept", "*")], ids=["absent", "locked", "kept"]
)
def test_who_left_the_list_and_was_made_by_us_goes_as_asked(purge: str, left: str | None) -> None:
    ours = Managed(facts={"people": {"alice": 1001}, "groups": ["alice"], "ever": {"1001": "alice"}})
    texts = {
        "/etc/passwd": PASSWD + "alice:x:1001:1001::/home/alice:/bin/bash\n",
        "/etc/shadow": SHADOW + "alice:*:20000:0:99999:7:::\n",
        "/etc/group": GROUP + "alice:x:1001:\n",
        "/etc/gshadow": GSHADOW + "alice:!::\n",
    }
    planned = plan(want(purge=purge), have(texts, ours))
    shadow = written(planned).get("/etc/shadow", texts["/etc/shadow"])
    rows = {row.split(":")[0]: row.split(":")[1] for row in shadow.splitlines()}
    assert rows.get("alice") == left
    assert rows["bob"] == "$6$s$hash"
    if purge == "absent":
        assert "alice" not in written(planned)["/etc/group"]
        assert planned.summary["removed"] == ["alice"]


@pytest.mark.parametrize("members, left", [("", False), ("bob", True)])
def test_group_that_left_the_list_goes_once_nobody_is_in_it(members: str, left: bool) -> None:
    others: dict[str, Any] = {"people": {}, "ever": {}, "locked": {}, "rules": {}, "alone": []}
    ours = Managed(facts={"groups": ["developers"], **others})
    texts = {
        "/etc/group": f"{GROUP}developers:x:1002:{members}\n",
        "/etc/gshadow": f"{GSHADOW}developers:!::{members}\n",
    }
    groups = written(plan(want(), have(texts, ours))).get("/etc/group", texts["/etc/group"])
    assert ("developers" in groups) == left
    assert plan(want(groups=[{"name": "developers"}]), have(texts, ours)).steps == ()
    assert plan(want(purge="kept"), have(texts, ours)).steps == ()


def test_who_has_processes_is_locked_and_not_removed() -> None:
    planned = plan(want(accounts=[{"name": "bob", "state": "absent"}], allow_lockout=RISK), have(busy=1000))
    assert "has running processes (812)" in planned.summary["kept"]["bob"]
    assert "/etc/passwd" not in written(planned)
    assert line(planned, "/etc/shadow", "bob").startswith("bob:!$6$s$hash:")


@pytest.mark.parametrize(
    "account, why",
    [
        ({"state": "locked"}, "bob is locked or expired"),
        ({"state": "absent"}, "bob would be gone"),
        ({"ssh_keys_exclusive": True}, "bob has neither a key nor a password"),
        ({"shell": "/usr/sbin/nologin"}, "lets nobody in"),
        ({"password_hash": "*"}, "bob has no sudo rule"),
        ({"groups": [], "groups_exclusive": True}, "bob has no sudo rule"),
        ({"expires": "2020-01-01"}, "bob is locked or expired"),
    ],
)
def test_last_administrator_stays_unless_the_risk_is_named(account: dict[str, Any], why: str) -> None:
    asked = {"accounts": [{"name": "bob", **account}]}
    with pytest.raises(BadInput, match=why) as refused:
        plan(want(**asked), have())
    assert "allow_lockout: nobody can become root" in str(refused.value)
    assert plan(want(**asked, allow_lockout=RISK), have()).steps


def test_host_that_had_no_administrator_before_is_not_held_against_the_call() -> None:
    assert plan(want(accounts=[{"name": "bob", "state": "locked"}]), have(by_hand=0)).steps


def test_nothing_of_shadow_is_shown() -> None:
    planned = plan(want(accounts=[{"name": "bob", "password_hash": "$6$salt$planted"}]), have())
    assert "planted" in written(planned)["/etc/shadow"]
    assert "planted" not in str(planned.diff) + str([describe(step) for step in planned.steps]) + str(planned.summary)


def test_home_of_somebody_else_is_refused() -> None:
    with pytest.raises(BadInput, match="belongs to uid 1000, not 1001: move it away"):
        plan(want(accounts=[{"name": "alice", "home": "/home/bob"}]), have())


@pytest.mark.parametrize(
    "options, why",
    [
        ({"accounts": [{"name": "bob:x"}]}, "no good name"),
        ({"accounts": [{"name": "ALL", "sudo": True}]}, "no good name"),
        ({"groups": [{"name": "../x"}]}, "no good name"),
        ({"accounts": [{"name": "a"}, {"name": "a"}]}, "given twice"),
        ({"accounts": [{"name": "a", "uid": 7}, {"name": "b", "uid": 7}]}, "uid 7 is given twice"),
        ({"accounts": [{"name": "a", "ssh_keys": [f"ssh-rsa {BLOB}"]}]}, "is no public key"),
        ({"accounts": [{"name": "a", "ssh_keys": [f"{KEY}\nssh-ed25519 {BLOB}"]}]}, "is no public key"),
        ({"accounts": [{"name": "a", "home": "home/a"}]}, "must be an absolute path"),
        ({"accounts": [{"name": "a", "comment": "x:0:0"}]}, "has a colon"),
        ({"accounts": [{"name": "a", "expires": "31.12."}]}, "write it like 2027-03-31"),
        ({"accounts": [{"name": "a", "password_hash": "hunter2"}]}, "is no hash"),
        ({"accounts": [{"name": "a", "sudo": ["reboot"]}]}, "command with its full path"),
        ({"accounts": [{"name": "root", "state": "locked"}]}, "is the break-glass account"),
        ({"allow_lockout": "yes"}, "does not name the risk"),
    ],
)
def test_what_cannot_be_right_is_refused_with_value_and_cure(options: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        want(**options)
