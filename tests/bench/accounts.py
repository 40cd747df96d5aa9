"""200 people with keys and sudo rules, made and then left alone: accounts in one execution, one ping."""

from __future__ import annotations

import base64

from .harness import Case, Contender, Lab, Result, take_turns

PEOPLE = 200
# The bars of seconds, 15 for the first run and 3 without change, over the 0.83 s that a ping takes on an idle machine.
FIRST, AGAIN = 18.0, 3.6


def measure(lab: Lab, rounds: int) -> list[Result]:
    """Return the figures of the run that makes the accounts, once, and of those that find them as they are."""
    people = [
        {"name": f"person{number}", "comment": f"Person {number}", "ssh_keys": [_key(number)], "sudo": number % 10 == 0}
        for number in range(PEOPLE)
    ]
    play = lab.playbook("people", [{"groundcrew.fleet.accounts": {"accounts": people}}])
    floor, ours = Contender("ping", lab.playbook("ping", [{"ansible.builtin.ping": {}}])), Contender("ours", play)
    lab.run(floor.playbook)
    first, executions = lab.counted(play)
    (again,) = take_turns(lab, [Case(f"{PEOPLE} accounts again", ours, floor, AGAIN)], rounds)
    made = Case(f"{PEOPLE} accounts made", ours, floor, FIRST)
    return [Result(made, {**again.seconds, "ours": [first]}, {**again.executions, "ours": executions}), again]


def _key(number: int) -> str:
    """Return a public key of its own for each: the form is right, and nobody has the other half."""
    kind = b"ssh-ed25519"
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (kind, number.to_bytes(32, "big")))
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} person{number}"
