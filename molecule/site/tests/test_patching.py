"""A fleet of two is patched under load: a canary that fails its health stops the run, which goes on once the cause is gone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.groundcrew.fleet.tests.fleet.traffic import Traffic

PROJECT, SCENARIO = os.environ["MOLECULE_PROJECT_DIRECTORY"], os.environ["MOLECULE_SCENARIO_DIRECTORY"]
SSH = ("ssh", "-F", f"{PROJECT}/.cache/lab/lab-site/ssh_config")
CANARY, OTHER = HOSTS = ("old", "new")
RUN_ID = "patch-tuesday"
GATE_PORT = 19140
Marks = Mapping[str, Callable[[], None]]
SHOP = "http://127.0.0.1:18140/"
AMTOOL = "amtool --alertmanager.url=http://127.0.0.1:9093"
SILENCES = f"{AMTOOL} silence query --output=json"
SESSIONS = "journalctl --sync; journalctl -q -o cat -u ssh | grep -c 'Starting session: command'"
# One execution tells all; the parts come apart at lines of ---.
LOOK = f"""
dpkg-query -W -f '${{Version}}' crew-trouble; echo; echo ---
groundcrew lock; echo ---
groundcrew ledger --verify; echo ---
groundcrew ledger --json --last 1000; echo ---
echo 'show stat' | socat - /run/haproxy/admin.sock | grep ^shop,; echo ---
{SILENCES}; echo ---
{SILENCES} --expired; echo ---
{SESSIONS}
"""


class Server(NamedTuple):
    """What a load balancer makes of a server, and for how many seconds it has."""

    status: str
    since_s: int


class Seen(NamedTuple):
    """A host after a run; `silences` are those that its Alertmanager has in force, `ended` those that it had."""

    version: str
    lock: str
    verified: str
    ledger: tuple[dict[str, Any], ...]
    servers: Mapping[str, Server]
    silences: tuple[dict[str, Any], ...]
    ended: tuple[dict[str, Any], ...]
    sessions: int


class Run(NamedTuple):
    """A playbook's end: what it said, for how long it ran, its executions on each host, and each host afterwards."""

    rc: int
    said: str
    seconds: float
    executions: Mapping[str, int]
    after: Mapping[str, Seen]

    @property
    def versions(self) -> dict[str, str]:
        return {host: seen.version for host, seen in self.after.items()}

    def row(self, host: str) -> str:
        """The host's line of the table, with single spaces."""
        found = re.search(rf"^{host} +(?:-|\d) .*", self.said, re.MULTILINE)
        assert found, self.said
        return " ".join(found[0].split())


def on(host: str, script: str) -> str:
    argv = [*SSH, host, "sudo", "sh", "-s"]
    return subprocess.run(argv, input=script, capture_output=True, text=True, check=True).stdout


def look(host: str) -> Seen:
    parts = [part.strip() for part in on(host, LOOK).split("---\n")]
    rows = [line.split(",") for line in parts[4].splitlines()]
    return Seen(
        version=parts[0],
        lock=parts[1],
        verified=parts[2],
        ledger=tuple(json.loads(line) for line in parts[3].splitlines()),
        servers={row[1]: Server(row[17], int(row[23])) for row in rows if row[1] in HOSTS},
        silences=tuple(json.loads(parts[5])),
        ended=tuple(json.loads(parts[6])),
        sessions=int(parts[7]),
    )


def entries(seen: Seen) -> list[dict[str, Any]]:
    """The ledger's lines of the run."""
    return [entry for entry in seen.ledger if entry["run_id"] == RUN_ID]


def moments(seen: Seen) -> list[tuple[str, str, str]]:
    """For whom, from when and until when the run had silenced alerts at the host's Alertmanager."""
    mine = [one for one in seen.ended if one["comment"].endswith(f"[run {RUN_ID}]")]
    return [(one["matchers"][0]["value"], one["startsAt"][:19], one["endsAt"][:19]) for one in mine]


def offer(version: str) -> None:
    """Put a version of the package into every host's repository."""
    script = Path(SCENARIO, "files/offer.sh").read_text(encoding="utf-8")
    for host in HOSTS:
        on(host, f"set -- {version}\n{script}")


def play(name: str, folder: Path, *arguments: str, marks: Marks | None = None, **given: Any) -> Run:
    """Play one of the playbooks with its records in `folder`; `marks` say what to do once a line holds a text."""
    variables = {
        "patching_only": ["crew-trouble"],
        "rollout_waves": "1,rest",
        "rollout_health": {"http": [{"url": "http://127.0.0.1:8000/health"}], "within_s": 5},
        "rollout_state_dir": f"{folder}/rollouts",
        **given,
    }
    inventories = [f"--inventory={PROJECT}/molecule/shared/inventory", f"--inventory={SCENARIO}/hosts.yml"]
    argv = ["ansible-playbook", *inventories, f"--extra-vars={json.dumps(variables)}", *arguments]
    argv.append(f"{PROJECT}/playbooks/{name}.yml")
    left, lines = dict(marks or {}), []
    before, began = {host: int(on(host, SESSIONS)) for host in HOSTS}, time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as playing:
        for line in playing.stdout or ():
            lines.append(line)
            for mark in [mark for mark in left if mark in line]:
                left.pop(mark)()
    after = {host: look(host) for host in HOSTS}
    # The second question is an execution too.
    executions = {host: after[host].sessions - before[host] - 1 for host in HOSTS}
    return Run(playing.returncode, "".join(lines), time.monotonic() - began, executions, after)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("controller")


@pytest.fixture(scope="session")
def gate() -> Iterator[dict[str, Any]]:
    """The gate that one alert closes; Alertmanager, which listens for its own host alone, is reached by SSH."""
    forward = ["-N", "-L", f"{GATE_PORT}:127.0.0.1:9093", "-o", "ExitOnForwardFailure=yes", "-o", "ControlPath=none"]
    with subprocess.Popen([*SSH, *forward, OTHER], stdin=subprocess.DEVNULL) as tunnel:
        yield {"alertmanager_url": f"http://127.0.0.1:{GATE_PORT}", "alerts": ['alertname="CanaryHurts"']}
        tunnel.terminate()


def fire() -> None:
    on(OTHER, f"{AMTOOL} alert add CanaryHurts host={CANARY}")


def resolve() -> None:
    on(OTHER, f"{AMTOOL} alert add CanaryHurts host={CANARY} --end=$(date --utc +%FT%TZ)")


class Story(NamedTuple):
    """All runs, in their order, with what became of the requests meanwhile."""

    closed: Run
    checked: Run
    failed: Run
    held: Run
    resumed: Run
    idle: Run
    unpatched: Run
    requests: tuple[Mapping[str, Any], ...]


@pytest.fixture(scope="session")
def story(folder: Path, gate: dict[str, Any]) -> Story:
    """Both hosts have 1.0. They are offered 2.0, with which the shop is not well, and then 3.0, which is as good as 1.0."""
    offer("1.0")
    for host in HOSTS:
        on(host, "apt-get -qq install crew-trouble")
    offer("2.0")
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(time.gmtime().tm_wday + 3) % 7]
    window = {"name": "in three days", "days": [day], "start": "22:00", "end": "04:00", "timezone": "Etc/UTC"}
    closed = play("patch", folder, rollout_windows=[window])
    checked = play("patch", folder, "--check")
    failure, success = (Traffic(SHOP, rate=40, record=folder / name) for name in ("failure", "success"))
    with failure.flowing(at_least=0):
        failed = play("patch", folder, rollout_run_id=RUN_ID)

    offer("3.0")
    fire()
    opted_out = f"{{{{ 'the auditors look at it' if inventory_hostname == '{OTHER}' else '' }}}}"
    held = play("patch", folder, rollout_gate={**gate, "wait_s": 1}, patching_opt_out=opted_out)
    resolve()
    marks = {"Ensure that packages are as planned": fire, "the gate waits up to": resolve}
    with success.flowing(at_least=0):
        resumed = play("patch", folder, marks=marks, rollout_resume=RUN_ID, rollout_gate={**gate, "wait_s": 60})
    idle = play("patch", folder)
    unpatched = play("unpatch", folder, patching_undo=RUN_ID, rollout_waves=2, rollout_drain=False)
    return Story(closed, checked, failed, held, resumed, idle, unpatched, (failure.summary, success.summary))


def test_a_window_that_is_closed_refuses_before_any_host_is_asked(story: Story) -> None:
    assert story.closed.rc != 0
    assert "next opens" in story.closed.said
    assert story.closed.executions == dict.fromkeys(HOSTS, 0)


def test_a_check_run_shows_each_hosts_plan_before_the_first_wave_and_changes_nothing(story: Story) -> None:
    before_the_waves = story.checked.said.partition("PLAY [Roll out in waves]")[0]
    assert story.checked.rc == 0, story.checked.said
    for host in HOSTS:
        assert f"{host}: 1 update" in before_the_waves
        assert min(server.since_s for server in story.checked.after[host].servers.values()) > story.checked.seconds
    assert story.checked.versions == dict.fromkeys(HOSTS, "1.0")


def test_a_canary_that_is_not_well_stops_the_run_and_is_taken_back(story: Story) -> None:
    assert story.failed.rc != 0
    assert "stopped: 1 host failed or lost (old), the limit is 0; 1 undone, 1 planned" in story.failed.said
    assert story.failed.row(CANARY).startswith(f"{CANARY} 1 undone in service")
    assert "http://127.0.0.1:8000/health: Connection refused" in story.failed.row(CANARY)
    assert story.failed.after[CANARY].version == "1.0"
    changes = [change for entry in entries(story.failed.after[CANARY]) for change in entry["changes"]]
    assert [change["to"] for change in changes if change["kind"] == "package"] == [
        {"crew-trouble": "2.0"},
        {"crew-trouble": "1.0"},
    ]


def test_the_load_balancers_have_the_canary_back_and_never_missed_the_other(story: Story) -> None:
    for seen in story.failed.after.values():
        assert {server.status for server in seen.servers.values()} == {"UP"}
        assert seen.servers[CANARY].since_s < story.failed.seconds < seen.servers[OTHER].since_s


def test_hosts_after_the_canary_are_untouched(story: Story) -> None:
    assert story.failed.row(OTHER).startswith(f"{OTHER} 2 planned not touched -")
    assert story.failed.after[OTHER].version == "1.0"
    assert entries(story.failed.after[OTHER]) == []


def test_alerts_of_the_canary_were_silenced_for_its_turns_and_no_longer(story: Story) -> None:
    changes = [entry["when"][:19] for entry in entries(story.failed.after[CANARY])]
    for seen in story.failed.after.values():
        silenced = moments(seen)
        assert seen.silences == ()
        assert {whom for whom, _starts, _ends in silenced} == {CANARY}
        assert all(any(starts <= when <= ends for _whom, starts, ends in silenced) for when in changes)


def test_no_lock_is_left_and_the_ledgers_hold(story: Story) -> None:
    for run in (story.failed, story.resumed, story.unpatched):
        for seen in run.after.values():
            assert seen.lock == "nobody holds this host"
            assert seen.verified.endswith("every line follows from the one before")


def test_nobody_loses_a_request(story: Story) -> None:
    for traffic in story.requests:
        assert traffic["sent"] > 100
        assert traffic["lost"] == 0, traffic["failures"]


def test_an_alert_that_fires_on_stops_the_run_before_a_wave(story: Story) -> None:
    assert story.held.rc != 0
    assert "stopped: the gate is closed: " in story.held.said
    assert story.held.row(CANARY).startswith(f"{CANARY} 1 planned not touched")
    assert story.held.versions == dict.fromkeys(HOSTS, "1.0")


def test_a_host_that_has_opted_out_is_named_with_its_reason(story: Story) -> None:
    assert f"opted out: {OTHER}, the auditors look at it" in story.held.said
    assert story.held.row(OTHER) == f"{OTHER} - opted out not touched - the auditors look at it"


def test_the_run_is_resumed_once_the_cause_is_gone_and_waits_for_an_alert_that_ends(story: Story) -> None:
    assert story.resumed.rc == 0, story.resumed.said
    assert "the gate waits up to 60 s: " in story.resumed.said
    assert f"{RUN_ID}, attempt 2" in story.resumed.said
    assert f"{RUN_ID}: every host is done: 2 done" in story.resumed.said
    assert story.resumed.versions == dict.fromkeys(HOSTS, "3.0")


def test_a_run_with_nothing_to_do_makes_at_most_three_executions_on_a_host(story: Story) -> None:
    assert story.idle.rc == 0, story.idle.said
    assert story.idle.said.count("nothing to do: no update is due") >= len(HOSTS)
    assert max(story.idle.executions.values()) <= 3, story.idle.executions


def test_a_run_is_taken_back_to_where_it_began_over_both_of_its_attempts(story: Story) -> None:
    # The canary came to 3.0 from 1.0, for its first attempt was taken back; the other had one attempt only.
    assert story.unpatched.rc == 0, story.unpatched.said
    assert story.unpatched.versions == dict.fromkeys(HOSTS, "1.0")
