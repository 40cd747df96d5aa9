"""A service that nobody fixes: while /run/leak is there it grows by 1 MiB a second, to 150 MiB, and tells its size as a metric."""

from __future__ import annotations

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

MIB = 1024 * 1024
kept: list[bytes] = []
# So much at once that nothing else in the host is as big.
if os.path.exists("/run/leak"):
    kept += [os.urandom(MIB) for _piece in range(50)]


def leak() -> None:
    while len(kept) < 150:
        if os.path.exists("/run/leak"):
            kept.append(os.urandom(MIB))
        time.sleep(1)


class Metrics(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        with open("/proc/self/statm", encoding="ascii") as file:
            size = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"leak_resident_bytes {size}\n".encode())

    def log_message(self, *args: object) -> None:
        """Every second a line would only hide the others."""


threading.Thread(target=leak, daemon=True).start()
HTTPServer(("127.0.0.1", 9105), Metrics).serve_forever()
