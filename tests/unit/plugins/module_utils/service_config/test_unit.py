"""What a unit needs after its files changed, or because of what changed earlier: want and have left, steps right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import files
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.systemd import UnitState
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import steps
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.steps import Step
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config import record, unit
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.record import Entry, Record, Watched, dump
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.state import Have
from ansible_collections.groundcrew.fleet.plugins.module_utils.service_config.want import FileWant, Want

UNIT = "shop.service"
CONF, FRAGMENT, DROPIN = (
    "/etc/shop.conf",
    "/lib/systemd/system/shop.service",
    "/etc/systemd/system/shop.service.d/a.conf",
)
ENVIRONMENT, BINARY = "/etc/default/shop", "/usr/bin/shop"
RUNNING = UnitState(
    UNIT,
    load="loaded",
    active="active",
    sub="running",
    enabled="enabled",
    fragment=FRAGMENT,
    environment_files=(ENVIRONMENT,),
    binary=BINARY,
    started_at=1000.0,
)
DEAD = RUNNING._replace(active="inactive", sub="dead", started_at=None)
MISSING = UnitState(UNIT)
OLD, YOUNG = Watched(999.0, (1,)), Watched(1001.0, (2,))


def have(state: UnitState = RUNNING, **watched: Watched) -> Have:
    paths = {"conf": CONF, "fragment": FRAGMENT, "environment": ENVIRONMENT, "binary": BINARY}
    seen = {path: watched.get(name, OLD) for name, path in paths.items()}
    return Have(unit=state, watched=seen, record_path="/record.json", digest=lambda path: f"digest of {path}")


def actions(drawn: tuple[Step, ...]) -> list[str]:
    return [step.args.get("action", step.kind) for step in drawn]


def want(**more: Any) -> Want:
    return Want("shop", unit=UNIT, **more)


WRITE = steps.write(CONF, b"new")


@pytest.mark.parametrize(
    "case, wanted, there, touched, expected",
    [
        ("runs and nothing changed", want(), have(), [], []),
        ("a changed file is reloaded and recorded", want(), have(), [WRITE], ["reload", "write"]),
        ("or restarted if asked", want(on_change="restart"), have(), [WRITE], ["restart", "write"]),
        ("a removed file too", want(), have(), [steps.remove(CONF)], ["reload", "write"]),
        ("a mode too", want(), have(), [steps.mode(CONF, mode=0o600)], ["reload", "write"]),
        ("dead is started", want(), have(DEAD), [], ["start", "write"]),
        ("failed is started", want(), have(DEAD._replace(active="failed")), [], ["start", "write"]),
        (
            "one that starts over and over is restarted",
            want(),
            have(DEAD._replace(active="activating")),
            [],
            ["restart", "write"],
        ),
        ("dead may stay dead", want(unit_state="any"), have(DEAD), [WRITE], []),
        ("any that runs is reloaded", want(unit_state="any"), have(), [WRITE], ["reload", "write"]),
        ("stopped that is dead", want(unit_state="stopped"), have(DEAD), [WRITE], []),
        ("not enabled yet", want(unit_enabled=True), have(RUNNING._replace(enabled="disabled")), [], ["enable"]),
        ("enabled already", want(unit_enabled=True), have(), [], []),
        ("static counts as enabled", want(unit_enabled=True), have(RUNNING._replace(enabled="static")), [], []),
        ("not to be enabled", want(unit_enabled=False), have(), [], ["disable"]),
        ("disabled already", want(unit_enabled=False), have(RUNNING._replace(enabled="disabled")), [], []),
        ("a drop-in", want(), have(), [steps.write(DROPIN, b"")], ["daemon-reload", "restart", "write"]),
        ("its environment", want(), have(), [steps.write(ENVIRONMENT, b"")], ["restart", "write"]),
        ("its binary", want(), have(), [steps.write(BINARY, b"")], ["restart", "write"]),
        ("systemd asks for a reload", want(), have(RUNNING._replace(needs_daemon_reload=True)), [], ["daemon-reload"]),
        ("a lost reload", want(), have(conf=YOUNG), [], ["reload", "write"]),
        ("a lost restart: the unit file", want(), have(fragment=YOUNG), [], ["restart", "write"]),
        ("a lost restart: the environment", want(), have(environment=YOUNG), [], ["restart", "write"]),
        ("a lost restart: the binary, upgraded by dpkg", want(), have(binary=YOUNG), [], ["restart", "write"]),
        ("a lost change of a unit that is dead", want(), have(DEAD, conf=YOUNG), [], ["start", "write"]),
        (
            "a new unit",
            want(files=(FileWant(DROPIN, b""),), unit_enabled=True),
            have(MISSING),
            [steps.write(DROPIN, b"")],
            ["daemon-reload", "enable", "start", "write"],
        ),
        ("a unit that a rehearsal cannot know", want(rehearsal=True), have(MISSING), [], ["start", "write"]),
        ("a unit that is gone and is to be stopped", want(unit_state="stopped"), have(MISSING), [], []),
    ],
)
def test_a_unit_takes_the_steps_that_it_needs(
    case: str, wanted: Want, there: Have, touched: list[Step], expected: list[str]
) -> None:
    drawn = unit.converge(wanted, there, touched)
    assert (actions(drawn.before), actions(drawn.after)) == ([], expected), case


def test_a_unit_is_stopped_while_its_files_are_still_there() -> None:
    drawn = unit.converge(want(unit_state="stopped", unit_enabled=False), have(), [steps.remove(DROPIN)])
    assert (actions(drawn.before), actions(drawn.after)) == (["stop", "disable"], ["daemon-reload"])


def test_the_reasons_name_path_and_cause() -> None:
    told = unit.converge(want(), have(binary=YOUNG), [WRITE]).reasons
    assert [(one.path, one.program) for one in told] == [(CONF, False), (BINARY, True)]
    assert told[0].why == unit.NOW


def test_a_call_without_a_unit_needs_nothing_of_it() -> None:
    assert unit.converge(Want("files"), Have(), [WRITE]) == unit.UnitPlan()


@pytest.mark.parametrize(
    "state, said", [(MISSING, "does not exist on this host"), (DEAD._replace(load="masked"), "systemctl unmask")]
)
def test_a_unit_that_cannot_start_is_refused_with_the_cure(state: UnitState, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        unit.converge(want(), have(state), [])


def recorded(there: Have, touched: list[Step]) -> dict[str, Any]:
    last = unit.converge(want(), there, touched).after[-1]
    assert (last.target, last.args["mode"]) == ("/record.json", 0o600)
    told: dict[str, Any] = json.loads(last.args["content"])
    return told


def test_the_record_tells_the_bytes_that_the_steps_leave_behind() -> None:
    link = steps.link("/etc/shop.link", "shop.conf")
    there = have()._replace(watched={**have().watched, "/etc/shop.old": OLD})
    told = recorded(there, [WRITE, link, steps.remove("/etc/shop.old")])
    new = {"sha256": files.digest(b"new"), "stat": None}
    assert told["config"] == {CONF: new, "/etc/shop.link": new}
    assert told["program"][BINARY] == {"sha256": f"digest of {BINARY}", "stat": [1]}


def test_the_record_keeps_what_other_calls_recorded() -> None:
    there = have()._replace(
        record=Record({"/etc/other.conf": Entry("1", (1,)), "/etc/gone.conf": Entry("2")}, {}),
        watched={CONF: OLD, "/etc/other.conf": OLD, "/etc/gone.conf": Watched(999.0)},
    )
    assert recorded(there, [WRITE])["config"] == {
        CONF: {"sha256": files.digest(b"new"), "stat": None},
        "/etc/other.conf": {"sha256": "1", "stat": [1]},
    }


def test_a_link_that_stays_is_recorded_with_what_it_leads_to_after_the_steps() -> None:
    there = have()._replace(watched={CONF: OLD, "/etc/current": Watched(999.0, (1,), leads_to=CONF)})
    assert recorded(there, [WRITE])["config"]["/etc/current"] == {"sha256": files.digest(b"new"), "stat": None}


def test_a_reload_brings_the_record_to_what_is_live_now() -> None:
    """What was recorded by the reload is not stale in the next run, though it is younger than the process."""
    first = have(conf=YOUNG)
    text = unit.converge(want(), first, []).after[-1].args["content"]

    second = first._replace(record=record.parse(text))
    assert unit.converge(want(), second, []) == unit.UnitPlan()


def test_a_record_that_stays_the_same_is_not_written() -> None:
    there = have()
    entries = {path: Entry(f"digest of {path}", OLD.stat) for path in there.watched}
    kept = Record({CONF: entries.pop(CONF)}, entries)
    assert dump(kept)
    drawn = unit.converge(want(), there._replace(record=kept, unit=DEAD), [])
    assert actions(drawn.after) == ["start"]
