"""The scenario's shop: it takes its socket from systemd, says when it is ready, and finishes what it has begun when it is told to end."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

try:
    from crew_greeting import WORDS
except ImportError:
    WORDS = "nobody greets"

VERSION = Path(__file__).with_name("VERSION").read_text().strip()
FLAPS = VERSION == "3.0.0"
asked = itertools.count()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(0.3)
        broken = FLAPS and self.path == "/health" and next(asked) % 2
        self.send_response(503 if broken else 200)
        self.end_headers()
        self.wfile.write({"/version": VERSION, "/greeting": WORDS}.get(self.path, "well").encode())

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing for each request."""


class Server(ThreadingHTTPServer):
    # Its end waits for every request that it has begun.
    daemon_threads = False


server = Server(("", 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=3)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
time.sleep(0.5)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
    systemd.connect(os.environ["NOTIFY_SOCKET"])
    systemd.sendall(b"READY=1")
server.serve_forever()
server.server_close()
