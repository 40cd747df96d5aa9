"""The programs that the role puts on hosts, loaded by their path."""

from __future__ import annotations

import importlib.util
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

FILES = Path(__file__).resolve().parents[4] / "roles/monitoring/files"


def load(name: str) -> Any:
    loader = SourceFileLoader(name.replace("-", "_"), str(FILES / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def config_file(directory: Path, config: dict[str, Any], *, mode: int = 0o600) -> str:
    path = directory / "config.json"
    path.write_text(json.dumps(config))
    path.chmod(mode)
    return str(path)


@contextmanager
def chatterbox(answer: bytes) -> Iterator[str]:
    """The URL of something that says the same to whoever calls, whatever it is asked."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
