"""Numbers and names: nobody else's, here or in LDAP, and one's own again after a while."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import describe
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.plan import plan
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.accounts.accounts_host import (
    GROUP,
    GSHADOW,
    PASSWD,
    SHADOW,
    after,
    have,
    line,
    want,
    written,
)


def test_person_who_was_removed_and_comes_back_has_the_number_that_the_home_belongs_to() -> None:
    there = after(plan(want(accounts=[{"name": "alice"}, {"name": "shop", "system": True}]), have()), have())
    gone = after(plan(want(accounts=[{"name": "zoe"}]), there), there)
    assert gone.managed.facts["ever"] == {"1001": "alice", "1002": "zoe", "999": "shop"}
    back = plan(want(accounts=[{"name": "zoe"}, {"name": "yan"}, {"name": "alice"}]), gone)
    assert line(back, "/etc/passwd", "yan").split(":")[2] == "1003"
    assert line(back, "/etc/passwd", "alice") == "alice:x:1001:1001::/home/alice:/bin/bash"


def test_new_group_does_not_get_the_number_of_somebody_who_left() -> None:
    gone = Managed(facts={"ever": {"1001": "alice"}})
    assert line(plan(want(groups=[{"name": "developers"}]), have(managed=gone)), "/etc/group", "developers") == (
        "developers:x:1002:"
    )


def test_number_that_somebody_has_elsewhere_is_given_to_nobody() -> None:
    ldap = {("passwd", 1001): "mallory", ("group", 1002): "mallory", ("group", 1003): "oscar", ("passwd", 999): "eve"}
    asked = want(accounts=[{"name": "alice"}, {"name": "shop", "system": True}])
    planned = plan(asked, have(elsewhere=ldap))
    assert line(planned, "/etc/passwd", "alice").split(":")[2:4] == ["1002", "1001"]
    assert line(planned, "/etc/passwd", "shop").split(":")[2:4] == ["998", "998"]


def test_former_number_that_somebody_has_elsewhere_now_is_not_given_again() -> None:
    gone = Managed(facts={"people": {"alice": 1001}, "ever": {"1001": "alice"}})
    planned = plan(want(accounts=[{"name": "alice"}]), have(managed=gone, elsewhere={("passwd", 1001): "mallory"}))
    assert line(planned, "/etc/passwd", "alice").split(":")[2] == "1002"


@pytest.mark.parametrize(
    "options, why",
    [
        ({"accounts": [{"name": "mallory"}]}, "account mallory comes from elsewhere"),
        ({"accounts": [{"name": "mallory", "state": "locked"}]}, "account mallory comes from elsewhere"),
        ({"accounts": [{"name": "mallory", "state": "absent"}]}, "account mallory comes from elsewhere"),
        ({"accounts": [{"name": "alice", "uid": 5000}]}, "uid 5000 of account alice belongs to mallory"),
        ({"groups": [{"name": "staff", "gid": 5000}]}, "gid 5000 of group staff belongs to crowd"),
        ({"groups": [{"name": "crowd"}]}, "group crowd comes from elsewhere"),
        ({"accounts": [{"name": "crowd"}]}, "group crowd comes from elsewhere"),
        ({"accounts": [{"name": "alice", "groups": ["crowd"]}]}, "groups crowd of account alice come from elsewhere"),
        ({"accounts": [{"name": "alice", "group": "crowd"}]}, "groups crowd of account alice come from elsewhere"),
    ],
)
def test_what_others_have_elsewhere_is_refused_by_its_name(options: dict[str, Any], why: str) -> None:
    ldap = {
        ("passwd", "mallory"): "mallory",
        ("passwd", 5000): "mallory",
        ("group", "crowd"): "crowd",
        ("group", 5000): "crowd",
    }
    with pytest.raises(BadInput, match=why):
        plan(want(**options), have(elsewhere=ldap))


OLD = {
    "/etc/passwd": f"{PASSWD}john.doe:x:1001:1001::/home/alice:/bin/bash\nEva:x:1002:1002::/home/alice:/bin/bash\n",
    "/etc/shadow": f"{SHADOW}john.doe:*:20000::::::\nEva:*:20000::::::\n",
    "/etc/group": f"{GROUP}john.doe:x:1001:\nEva:x:1002:\nDomain.Users:x:2000:\n",
    "/etc/gshadow": f"{GSHADOW}john.doe:!::\nEva:!::\nDomain.Users:!::\n",
}


def test_account_with_an_odd_name_that_is_there_can_be_managed_locked_and_removed() -> None:
    asked = [{"name": "john.doe", "groups": ["Domain.Users"], "sudo": True}, {"name": "Eva", "state": "locked"}]
    planned = plan(want(accounts=asked), have(OLD))
    assert line(planned, "/etc/group", "Domain.Users") == "Domain.Users:x:2000:john.doe"
    assert "john.doe ALL=(ALL:ALL) NOPASSWD: ALL\n" in written(planned)["/etc/sudoers.d/groundcrew"]
    assert line(planned, "/etc/shadow", "Eva").startswith("Eva:!*:")
    removed = plan(want(accounts=[{"name": "john.doe", "state": "absent"}]), have(OLD))
    assert "john.doe" not in written(removed)["/etc/passwd"]


@pytest.mark.parametrize(
    "options", [{"accounts": [{"name": "john.doe"}]}, {"groups": [{"name": "Domain.Users"}]}], ids=["account", "group"]
)
def test_odd_name_is_given_to_nothing_new(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="is no good name"):
        plan(want(**options), have())


def test_account_without_its_line_in_shadow_is_refused_with_the_cure() -> None:
    with pytest.raises(BadInput, match="make it one with `pwconv`"):
        plan(want(accounts=[{"name": "bob", "state": "locked"}]), have({"/etc/shadow": "root:*:19000::::::\n"}))


@pytest.mark.parametrize("account", [{"groups": ["docker", "wheel"]}, {"group": "docker"}], ids=["besides", "primary"])
def test_rehearsal_takes_a_missing_group_for_granted_and_tells_the_steps_of_the_run(account: dict[str, Any]) -> None:
    asked = want(accounts=[{"name": "bob", **account}])
    with pytest.raises(BadInput, match="groups docker of account bob do not exist"):
        plan(asked, have())
    foreseen = plan(asked, have()._replace(rehearsal=True))
    brought = have({"/etc/group": f"{GROUP}docker:x:998:\n", "/etc/gshadow": f"{GSHADOW}docker:!::\n"})
    told = [describe(step) for step in foreseen.steps if step.target not in ("/etc/group", "/etc/gshadow")]
    taken = [describe(step) for step in plan(asked, brought).steps if step.target not in ("/etc/group", "/etc/gshadow")]
    assert told == taken
    assert foreseen.summary["awaited"] == ["docker"]
