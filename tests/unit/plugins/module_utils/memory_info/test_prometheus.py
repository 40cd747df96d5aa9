"""The client against a server that answers what a real one answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import CommandFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.boot import Boot
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server
from ansible_collections.groundcrew.fleet.plugins.module_utils.memory_info import prometheus, state
from ansible_collections.groundcrew.fleet.plugins.module_utils.memory_info.state import Question

SERIES = {"metric": {"host": "app1"}, "values": [[1700000000, "1024"], [1700000001, "NaN"], [1700000002, "2048"]]}


class Told:
    status = 200
    body: Any = None
    asked: dict[str, list[str]]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def server(told: Told) -> Iterator[Server]:
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(told.status)
            self.end_headers()
            self.wfile.write(told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode())

        def log_message(self, *_args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield Server("Prometheus", f"http://127.0.0.1:{listening.server_port}/", timeout_s=5)
        listening.shutdown()
        thread.join()


def answer(*series: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(series)}}


def test_the_samples_of_one_series_are_read_and_what_is_no_number_is_left_out(server: Server, told: Told) -> None:
    told.body = answer(SERIES)
    assert prometheus.samples(server, "used", start=1, end=2, step_s=0.5) == [
        (1700000000.0, 1024.0),
        (1700000002.0, 2048.0),
    ]
    assert told.asked == {"query": ["used"], "start": ["1.000"], "end": ["2.000"], "step": ["0.5"]}


def test_the_value_of_one_series_is_read(server: Server, told: Told) -> None:
    told.body = answer({"metric": {}, "value": [1700000000, "4096"]})
    assert prometheus.value(server, "all") == 4096


@pytest.mark.parametrize(
    "status, body, why",
    [
        (200, answer(), "gives nothing"),
        (200, answer(SERIES, SERIES), "gives 2 series and one is needed"),
        (200, {"status": "success"}, "does not speak Prometheus"),
        (400, b"parse error at char 3", "refused POST .* with 400: parse error at char 3"),
    ],
)
def test_what_is_no_answer_is_told_with_its_reason(
    server: Server, told: Told, status: int, body: Any, why: str
) -> None:
    told.status, told.body = status, body
    with pytest.raises(CommandFailed, match=why):
        prometheus.samples(server, "used", start=1, end=2, step_s=1)


def test_a_prometheus_that_does_not_answer_makes_the_forecast_unknown_and_never_fine() -> None:
    unknown: list[str] = []
    question = Question(Server("Prometheus", "http://127.0.0.1:9", timeout_s=1), "used", 60, 1)
    found = state.foresee(question, 3600, Boot("a", 0, 1e6), 1024, unknown)
    assert (found["state"], found["within_horizon"], found["early"]) == ("unknown", None, False)
    assert "cannot be reached" in unknown[0]
