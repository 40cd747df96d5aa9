# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import multiprocessing
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, HostLocked, Unreadable
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout.events import Run, host_event
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_driver, rollout_record
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.rollout_record import Place
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.rollout.telling import DRIVER, begin

ME = rollout_driver.identify(os.getpid())
GONE = {**ME, "started": "long ago"}
FAR = {**ME, "node": "elsewhere"}


@pytest.fixture
def path(tmp_path: pathlib.Path) -> str:
    record = str(tmp_path / "r1.jsonl")
    rollout_record.append(record, lambda _run: [begin([f"h{number}" for number in range(50)])])
    return record


def say(host: str, state: str = "begun", why: str = "") -> Any:
    return lambda _run: [host_event(host, state, why=why)]


def append_ten(path: str, host: str) -> None:
    for _turn in range(10):
        rollout_record.append(path, say(host, "failed", why=host * 100))


def test_fifty_processes_that_append_at_once_lose_no_line(path: str) -> None:
    context = multiprocessing.get_context("fork")
    forks = [context.Process(target=append_ten, args=(path, f"h{number}")) for number in range(50)]
    for fork in forks:
        fork.start()
    for fork in forks:
        fork.join()
    lines = pathlib.Path(path).read_bytes().splitlines()
    assert len(lines) == 501
    assert len({json.loads(line).get("host") for line in lines}) == 51


def test_what_is_decided_upon_is_what_the_others_have_written(path: str) -> None:
    rollout_record.append(path, say("h1"))
    seen: list[str] = []

    def decide(run: Run | None) -> Sequence[Mapping[str, Any]]:
        assert run is not None
        seen.append(run.hosts["h1"].state)
        return []

    rollout_record.append(path, decide)
    assert seen == ["begun"]


def test_a_torn_last_line_is_ignored_and_the_next_one_starts_on_its_own(path: str) -> None:
    with open(path, "ab") as record:
        record.write(b'{"v":1,"event":"host","host":"h1","sta')
    found = rollout_record.read(path)
    assert found is not None
    assert found.hosts["h1"].state == "planned"
    assert rollout_record.append(path, say("h2")).hosts["h2"].state == "begun"
    assert [json.loads(line)["event"] for line in pathlib.Path(path).read_text().splitlines()] == ["begin", "host"]


def test_a_damaged_line_in_the_middle_is_no_record(path: str) -> None:
    with open(path, "ab") as record:
        record.write(b"{}}\n")
    with pytest.raises(Unreadable, match=r"r1.jsonl cannot be understood .* start a new run"):
        rollout_record.append(path, say("h1"))


def test_a_record_is_for_its_owner_only(path: str) -> None:
    assert os.stat(path).st_mode & 0o077 == 0


def test_only_the_driver_that_began_may_go_on(path: str) -> None:
    rollout_record.append_as(path, DRIVER, lambda _run: [])
    with pytest.raises(BadInput, match="has not begun the rollout"):
        rollout_record.append_as(path, ME, lambda _run: [])
    with pytest.raises(BadInput, match="is gone"):
        rollout_record.append_as(path + "x", ME, lambda _run: [])


def started(
    tmp_path: pathlib.Path, run_id: str, driver: dict[str, Any], *more: dict[str, Any], check: bool = False
) -> Place:
    place = Place(str(tmp_path), check=check)
    with rollout_record.opening(place):
        told = [begin(["app1", "app2"], run_id=run_id, driver=driver), *more]
        rollout_record.append(place.record(run_id), lambda _run: told)
    return place


@pytest.mark.parametrize(
    "driver, more, hosts, take_over, refused",
    [
        (ME, [], ["app2", "app9"], "", True),
        (ME, [], ["app9"], "", False),
        (ME, [{"event": "end"}], ["app1"], "", False),
        (GONE, [], ["app1"], "", False),
        (FAR, [], ["app1"], "", True),
        (FAR, [], ["app1"], "r1", False),
        (ME, [], ["app1"], "r1", True),
        (ME, [], ["app9"], "r1", True),
    ],
)
def test_a_second_driver_is_refused_while_the_first_may_live(
    tmp_path: pathlib.Path,
    driver: dict[str, Any],
    more: list[dict[str, Any]],
    hosts: list[str],
    take_over: str,
    refused: bool,
) -> None:
    with rollout_record.opening(started(tmp_path, "r1", driver, *more)) as runs:
        if not refused:
            rollout_record.refuse_second(runs, hosts, take_over=take_over)
            return
        with pytest.raises(HostLocked, match=r"rollout r1 is under way on .*app.* process \d+ on .* resume=r1"):
            rollout_record.refuse_second(runs, hosts, take_over=take_over)


def test_old_records_go_and_those_that_have_not_ended_stay(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout_record, "KEEP", 1)
    started(tmp_path, "open", GONE)
    place = started(tmp_path, "old", GONE, {"event": "end"})
    for report in rollout_record.reports(place, "old"):
        rollout_record.write_file(report, "{}")
    started(tmp_path, "new", GONE, {"event": "end"})
    with rollout_record.opening(place) as runs:
        assert sorted(run.run_id for run in runs) == ["new", "open"]
    assert sorted(path.name for path in (tmp_path / "rollouts").iterdir()) == [".begin", "new.jsonl", "open.jsonl"]


def test_records_of_check_runs_go_with_their_driver_and_are_kept_apart(tmp_path: pathlib.Path) -> None:
    started(tmp_path, "living", ME, check=True)
    place = started(tmp_path, "dead", GONE, {"event": "end"}, check=True)
    with rollout_record.opening(place) as runs:
        assert [run.run_id for run in runs] == ["living"]
    with rollout_record.opening(Place(str(tmp_path))) as runs:
        assert runs == []


@pytest.mark.parametrize(
    "given, environment, expected",
    [
        ("/srv/state", {"GROUNDCREW_STATE": "/env"}, "/srv/state"),
        ("", {"GROUNDCREW_STATE": "/env", "XDG_STATE_HOME": "/xdg"}, "/env"),
        ("", {"XDG_STATE_HOME": "/xdg"}, "/xdg/groundcrew"),
        ("", {}, os.path.expanduser("~/.local/state/groundcrew")),
    ],
)
def test_the_state_directory_is_the_given_one_or_the_users_own(
    given: str, environment: dict[str, str], expected: str
) -> None:
    assert rollout_record.state_directory(given, environment) == expected
