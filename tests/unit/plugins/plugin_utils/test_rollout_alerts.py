# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import http.server
import json
import pathlib
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_alerts, rollout_ledgers


class Alertmanager(http.server.BaseHTTPRequestHandler):
    """Answers as the server's `answer` says, and keeps what it was asked."""

    def do_GET(self) -> None:
        status, body = self.server.answer  # type: ignore[attr-defined] # set by the fixture
        self.server.asked = urlsplit(self.path)  # type: ignore[attr-defined] # read by the tests
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_words: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    with http.server.HTTPServer(("127.0.0.1", 0), Alertmanager) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


def closed_by(server: Any, *matchers: str) -> list[str]:
    return rollout_alerts.closed_by(Server("Alertmanager", f"http://127.0.0.1:{server.server_port}/"), matchers)


def test_firing_alerts_close_the_gate_by_name_each_once(server: Any) -> None:
    down = {"labels": {"alertname": "Down", "instance": "app1"}}
    server.answer = (200, json.dumps([down, down, {"labels": {"alertname": "Slow"}}]))
    assert closed_by(server, 'severity="page"', "team=shop") == ["alert Down fires for app1", "alert Slow fires"]
    assert server.asked.path == "/api/v2/alerts"
    assert parse_qs(server.asked.query) == {
        "active": ["true"],
        "silenced": ["false"],
        "inhibited": ["false"],
        "filter": ['severity="page"', "team=shop"],
    }


def test_no_alert_leaves_the_gate_open(server: Any) -> None:
    server.answer = (200, "[]")
    assert closed_by(server) == []


@pytest.mark.parametrize(
    "answer, named",
    [
        ((400, "bad matcher format"), "with 400: bad matcher format"),
        ((200, "<html>"), "does not speak Alertmanager's API"),
        ((200, '["x"]'), "does not speak Alertmanager's API"),
    ],
)
def test_an_answer_that_tells_nothing_closes_the_gate(server: Any, answer: tuple[int, str], named: str) -> None:
    server.answer = answer
    (why,) = closed_by(server)
    assert named in why


def test_an_alertmanager_that_is_gone_closes_the_gate() -> None:
    (why,) = rollout_alerts.closed_by(Server("Alertmanager", "http://127.0.0.1:1"), [])
    assert why.startswith("Alertmanager at http://127.0.0.1:1 cannot be reached")


class Waiting:
    """A gate that alerts close for so many looks, and a clock that only sleep moves."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.said: list[str] = []
        self.now = 0.0

    def ask(self) -> list[str]:
        self.looks -= 1
        return ["alert Down fires"] if self.looks >= 0 else []

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def until_clear(self, wait_s: float) -> list[str]:
        return rollout_alerts.wait_until_clear(
            self.ask, wait_s, say=self.said.append, clock=lambda: self.now, sleep=self.sleep
        )


@pytest.mark.parametrize(
    "looks, wait_s, found, waited_s, said",
    [
        (0, 300, [], 0, []),
        (2, 300, [], 6, ["the gate waits up to 300 s: alert Down fires"]),
        (99, 10, ["alert Down fires"], 10, ["the gate waits up to 10 s: alert Down fires"]),
        (99, 0, ["alert Down fires"], 0, []),
    ],
)
def test_the_gate_waits_until_it_is_clear_or_the_time_is_over_and_says_once_what_for(
    looks: int, wait_s: float, found: list[str], waited_s: float, said: list[str]
) -> None:
    waiting = Waiting(looks)
    assert waiting.until_clear(wait_s) == found
    assert (waiting.now, waiting.said) == (waited_s, said)


def test_the_last_line_of_each_hosts_ledger_is_remembered(tmp_path: pathlib.Path) -> None:
    root = str(tmp_path)
    assert rollout_ledgers.seen(root, "app1") == ""
    rollout_ledgers.remember(root, "app1", "abc", "r1")
    rollout_ledgers.remember(root, "../app1", "other", "r1")
    assert (rollout_ledgers.seen(root, "app1"), rollout_ledgers.seen(root, "../app1")) == ("abc", "other")
    assert sorted(path.name for path in (tmp_path / "ledgers").iterdir()) == ["..%2Fapp1.json", "app1.json"]
