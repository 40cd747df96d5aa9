"""The servers app1 at 127.0.0.11 to app4 at 127.0.0.14, on port 8000.

/wait/SECONDS takes its time, /fail is an error, and /careful is one while the file /run/ill is there. Where an answer came from
stands in its header Server.
"""

from __future__ import annotations

import http.server
import os
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without it an answer on a kept connection waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True

    def version_string(self) -> str:
        return f"app{str(self.server.server_address[0])[-1]}"

    def do_GET(self) -> None:
        if self.path.startswith("/wait/"):
            time.sleep(float(self.path.removeprefix("/wait/")))
        ill = self.path == "/fail" or (self.path == "/careful" and os.path.exists("/run/ill"))
        self.send_response(500 if ill else 200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"no\n" if ill else b"ok\n")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, *_args: object) -> None:
        """Say nothing: the journal is HAProxy's."""


for number in range(1, 5):
    server = http.server.ThreadingHTTPServer((f"127.0.0.1{number}", 8000), Handler)
    threading.Thread(target=server.serve_forever).start()
