"""Passwords get old only where there are any, and a lock holds whatever somebody does by hand."""

from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._managed import Managed
from ansible_collections.groundcrew.fleet.plugins.module_utils.accounts.plan import plan
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.accounts.accounts_host import (
    GROUP,
    GSHADOW,
    PASSWD,
    RISK,
    SHADOW,
    TODAY,
    after,
    have,
    line,
    want,
    written,
    written_file,
)

HASH = "$6$s$of-alice"
ALICE = Managed(facts={"people": {"alice": 1001}, "groups": ["alice"], "ever": {"1001": "alice"}})


def with_alice(shadow: str) -> dict[str, str]:
    return {
        "/etc/passwd": f"{PASSWD}alice:x:1001:1001::/home/alice:/bin/bash\n",
        "/etc/shadow": f"{SHADOW}alice:{shadow}\n",
        "/etc/group": f"{GROUP}alice:x:1001:\n",
        "/etc/gshadow": f"{GSHADOW}alice:!::\n",
    }


@pytest.mark.parametrize("password", [None, "*", "!"])
def test_who_has_only_keys_is_never_asked_for_a_new_password(password: str | None) -> None:
    planned = plan(want(accounts=[{"name": "alice", "password_hash": password}]), have())
    assert line(planned, "/etc/shadow", "alice") == f"alice:{password or '*'}:{TODAY}::::::"


def test_password_of_a_new_person_gets_as_old_as_login_defs_says() -> None:
    planned = plan(want(accounts=[{"name": "alice", "password_hash": HASH}]), have())
    assert line(planned, "/etc/shadow", "alice") == f"alice:{HASH}:{TODAY}:0:365:7:::"


def test_first_password_of_an_account_of_ours_gets_ages_and_one_by_somebody_else_keeps_its_own() -> None:
    host = have(with_alice("*:20000::::::"), ALICE)
    asked = [{"name": "alice", "password_hash": HASH}, {"name": "bob", "password_hash": HASH}]
    planned = plan(want(accounts=asked), host)
    assert line(planned, "/etc/shadow", "alice") == f"alice:{HASH}:{TODAY}:0:365:7:::"
    assert line(planned, "/etc/shadow", "bob") == f"bob:{HASH}:{TODAY}:0:99999:7:::"


@pytest.mark.parametrize("shadow", ["*:20000:0:365:7:::", "!:20000:0:365:7:::", "!*:20000:1:365:7:::"])
@pytest.mark.parametrize("listed", [True, False])
def test_account_of_ours_that_has_ages_without_a_password_is_mended(shadow: str, listed: bool) -> None:
    asked = want(accounts=[{"name": "alice"}] if listed else [], purge="kept")
    planned = plan(asked, have(with_alice(shadow), ALICE))
    assert line(planned, "/etc/shadow", "alice") == f"alice:{shadow.partition(':')[0]}:20000::::::"


def test_ages_of_passwords_and_of_accounts_of_others_stay() -> None:
    host = have(with_alice(f"{HASH}:20000:0:365:7:::"), ALICE)
    assert plan(want(accounts=[{"name": "alice", "home": "/home/alice"}]), host).steps[0].kind == "directory"
    assert "/etc/shadow" not in written(plan(want(accounts=[{"name": "alice"}]), host))
    assert "/etc/shadow" not in written(plan(want(purge="kept"), have(with_alice("*:20000:0:365:7:::"))))


@pytest.mark.parametrize("shadow", ["*:20000::::::", "*:20000:::::1:", "!*:20000::::::"])
def test_person_that_somebody_unlocked_by_hand_is_locked_again(shadow: str) -> None:
    asked = want(accounts=[{"name": "alice", "state": "locked"}])
    host = have(with_alice("*:20000:::::20999:"), ALICE)
    first = after(plan(asked, host), host)
    assert plan(asked, first).steps == ()
    by_hand = written_file("/etc/shadow", f"{SHADOW}alice:{shadow}\n")
    again = plan(asked, first._replace(files={**first.files, "/etc/shadow": by_hand}))
    assert line(again, "/etc/shadow", "alice") == "alice:!*:20000:::::1:"
    free = plan(want(accounts=[{"name": "alice"}]), after(again, first))
    assert line(free, "/etc/shadow", "alice") == "alice:*:20000:::::20999:"


def test_an_administrator_that_is_locked_is_none_though_somebody_unlocked_him_by_hand() -> None:
    asked = want(accounts=[{"name": "bob", "state": "locked"}], allow_lockout=RISK)
    locked = after(plan(asked, have()), have())
    host = locked._replace(files={**locked.files, "/etc/shadow": written_file("/etc/shadow", SHADOW)})
    planned = plan(asked, host)
    assert planned.summary["administrators"] == []
    assert line(planned, "/etc/shadow", "bob").startswith("bob:!")
