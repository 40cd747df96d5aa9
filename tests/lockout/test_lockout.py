"""Whoever saws off the branch that we sit on, the host grows it again: within the time of the proof it is as before, and lets us in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from ansible_collections.groundcrew.fleet.tests.lockout.case import (
    BACK_S,
    PROOF_S,
    Attempt,
    attempt,
    becomes_root,
    machine,
    settled,
    state,
    wait_for_root,
)

DROPIN = "/etc/ssh/sshd_config.d/00-groundcrew-hardening.conf"
LOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGt7qPZ0dLXqbGXe2yl0tq7xvCzTGYwfbMS5nGW5zEkJ nobody"
RISK = "nobody can become root"
# A stack whose module is missing lets nobody in; the layer asks for it all the same.
MODULE = "/usr/lib/x86_64-linux-gnu/security/pam_faillock.so"
DENY = {"layers": ["ssh"], "ssh": {"allow_users": ["nobody"]}}


class Case(NamedTuple):
    """Which host is cut off, by which module's call."""

    host: str
    module: str
    options: Mapping[str, Any]


CASES = {
    "a firewall that drops SSH": Case(
        "old1", "hardening", {"layers": ["firewall"], "firewall": {"ssh_sources": ["192.0.2.1"]}}
    ),
    "a server that denies the administrator": Case("new1", "hardening", DENY),
    "a sudo rule that asks for a password": Case(
        "old2", "accounts", {"accounts": [{"name": "crew", "sudo": True, "sudo_password": True}], "allow_lockout": RISK}
    ),
    "a PAM stack that refuses everybody": Case("new2", "hardening", {"layers": ["pam"]}),
}
REMOVED_KEY = Case(
    "old1",
    "accounts",
    {"accounts": [{"name": "crew", "ssh_keys": [LOST_KEY], "ssh_keys_exclusive": True}], "allow_lockout": RISK},
)


@pytest.fixture(scope="module")
def taken_back() -> Mapping[str, tuple[Attempt, dict[str, Any]]]:
    """All hosts are cut off at once, each in its way; each call ends when its host is back."""
    machine("new2").run("mv", MODULE, "/root")
    started = {what: attempt(one.host, one.module, one.options) for what, one in CASES.items()}
    return {what: (one, one.result()) for what, one in started.items()}


@pytest.mark.parametrize("what", CASES)
def test_a_change_that_cuts_us_off_is_noticed_and_taken_back(
    taken_back: Mapping[str, tuple[Attempt, dict[str, Any]]], what: str
) -> None:
    call, told = taken_back[what]
    assert told.get("failed"), told
    assert "no new login could become root" in told["msg"]
    assert told["undone"], told["msg"]
    assert state(call.host) == call.before
    assert becomes_root(call.host)


class Round(NamedTuple):
    """Four hosts more: one without its key, one whose controller died, one that was rebooted, and one that is well."""

    key: Attempt
    killed: Attempt
    rebooted: Attempt
    good: Attempt


@pytest.fixture(scope="module")
def second(taken_back: Mapping[str, tuple[Attempt, dict[str, Any]]]) -> Round:
    """The same hosts, once they are back."""
    assert taken_back
    found = Round(
        attempt(REMOVED_KEY.host, REMOVED_KEY.module, REMOVED_KEY.options),
        attempt("old2", "hardening", DENY),
        attempt("new2", "hardening", DENY),
        attempt("new1", "hardening", {"layers": ["sudo"]}),
    )
    found.killed.until_there(DROPIN)
    found.killed.kill()
    found.rebooted.until_there(DROPIN)
    machine(found.rebooted.host).reboot()
    return found


def test_a_controller_that_is_killed_before_the_proof_leaves_a_host_that_comes_back(second: Round) -> None:
    wait_for_root(second.killed.host, PROOF_S + BACK_S)
    assert settled(second.killed.host) == second.killed.before


def test_a_host_that_is_rebooted_before_the_proof_comes_back_as_it_was(second: Round) -> None:
    wait_for_root(second.rebooted.host, PROOF_S + BACK_S)
    assert settled(second.rebooted.host) == second.rebooted.before
    assert second.rebooted.result().get("failed")


def test_an_administrators_key_that_is_taken_away_comes_back(second: Round) -> None:
    told = second.key.result()
    assert told.get("failed"), told
    assert told["undone"], told["msg"]
    assert state(second.key.host) == second.key.before
    assert becomes_root(second.key.host)


def test_a_change_that_is_sound_stays_when_its_time_is_over(second: Round) -> None:
    assert second.good.result()["proof"]["became_root"]
    time.sleep(max(0.0, second.good.began + PROOF_S + 5 - time.monotonic()))
    assert "use_pty" in machine(second.good.host).run("cat", "/etc/sudoers.d/00-groundcrew-hardening")


def test_a_limit_that_lets_nobody_log_in_is_taken_back(second: Round) -> None:
    nobody = {"domain": "*", "type": "hard", "item": "maxsyslogins", "value": "0"}
    call = attempt(second.good.host, "host_settings", {"limits": [nobody]})
    told = call.result()
    assert told.get("failed"), told
    assert told["undone"], told["msg"]
    assert state(call.host) == call.before
    assert becomes_root(call.host)
