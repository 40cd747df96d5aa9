"""Which transactions a call of release makes of what a host has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Plan, Step
from ansible_collections.groundcrew.fleet.plugins.module_utils.release.command import Given
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.release.release_host import (
    ask,
    draw,
    layout,
    noted,
    offered,
    story,
)

R1, R2 = "releases/shop/1.json", "releases/shop/2.json"
STAGE_2 = ["tree releases/2", f"write {R2}"]
RESTART = ["unit shop.service restart", "write /r/units/shop.service.json"]
SWITCH_2 = ["link current releases/2", "link former releases/1", *RESTART, f"write {R2}"]
RUNNING = layout(noted("1"), active="1")
BOTH = layout(noted("1"), noted("2"), active="2", former="1")
FRESH = {"activated_at": "", "staged_at": "2026-11-20T00:00:00Z"}
STAGED = layout(noted("1"), noted("2", **FRESH), active="1")
HOOKS = {
    "before": [{"argv": ["bin/check"]}],
    "after": [{"argv": ["bin/warm"]}],
}
MIGRATION = {"name": "prices", "expand": ["bin/up"], "undo": ["bin/down"], "contract": ["bin/drop"]}

CASES: list[tuple[str, Any, Any, Any, list[list[str]]]] = [
    ("a new release is staged, and recorded last", ask("staged"), RUNNING, offered(), [STAGE_2]),
    ("one that is staged is left alone", ask("staged"), STAGED, offered(), [[]]),
    (
        "one that is staged needs no artefact",
        ask("active", on_change="reload"),
        STAGED,
        None,
        [[f"write {R2}"], SWITCH_2],
    ),
    ("a new release is staged and switched to", ask("active"), RUNNING, offered(), [STAGE_2, SWITCH_2]),
    (
        "a host without the app starts it",
        ask("active"),
        layout(),
        offered(),
        [
            STAGE_2,
            ["link current releases/2", "unit shop.service start", "write /r/units/shop.service.json", f"write {R2}"],
        ],
    ),
    ("one that runs is left alone", ask("active"), BOTH, offered(), [[]]),
    ("one that runs needs no artefact", ask("active"), BOTH, None, [[]]),
    (
        "what is left of a release is removed first",
        ask("staged"),
        layout(noted("1"), active="1", incomplete=("2",)),
        offered(),
        [["erase releases/2"], STAGE_2],
    ),
    (
        "a failed one with other content is staged anew",
        ask("staged"),
        layout(noted("1"), noted("2", failed=True)._replace(sha256="f" * 64), active="1"),
        offered(),
        [[f"remove {R2}", "erase releases/2"], STAGE_2],
    ),
    (
        "a failed one is tried again as it is",
        ask("active"),
        layout(noted("1"), noted("2", failed=True), active="1"),
        None,
        [SWITCH_2],
    ),
    (
        "commands come before the switch, and after it",
        ask("active", hooks=HOOKS, migrations=[MIGRATION]),
        STAGED,
        None,
        [
            [f"write {R2}"],
            ["run 2-before-0", "run 2-expand-prices", *SWITCH_2],
            ["run 2-after-0", f"write {R2}"],
        ],
    ),
    (
        "commands are not run where the version stays",
        ask("active", hooks=HOOKS, migrations=[MIGRATION]),
        BOTH,
        None,
        [[]],
    ),
    (
        "commands that follow and failed are run again",
        ask("active", hooks=HOOKS),
        layout(noted("1"), noted("2", hooks_due=True), active="2", former="1"),
        None,
        [["run 2-after-0", f"write {R2}"]],
    ),
    (
        "a contraction is noted before it begins",
        ask("active", migrations=[MIGRATION], contract=True),
        BOTH,
        None,
        [[f"write {R2}"], ["run 2-contract-prices", f"write {R2}"]],
    ),
    (
        "a contraction is made once",
        ask("active", migrations=[MIGRATION], contract=True),
        layout(noted("1"), noted("2", contracted=("prices",)), active="2", former="1"),
        None,
        [[]],
    ),
    (
        "a contraction that failed is repeated",
        ask("active", migrations=[MIGRATION], contract=True),
        layout(noted("1"), noted("2", contracted=("prices",), contract_due=("prices",)), active="2", former="1"),
        None,
        [["run 2-contract-prices", f"write {R2}"]],
    ),
    (
        "a switch with nothing to contract is one",
        ask("active", contract=True),
        STAGED,
        None,
        [[f"write {R2}"], SWITCH_2],
    ),
    (
        "a host that runs another version keeps it where that is asked",
        ask("active", change_version=False),
        RUNNING,
        offered(),
        [[]],
    ),
    (
        "nothing is staged for a host that keeps its version",
        ask("staged", change_version=False),
        RUNNING,
        offered(),
        [[]],
    ),
    (
        "the way back leads to the former one",
        ask("undone"),
        BOTH,
        None,
        [["link current releases/1", "remove former", *RESTART, f"write {R1}", f"write {R2}"]],
    ),
    (
        "migrations are undone when the former one runs, last first",
        ask("undone"),
        layout(
            noted("1"),
            noted("2", expanded=tuple({"name": name, "undo": ["down"], "timeout_s": 1} for name in "ab")),
            active="2",
            former="1",
        ),
        None,
        [
            ["link current releases/1", "remove former", *RESTART, f"write {R1}", f"write {R2}"],
            ["run 2-undo-b", "run 2-undo-a", f"write {R2}"],
        ],
    ),
    (
        "migrations whose undo failed are undone by the next call",
        ask("undone"),
        layout(
            noted("1"), noted("2", undo_due=True, expanded=({"name": "a", "undo": ["x"], "timeout_s": 1},)), active="1"
        ),
        None,
        [["run 2-undo-a", f"write {R2}"]],
    ),
    ("a host that does not run the version is left alone", ask("undone", "3"), BOTH, None, [[]]),
    (
        "a release that nobody needs goes",
        ask("absent", "1"),
        layout(noted("1")),
        None,
        [[f"remove {R1}", "erase releases/1"]],
    ),
    ("a release that is not there is gone", ask("absent", "7"), BOTH, None, [[]]),
    ("what is incomplete can be removed", ask("absent", "7"), layout(incomplete=("7",)), None, [["erase releases/7"]]),
    (
        "older releases go once a newer one is staged",
        ask("staged", "5", keep=2),
        layout(noted("1"), noted("2"), noted("3"), noted("4"), active="4", former="3"),
        offered("5"),
        [
            ["tree releases/5", "write releases/shop/5.json"],
            [f"remove {R1}", "erase releases/1"],
            [f"remove {R2}", "erase releases/2"],
        ],
    ),
]


@pytest.mark.parametrize("asked, known, offer, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_call_takes_the_transactions_that_it_needs(asked: Any, known: Any, offer: Any, expected: Any) -> None:
    assert story(draw(asked, known, offer)) == expected


REFUSED: list[tuple[str, Any, Any, Any, str]] = [
    ("nothing to stage", ask("active"), RUNNING, None, "nothing was given to stage: give artefact, url or source"),
    (
        "another content under the same version",
        ask("staged"),
        layout(noted("1"), noted("2")._replace(sha256="f" * 64), active="1"),
        offered(),
        "a version is never two things",
    ),
    (
        "another content under the version that runs, although it failed",
        ask("active"),
        layout(noted("2", failed=True)._replace(sha256="f" * 64), active="2"),
        offered(),
        "a version is never two things",
    ),
    (
        "a version that runs and has no record",
        ask("active"),
        layout(active="2", incomplete=("2",)),
        offered(),
        "runs here, and is not known to be complete",
    ),
    ("no way back", ask("undone"), layout(noted("2"), active="2"), None, "had no version of shop before 2"),
    ("nothing that runs", ask("undone", ""), layout(), None, "no version of shop runs here"),
    (
        "a way back to one that failed",
        ask("undone"),
        layout(noted("1", failed=True), noted("2"), active="2", former="1"),
        None,
        "failed itself",
    ),
    (
        "a way back to one that is not whole",
        ask("undone"),
        layout(noted("2"), active="2", former="1", incomplete=("1",)),
        None,
        "is not complete on this host",
    ),
    (
        "a way back behind a contraction",
        ask("undone"),
        layout(noted("1"), noted("2", contracted=("prices",)), active="2", former="1"),
        None,
        "2 has contracted prices",
    ),
    (
        "a contraction together with the switch",
        ask("active", migrations=[MIGRATION], contract=True),
        STAGED,
        None,
        "prices would end the way back before anybody knows whether 2 is well; switch without contract",
    ),
    (
        "a contraction together with the switch, where that is being prepared",
        ask("staged", migrations=[MIGRATION], contract=True),
        RUNNING,
        offered(),
        "switch without contract, and contract in a later call",
    ),
    (
        "a contraction together with the first switch, since another instance may run the release before",
        ask("active", migrations=[MIGRATION], contract=True),
        layout(noted("2", **FRESH)),
        None,
        "of shop to 2: prices would end the way back",
    ),
    ("to remove what runs", ask("absent", "2"), BOTH, None, "runs here, so it stays"),
    ("to remove the way back", ask("absent", "1"), BOTH, None, "is the way back from 2, so it stays"),
    (
        "one that was staged unsigned",
        ask("active", allowed_signers="/etc/signers"),
        STAGED,
        None,
        "was staged without a signature",
    ),
    (
        "one whose signature nobody kept",
        ask("active", allowed_signers="/etc/signers"),
        layout(noted("1"), noted("2", signer="crew@x", **FRESH), active="1"),
        None,
        "was staged by an earlier version of this collection, which did not keep its signature: give its artefact",
    ),
    (
        "one whose signer may sign no more",
        ask("active", allowed_signers="/etc/signers"),
        layout(noted("1"), noted("2", signer="crew@x", signature="of it", **FRESH), active="1"),
        None,
        "staged with the signature of crew@x, which does not hold by /etc/signers today: give its artefact",
    ),
]


@pytest.mark.parametrize("asked, known, offer, said", [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_no_plan_makes_right_is_refused(asked: Any, known: Any, offer: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        draw(asked, known, offer)


def notes(plans: list[Plan]) -> list[dict[str, Any]]:
    """The records that are written, in their order."""
    return [json.loads(step.args["content"]) for one in plans for step in one.steps if step.target.endswith("2.json")]


def test_a_release_counts_as_failed_until_it_is_well() -> None:
    assert [one["failed"] for one in notes(draw(ask("active"), RUNNING, offered()))] == [True, False]
    assert [one["failed"] for one in notes(draw(ask("active"), STAGED))] == [True, False]
    assert [one["failed"] for one in notes(draw(ask("staged"), RUNNING, offered()))] == [False]


def test_migrations_are_remembered_with_what_undoes_them() -> None:
    last = notes(draw(ask("active", migrations=[MIGRATION]), STAGED))[-1]
    assert last["expanded"] == [{"name": "prices", "undo": ["bin/down"], "timeout_s": 300.0}]


def test_a_migration_that_was_run_for_the_release_is_not_run_again() -> None:
    known = layout(noted("1"), noted("2", expanded=({"name": "prices", "undo": [], "timeout_s": 1},)), active="1")
    assert "run 2-expand-prices" not in str(story(draw(ask("active", migrations=[MIGRATION]), known)))


def test_a_migration_of_the_release_before_is_neither_run_again_nor_undone_with_this_one() -> None:
    known = layout(
        noted("1", expanded=({"name": "prices", "undo": ["bin/down"], "timeout_s": 1},)), noted("2"), active="1"
    )
    plans = draw(ask("active", migrations=[MIGRATION]), known)
    assert "run 2-expand-prices" not in str(story(plans))
    assert (notes(plans)[-1]["expanded"], notes(plans)[-1]["inherited"]) == ([], ["prices"])


def test_a_migration_whose_undo_came_to_no_end_is_run_again() -> None:
    known = layout(
        noted("1"),
        noted("2", expanded=({"name": "prices", "undo": ["bin/down"], "timeout_s": 1},), undo_due=True),
        active="1",
    )
    assert "run 2-expand-prices" in str(story(draw(ask("active", migrations=[MIGRATION]), known)))


@pytest.mark.parametrize("by, back", [("r1", True), ("r2", False)])
def test_a_run_takes_back_only_what_it_has_switched_to(by: str, back: bool) -> None:
    known = layout(noted("1"), noted("2", activated_by=by), active="2", former="1")
    assert bool(draw(ask("undone", this_run=True, run_id="r1"), known)[0].steps) is back


def test_who_signed_is_noted_once_somebody_asks() -> None:
    offer = offered(signer="crew@example.com", text="{}", signature="signed")
    asked = ask("staged", allowed_signers="/etc/signers")
    [note] = notes(draw(asked, STAGED, offer))
    assert (note["signer"], note["manifest_text"], note["signature"]) == ("crew@example.com", "{}", "signed")
    known = layout(noted("1"), noted("2", signer=offer.signer, manifest_text="{}", signature="signed"), active="1")
    assert notes(draw(asked, known, offer)) == []


def test_a_release_whose_signer_may_still_sign_is_switched_to_without_another_look_at_its_artefact() -> None:
    known = layout(noted("1"), noted("2", signer="crew@x", **FRESH), active="1")
    plans = draw(ask("active", allowed_signers="/etc/signers"), known, signer="crew@x")
    assert story(plans) == [[f"write {R2}"], SWITCH_2]


def test_what_runs_stays_although_its_signer_may_sign_no_more() -> None:
    known = layout(noted("1"), noted("2", signer="crew@x"), active="2", former="1")
    assert story(draw(ask("active", allowed_signers="/etc/signers"), known)) == [[]]


def test_what_came_of_it_is_told_last_so_that_a_failure_does_not_promise_it() -> None:
    plans = draw(ask("active"), RUNNING, offered())
    assert plans[0].summary["from"] == "1"
    assert "to" not in plans[0].summary
    assert (plans[-1].summary["to"], plans[-1].summary["release"]["state"]) == ("2", "active")


@pytest.mark.parametrize("known, offer, idle", [(BOTH, None, True), (STAGED, None, False), (RUNNING, offered(), False)])
def test_a_staged_release_says_whether_a_switch_has_something_to_do(known: Any, offer: Any, idle: bool) -> None:
    assert draw(ask("staged"), known, offer)[-1].summary["idle"] is idle


@pytest.mark.parametrize(
    "asked, known, offer, stays",
    [
        (ask("active", hooks=HOOKS), STAGED, None, ["", "", "2 runs and stays; the next call runs hooks.after again"]),
        (
            ask("active", migrations=[MIGRATION], contract=True),
            BOTH,
            None,
            ["", "2 runs and stays, without a way back; another call with contract takes it up again"],
        ),
        (
            ask("undone"),
            layout(
                noted("1"), noted("2", expanded=({"name": "a", "undo": ["x"], "timeout_s": 1},)), active="2", former="1"
            ),
            None,
            ["", "2 was left all the same; a call with state=undone and version=2 undoes its migrations"],
        ),
        (
            ask("staged", "5", keep=3),
            layout(noted("1"), noted("2"), noted("3"), noted("4"), active="4", former="3"),
            offered("5"),
            ["", *["5 is in place all the same; the next call removes again what is too much"] * 2],
        ),
    ],
    ids=["hooks", "a contraction", "the undo of migrations", "a removal"],
)
def test_what_fails_after_a_switch_does_not_claim_to_have_taken_it_back(
    asked: Any, known: Any, offer: Any, stays: list[str]
) -> None:
    assert [one.stays for one in draw(asked, known, offer)] == stays


def test_the_new_release_is_verified_with_its_own_version() -> None:
    verify = {
        "http": [{"url": "http://127.0.0.1:8000/{version}", "contains": "v{version}"}],
        "commands": [["x", "{version}"]],
    }
    switch = draw(ask("active", verify=verify), STAGED)[1]
    assert [check.spec.get("contains") for check in switch.checks if check.kind == "http"] == ["v2"]
    assert [check.spec["argv"] for check in switch.checks if check.kind == "command"] == [["x", "2"]]


def test_the_file_of_allowed_signers_comes_first() -> None:
    asked = ask("staged", allowed_signers_content="crew ssh-ed25519 AAAA")
    [first, *_others] = draw(asked, STAGED, offered(signer="crew"))
    step: Step = first.steps[-1]
    assert (step.target, step.args["content"]) == ("/etc/groundcrew/allowed_signers", b"crew ssh-ed25519 AAAA\n")


def test_what_is_staged_with_another_digest_than_the_one_that_is_asked_for_is_refused() -> None:
    known = layout(noted("1"), noted("2"), active="1")
    assert draw(ask("active", sha256="2" * 64), known)
    with pytest.raises(BadInput, match=f"staged here with sha256 {'2' * 64}, and {'3' * 64} is asked for"):
        draw(ask("active", sha256="3" * 64), known)


@pytest.mark.parametrize(
    "asked, known, offer",
    [
        (ask("staged", hooks={"staged": [{"argv": ["x"]}]}), RUNNING, offered()),
        (ask("active", hooks=HOOKS, migrations=[MIGRATION]), STAGED, None),
        (ask("active", migrations=[MIGRATION], contract=True), BOTH, None),
        (
            ask("undone"),
            layout(
                noted("1"), noted("2", expanded=({"name": "a", "undo": ["x"], "timeout_s": 1},)), active="2", former="1"
            ),
            None,
        ),
    ],
    ids=["staging", "a switch", "a contraction", "the way back"],
)
def test_every_command_has_what_the_unit_gives(asked: Any, known: Any, offer: Any) -> None:
    plans = draw(asked, known, offer, given=Given("shop", ("--property=UMask=0077",)))
    commands = [step.args["argv"] for one in plans for step in one.steps if step.target == "systemd-run"]
    assert commands
    assert all("--property=UMask=0077" in argv for argv in commands)
