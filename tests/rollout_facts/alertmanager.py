"""A small server that speaks the three calls of Alertmanager's silences and the one of its alerts, over real HTTP."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

PATIENCE_S = 240


class Alertmanager:
    """What the server was told: its silences, what each of its calls did in order, and the alerts that fire."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.silences: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.firing: list[str] = []
        self.questions = 0
        self.refuses = False
        # Who asks without `user:password` is told nothing, where one is set.
        self.secret = ""

    def status(self, authorization: str) -> int:
        """The HTTP status for who asks with that header."""
        if self.secret and authorization != f"Basic {base64.b64encode(self.secret.encode()).decode()}":
            return 401
        return 503 if self.refuses else 200

    def live(self) -> list[str]:
        """Whom the silences are for that are in force."""
        return [_whom(one) for one in self.silences.values() if one["status"]["state"] == "active"]

    def wait_for_questions(self, number: int) -> None:
        """Wait until somebody has asked for alerts that often."""
        deadline = time.monotonic() + PATIENCE_S
        while self.questions < number:
            assert time.monotonic() < deadline, f"asked {self.questions} times only"
            time.sleep(0.05)

    def put(self, body: dict[str, Any]) -> str:
        name = body.pop("id", None) or f"s{len(self.silences)}"
        self.silences[name] = {**body, "id": name, "status": {"state": "active"}}
        self.calls.append(f"{_whom(body)} silenced")
        return name

    def expire(self, name: str) -> None:
        self.silences[name]["status"]["state"] = "expired"
        self.calls.append(f"{_whom(self.silences[name])} ended")


def _whom(silence: dict[str, Any]) -> str:
    return " ".join(matcher["value"] for matcher in silence["matchers"])


class Handler(http.server.BaseHTTPRequestHandler):
    told: Alertmanager

    def do_GET(self) -> None:
        if not self._may():
            return
        if self.path.startswith("/api/v2/alerts"):
            self.told.questions += 1
            self._answer([{"labels": {"alertname": name}} for name in self.told.firing])
        else:
            self._answer(list(self.told.silences.values()))

    def do_POST(self) -> None:
        if not self._may():
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer({"silenceID": self.told.put(body)})

    def do_DELETE(self) -> None:
        if not self._may():
            return
        self.told.expire(self.path.rpartition("/")[2])
        self._answer(None)

    def _may(self) -> bool:
        status = self.told.status(self.headers.get("Authorization", ""))
        if status != 200:
            self.send_response(status)
            self.end_headers()
        return status == 200

    def _answer(self, body: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"" if body is None else json.dumps(body).encode())

    def log_message(self, *_words: Any) -> None:
        pass


@contextlib.contextmanager
def serving() -> Iterator[Alertmanager]:
    """Yield an Alertmanager that listens on a port of its own."""

    class Own(Handler):
        pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own) as server:
        Own.told = Alertmanager(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Own.told
        finally:
            server.shutdown()
            thread.join()
