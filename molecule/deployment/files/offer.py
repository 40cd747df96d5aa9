"""Serve /srv/artefacts: below /whole as it is, below /tampered with one bit of each artefact turned over on its way."""

from __future__ import annotations

import http.server
from pathlib import Path


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        _root, way, name = self.path.split("/")
        content = bytearray(Path("/srv/artefacts", name).read_bytes())
        if way == "tampered" and name.endswith(".tar.gz"):
            content[len(content) // 2] ^= 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


http.server.ThreadingHTTPServer(("127.0.0.1", 8099), Handler).serve_forever()
