"""groundcrew-deadman, beside a live Alertmanager that lives and dies."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils import live_alertmanager as live
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.live_alertmanager import (
    Receiver,
    alertmanager,
    mailbox,
    receiver,
)
from ansible_collections.groundcrew.fleet.tests.unit.roles.monitoring.programs import config_file, load

deadman = load("groundcrew-deadman")
SILENT = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
TIMES = {"after_s": 300, "repeat_s": 3600}


@pytest.mark.parametrize(
    "state,why,now,after,told",
    [
        ({}, [], 1000, {"alive": 1000, "told": 0}, ""),
        ({}, ["x"], 1000, {"alive": 1000, "told": 0}, ""),
        ({"alive": 1000, "told": 0}, ["x"], 1299, {"alive": 1000, "told": 0}, ""),
        ({"alive": 1000, "told": 0}, ["x"], 1300, {"alive": 1000, "told": 1300}, "dead"),
        ({"alive": 1000, "told": 1300}, ["x"], 4899, {"alive": 1000, "told": 1300}, ""),
        ({"alive": 1000, "told": 1300}, ["x"], 4900, {"alive": 1000, "told": 4900}, "dead"),
        ({"alive": 1000, "told": 1300}, [], 1400, {"alive": 1400, "told": 0}, "well"),
        ({"alive": 1000, "told": 0}, [], 1400, {"alive": 1400, "told": 0}, ""),
        # The clock was set back by an hour.
        ({"alive": 9000, "told": 0}, ["x"], 5400, {"alive": 5400, "told": 0}, ""),
    ],
)
def test_people_are_told_after_a_while_again_at_an_interval_and_when_it_is_over(
    state: dict[str, float], why: list[str], now: float, after: dict[str, float], told: str
) -> None:
    assert deadman.decide(state, why, TIMES, now) == (after, told)


def config(directory: Path, url: str, hook: str, **more: Any) -> dict[str, Any]:
    state = str(directory / "run/state.json")
    return {"alertmanagers": [url], "webhooks": [hook], "state": state, "timeout_s": 2, **TIMES, **more}


def notes(pager: Receiver) -> list[tuple[str, str]]:
    return [(body["status"], body["text"]) for body in pager.bodies]


def test_the_death_of_monitoring_and_its_return_are_told_by_webhook_and_mail(tmp_path: Path) -> None:
    with receiver() as pager, mailbox() as letters:
        smtp = {"host": "127.0.0.1", "port": letters.server_address[1], "from": "fleet@x.org", "to": ["crew@x.org"]}
        with alertmanager(SILENT, tmp_path) as server:
            given = config(tmp_path, server.url, pager.url, smtp=smtp)
            now = time.time()
            server.fire({"alertname": "Watchdog"})
            assert deadman.run(given, now) == []
            assert notes(pager) == []
            # The server stays, and hears nothing any more.
            assert deadman.run(given, now + 250) == []
            assert deadman.run(given, now + 400) == []
            ((status, text),) = notes(pager)
            assert status == "dead"
            assert "had no news of the watchdog for 4" in text
            server.fire({"alertname": "Watchdog"})
            assert deadman.run(given, now + 10) == []
            assert [status for status, _text in notes(pager)] == ["dead", "well"]
        assert [letter.split("Subject: ")[1].split("\n")[0].strip() for letter in letters.got] == [
            "Monitoring is dead",
            "Monitoring is well again",
        ]


def test_a_server_that_is_gone_or_knows_no_watchdog_is_named(tmp_path: Path) -> None:
    with receiver() as pager:
        with alertmanager(SILENT, tmp_path) as server:
            given = config(tmp_path, server.url, pager.url)
            assert "has no alert Watchdog: Prometheus does not reach it" in deadman.reasons(given, 0.0)[0]
        assert "does not answer" in deadman.reasons(given, 0.0)[0]


def test_one_alertmanager_of_two_that_hears_is_enough(tmp_path: Path) -> None:
    with alertmanager(SILENT, tmp_path) as server:
        server.fire({"alertname": "Watchdog"})
        two = {"alertmanagers": [f"http://127.0.0.1:{live.free_port()}", server.url], "timeout_s": 2}
        assert deadman.reasons(two, time.time()) == []


def test_what_could_be_told_to_nobody_is_tried_again_and_no_secret_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = f"http://127.0.0.1:{live.free_port()}"
    given = config(
        tmp_path, dead, f"{dead}/hook-secret", smtp={"host": "127.0.0.1", "port": 1, "from": "a@x", "to": ["b@x"]}
    )
    deadman.save(given["state"], {"alive": 1000.0, "told": 0.0})
    assert len(deadman.run(given, 2000.0)) == 2
    assert deadman.load(given["state"]) == {"alive": 1000.0, "told": 0.0}
    assert deadman.main([config_file(tmp_path, given)]) == 1
    said = capsys.readouterr().err
    assert "webhook 0 failed" in said
    assert "secret" not in said
    with receiver() as pager:
        assert len(deadman.run({**given, "webhooks": [pager.url]}, 2000.0)) == 1
        assert notes(pager)[0][0] == "dead"
    assert deadman.load(given["state"])["told"] == 2000.0


@pytest.mark.parametrize(
    "given,mode,complaint",
    [
        ({"alertmanagers": ["http://x"], "webhooks": ["http://y"]}, 0o640, "set its mode to 0600"),
        ({"webhooks": ["http://y"]}, 0o600, "names no alertmanagers"),
        ({"alertmanagers": ["http://x"]}, 0o600, "nobody would be told"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: dict[str, Any], mode: int, complaint: str
) -> None:
    assert deadman.main([config_file(tmp_path, given, mode=mode)]) == 1
    assert complaint in capsys.readouterr().err


def test_a_state_that_is_torn_is_none_and_one_that_is_saved_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "run/state.json"
    assert deadman.load(str(path)) == {}
    deadman.save(str(path), {"alive": 1.0, "told": 2.0})
    assert json.loads(path.read_text()) == {"alive": 1.0, "told": 2.0}
    assert stat.S_IMODE(os.stat(path.parent).st_mode) == 0o755
    path.write_text('{"alive": 1')
    assert deadman.load(str(path)) == {}
