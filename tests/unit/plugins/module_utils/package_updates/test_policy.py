"""Which updates a host's policy lets through, and what is said of those that it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.updates import ON_HOLD, Update
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates import policy
from ansible_collections.groundcrew.fleet.plugins.module_utils.package_updates.policy import NOT_IN_SET, Choice
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.package_updates.updates_host import (
    INSTALLED,
    NGINX,
    SSL,
    Table,
    want,
)

VIM = Update("vim", "9.0", "9.1")
PHASED = "phased: 10 % of all hosts get it as yet, and this one is not among them"


def choose(*candidates: Update, left_alone: Mapping[str, str] | None = None, **options: Any) -> Choice:
    return policy.choose(want(**options), INSTALLED, candidates, left_alone or {}, Table().compare)


def left(found: Choice) -> dict[str, str]:
    return {one.name: one.why for one in found.held}


def test_without_a_policy_every_update_is_asked_for_at_its_newest_version() -> None:
    assert choose(SSL, NGINX, VIM) == Choice({"libssl3": "3.0.2", "nginx": "1.24", "vim": "9.1"})


@pytest.mark.parametrize("why", [ON_HOLD, PHASED])
def test_what_the_manager_itself_leaves_alone_is_left_alone_with_its_reason(why: str) -> None:
    found = choose(SSL, NGINX, left_alone={"nginx": why})
    assert found.wanted == {"libssl3": "3.0.2"}
    assert [one._asdict() for one in found.held] == [
        {"name": "nginx", "before": "1.22", "after": "1.24", "security": False, "why": why}
    ]


@pytest.mark.parametrize(
    "options,held",
    [
        ({"exclude": ["nginx"]}, {"nginx": "policy: exclude has nginx"}),
        ({"exclude": ["lib*", "v?m"]}, {"libssl3": "policy: exclude has lib*", "vim": "policy: exclude has v?m"}),
        (
            {"only": ["nginx"]},
            {"libssl3": "policy: only does not have it", "vim": "policy: only does not have it"},
        ),
        ({"only": ["lib[st]*", "nginx"]}, {"vim": "policy: only does not have it"}),
        (
            {"only": ["*"], "exclude": ["nginx"]},
            {"nginx": "policy: exclude has nginx"},
        ),
        (
            {"security_only": True},
            {"nginx": "policy: it is no security update", "vim": "policy: it is no security update"},
        ),
    ],
)
def test_lists_and_security_only_say_what_is_left_alone(options: dict[str, Any], held: dict[str, str]) -> None:
    found = choose(SSL, NGINX, VIM, **options)
    assert left(found) == held
    assert set(found.wanted) == {"libssl3", "nginx", "vim"} - set(held)


def test_a_name_without_architecture_stands_for_the_foreign_package_too() -> None:
    foreign = Update("libc6:i386", "2.36", "2.37")
    found = policy.choose(want(exclude=["libc6"]), {"libc6:i386": "2.36"}, [foreign], {}, Table().compare)
    assert left(found) == {"libc6:i386": "policy: exclude has libc6"}
    named = policy.choose(want(only=["libc6"]), {"libc6:i386": "2.36"}, [foreign], {}, Table().compare)
    assert named.wanted == {"libc6:i386": "2.37"}


def test_a_name_in_only_that_is_not_installed_is_refused() -> None:
    with pytest.raises(BadInput, match="only names what is not installed here: nginxx, vim2; install it first"):
        choose(SSL, only=["nginxx", "libssl3", "vim2"])


def test_a_pattern_in_only_may_stand_for_nothing() -> None:
    assert choose(SSL, only=["linux-image-*"]).wanted == {}


@pytest.mark.parametrize(
    "update,taken",
    [
        (SSL._replace(priority="low"), False),
        (SSL._replace(priority="medium"), True),
        (SSL._replace(priority="critical"), True),
        (NGINX._replace(priority="high"), True),
        (NGINX._replace(priority="low"), False),
        # What nobody has rated: a fix may be anything, and anything else is no fix.
        (SSL, True),
        (NGINX, False),
    ],
)
def test_the_least_priority_holds_back_what_is_rated_below_it(update: Update, taken: bool) -> None:
    found = choose(update, min_priority="medium")
    assert (update.name in found.wanted) == taken
    assert taken or left(found) == {update.name: "policy: its priority is low, below medium"}


def test_a_fix_that_nobody_has_rated_passes_even_the_highest_bar() -> None:
    assert choose(SSL, min_priority="critical").wanted == {"libssl3": "3.0.2"}


@pytest.mark.parametrize("age,taken", [(None, False), (0.0, False), (6.9, False), (7.0, True), (30.0, True)])
def test_an_update_has_to_be_as_old_as_the_policy_asks_for(age: float | None, taken: bool) -> None:
    found = choose(SSL._replace(age_days=age), min_age_days=7)
    assert ("libssl3" in found.wanted) == taken
    assert taken or left(found) == {"libssl3": f"policy: known for {age or 0:.1f} days, 7 are asked for"}


def test_a_hold_counts_before_any_policy() -> None:
    found = choose(NGINX, left_alone={"nginx": ON_HOLD}, exclude=["nginx"], security_only=True)
    assert left(found) == {"nginx": ON_HOLD}


def test_a_patch_set_decides_the_version_and_leaves_the_rest() -> None:
    found = choose(SSL._replace(after="3.0.9"), NGINX, patch_set={"libssl3": "3.0.2"})
    assert found.wanted == {"libssl3": "3.0.2"}
    assert left(found) == {"nginx": "the patch set does not have it"}


def test_a_patch_set_that_is_older_than_what_is_there_takes_nothing_back() -> None:
    for version in ("3.0.0", "3.0.1"):
        found = choose(SSL, patch_set={"libssl3": version})
        assert found.wanted == {}
        # That there is a newer one is told all the same.
        assert [(one.name, one.why) for one in found.held] == [("libssl3", NOT_IN_SET)]


def test_a_version_of_the_patch_set_is_asked_for_although_the_mirror_offers_nothing_newer() -> None:
    assert choose(patch_set={"libssl3": "3.0.2", "not-here": "1.0"}).wanted == {"libssl3": "3.0.2"}


def test_a_patch_set_was_decided_by_priority_and_age_when_it_was_made() -> None:
    found = choose(NGINX, patch_set={"nginx": "1.24"}, security_only=True, min_priority="high", min_age_days=9)
    assert found.wanted == {"nginx": "1.24"}


def test_a_patch_set_does_not_undo_a_hold_or_an_exclusion() -> None:
    there = {"libssl3": "3.0.2", "nginx": "1.24", "vim": "9.1"}
    found = choose(SSL, NGINX, VIM, left_alone={"libssl3": ON_HOLD}, exclude=["nginx"], patch_set=there)
    assert found.wanted == {"vim": "9.1"}
    assert left(found) == {"libssl3": ON_HOLD, "nginx": "policy: exclude has nginx"}
