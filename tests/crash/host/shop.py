"""The service under test: it reads its files at its start and at SIGHUP, and answers what it read.

GET /     the digest of all that it runs with, then its main config
"""

from __future__ import annotations

import hashlib
import http.server
import os
import signal
import sys

ROOT = "/srv/crash/shop"
PORT = 8077


def files() -> dict[str, bytes]:
    """Return what a start or a reload would run with now, by path."""
    found = {}
    for top, _folders, names in os.walk(ROOT):
        for name in names:
            path = f"{top}/{name}"
            if ".groundcrew-" not in name and name.endswith((".conf", ".key")):
                with open(path, "rb") as file:
                    found[path] = file.read()
    found["current"] = os.readlink(f"{ROOT}/current").encode()
    return found


def digest(content: dict[str, bytes]) -> str:
    """Return one name for the whole of it."""
    return hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()


class Shop(http.server.BaseHTTPRequestHandler):
    loaded: dict[str, bytes]

    def do_GET(self) -> None:
        body = f"{digest(Shop.loaded)}\n".encode() + Shop.loaded.get(f"{ROOT}/service.conf", b"")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def load(*_signal: object) -> None:
    Shop.loaded = files()
    if b"broken" in Shop.loaded.get(f"{ROOT}/service.conf", b""):
        sys.exit("the config is broken")


if __name__ == "__main__":
    # A reload that comes while the files are read waits until they are.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    signal.signal(signal.SIGHUP, load)
    load()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
    http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Shop).serve_forever()
