"""Serve the shop over HTTP; the standard library is all it needs.

It is slow to start (SHOP_STARTUP_S seconds, 503 until then) and dies at once on SIGTERM with whatever it was
answering: a rollout that gets it through an afternoon without a lost request has protected it, not the other way round.
"""

from __future__ import annotations

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import shop

VERSION = Path(__file__).with_name("VERSION").read_text(encoding="utf-8").strip()
STARTUP_S = float(os.environ.get("SHOP_STARTUP_S", "5"))
PORT = int(os.environ.get("SHOP_PORT", "8000"))
ready = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes; without this the second one waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    # Each answer names the version that gave it, in its Server header.
    server_version = f"shop/{VERSION}"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path == "/version":
            self._answer(200, json.dumps({"app": "shop", "version": VERSION}))
        elif not ready.is_set():
            self._answer(503, "starting\n")
        elif self.path == "/health":
            self._answer(200, "ready\n")
        elif self.path == "/metrics":
            self._answer(200, f'# TYPE shop_info gauge\nshop_info{{version="{VERSION}"}} 1\n')
        elif self.path == "/":
            self._answer(200, shop.page())
        else:
            self._answer(404, "no such page\n")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/":
            self._answer(404, "no such page\n")
        elif not ready.is_set():
            self._answer(503, "starting\n")
        else:
            self._answer(201, shop.order(body))

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing for each request: the load balancer logs those that went wrong."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def warm_up() -> None:
    """Become ready after the time that a start takes."""
    time.sleep(STARTUP_S)
    ready.set()
    print(f"shop {VERSION} is ready on port {PORT}", flush=True)


if __name__ == "__main__":
    shop.open_catalogue()
    server = Server(("", PORT), Handler)
    threading.Thread(target=warm_up, daemon=True).start()
    server.serve_forever()
