"""A small server that answers Prometheus's instant queries over real HTTP, with the numbers that it is told."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server


class Prometheus:
    """`answer` gives the numbers for a query, a series each; `asked` are the queries so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.answer: Callable[[str], list[float]] = lambda _query: []

    def server(self) -> Server:
        """Return it as one asks it."""
        return Server("Prometheus", self.url)

    def queries(self, *, p99: bool = True) -> dict[str, Any]:
        """Return the option `prometheus` of a gate whose queries this server understands."""
        named = {name: f'{name}({{host=~"$hosts"}}[$window])' for name in ("requests", "errors", "p99")}
        return {"url": self.url, **named} if p99 else {"url": self.url, **named, "p99": None}


@contextlib.contextmanager
def serving() -> Iterator[Prometheus]:
    """Yield a Prometheus that listens on a port of its own."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            query = urllib.parse.parse_qs(form)["query"][0]
            told.asked.append(query)
            rows = [{"metric": {}, "value": [0, str(number)]} for number in told.answer(query)]
            body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": rows}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Prometheus(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
