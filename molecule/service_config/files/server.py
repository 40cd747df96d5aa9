"""A service with all that service_config has to deal with: a checker, a reload, an environment, and health that can break.

`server.py --check FILE…` judges config files; `server.py` serves /health with what it read at its start or last SIGHUP.
"""

import http.server
import json
import os
import pathlib
import signal
import sys

CONFIG, MORE = pathlib.Path("/etc/shop/shop.json"), pathlib.Path("/etc/shop/conf.d")


def load(path):
    config = json.loads(path.read_text())
    if "greeting" not in config:
        raise ValueError(f"{path}: greeting is missing in {config}")
    return config


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        health = json.dumps({**self.server.config, "reloads": self.server.reloads})
        body = (os.environ["TOKEN"] if self.path == "/token" else health).encode()
        self.send_response(200 if self.server.config.get("healthy", True) else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def main():
    server = http.server.HTTPServer(("127.0.0.1", 8000), Handler)

    def read(*_):
        server.config = load(CONFIG)
        for path in sorted(MORE.glob("*.json")):
            server.config.update(load(path))
        server.reloads += 1

    server.reloads = -1
    read()
    signal.signal(signal.SIGHUP, read)
    server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        try:
            for path in sys.argv[2:]:
                load(pathlib.Path(path))
        except ValueError as error:
            sys.exit(str(error))
    else:
        main()
