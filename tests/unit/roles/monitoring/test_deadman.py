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
from ansible_collections.groundcrew.fleet.tests.unit.roles.monitoring.programs import chatterbox, config_file, load

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


def test_a_way_that_cannot_work_keeps_no_other_from_being_tried(tmp_path: Path) -> None:
    with receiver() as pager, mailbox() as letters, chatterbox(b"220 no web\r\n") as junk:
        hooks = ["hooks/secret", "http://127.0.0.1:port/secret", "http://[/secret", 3, f"{junk}/secret", pager.url]
        smtp = {"host": "127.0.0.1", "port": letters.server_address[1], "from": "fleet@x.org", "to": ["crew@x.org"]}
        dead = f"http://127.0.0.1:{live.free_port()}"
        given = {**config(tmp_path, dead, pager.url), "webhooks": hooks, "smtp": smtp}
        deadman.save(given["state"], {"alive": 1000.0, "told": 0.0})
        failures = deadman.run(given, 2000.0)
        assert [one.split(" failed: ")[0] for one in failures] == [f"webhook {number}" for number in range(5)]
        assert "secret" not in "".join(failures)
        assert [status for status, _text in notes(pager)] == ["dead"]
        assert len(letters.got) == 1
    assert deadman.load(given["state"])["told"] == 2000.0


def test_text_stands_for_numbers_lists_and_switches(tmp_path: Path) -> None:
    with receiver() as pager, mailbox() as letters:
        port = str(letters.server_address[1])
        smtp = {"host": "127.0.0.1", "port": port, "from": "a@x.org", "to": "b@x.org, c@x.org", "starttls": "no"}
        dead = f"http://127.0.0.1:{live.free_port()}"
        text = {"after_s": "300", "repeat_s": "3600", "stale_s": "180", "timeout_s": "2"}
        given = {
            **config(tmp_path, dead, ""),
            "webhooks": f"{pager.url}, {pager.url}",
            "smtp": smtp,
            **text,
        }
        deadman.save(given["state"], {"alive": 1000.0, "told": 0.0})
        assert deadman.run(given, 1299.0) == []
        assert deadman.run(given, 1300.0) == []
        assert len(notes(pager)) == 2
        assert "To: b@x.org, c@x.org" in letters.got[0]


@pytest.mark.parametrize(
    "told,flaw",
    [
        ({"webhooks": ["hooks.example.com/secret"]}, "webhook 0 is no http or https URL"),
        ({"webhooks": ["https://x/ok", "https://x/secret and more"]}, "webhook 1 is no http or https URL"),
        ({"webhooks": [{"url": "https://x/secret"}]}, "webhook 0 is no http or https URL"),
        ({"webhooks": ["https://x:secret"]}, "webhook 0 is no http or https URL"),
        ({"smtp": {"host": "x", "from": "a@x"}}, "smtp has no to"),
        ({"smtp": "host=x,password=secret"}, "smtp is no mapping"),
    ],
)
def test_what_could_tell_nobody_is_said_while_all_is_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], told: dict[str, Any], flaw: str
) -> None:
    with alertmanager(SILENT, tmp_path) as server:
        server.fire({"alertname": "Watchdog"})
        given = {"alertmanagers": [server.url], "state": str(tmp_path / "run/state.json"), **told}
        assert deadman.main([config_file(tmp_path, given)]) == 1
        assert capsys.readouterr().err == f"groundcrew-deadman: {flaw}\n"
    assert deadman.load(given["state"])["told"] == 0


@pytest.mark.parametrize(
    "answer,kind",
    [
        (b"220 mail here\r\n", "BadStatusLine"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[]", "IncompleteRead"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", "JSONDecodeError"),
    ],
)
def test_an_alertmanager_that_answers_junk_is_one_that_does_not_answer(answer: bytes, kind: str) -> None:
    with chatterbox(answer) as url:
        told = [f"Alertmanager at {url} does not answer: {kind}"]
        assert deadman.reasons({"alertmanagers": [url], "timeout_s": 2}, 0.0) == told


@pytest.mark.parametrize(
    "given,mode,complaint",
    [
        ({"alertmanagers": ["http://x"], "webhooks": ["http://y"]}, 0o640, "set its mode to 0600"),
        ({"webhooks": ["http://y"]}, 0o600, "names no alertmanagers"),
        ({"alertmanagers": ["http://x"]}, 0o600, "nobody would be told"),
        (
            {"alertmanagers": ["http://x"], "webhooks": ["http://y"], "after_s": "soon"},
            0o600,
            "after_s is no number of seconds",
        ),
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
