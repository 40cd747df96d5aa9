"""A server on the port of its first argument, which maps the library of the package `crew-library`; /slow takes 15 seconds."""

from __future__ import annotations

import ctypes
import http.server
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        time.sleep(15 if self.path == "/slow" else 0)
        self.send_response(503 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(b"no database\n" if self.path == "/broken" else b"well\n")


ctypes.CDLL("/usr/lib/crew/libcrew.so.1")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
