"""A real Alertmanager on 127.0.0.1, and a receiver that notes what it is told."""

from __future__ import annotations

import json
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[4]
UNPACKED = ROOT / ".cache/unpacked/usr/bin"


def program(name: str) -> str:
    """The program as script/setup unpacks it, else the one that is installed; the test is skipped without."""
    found = UNPACKED / name if (UNPACKED / name).exists() else shutil.which(name)
    if not found:
        pytest.skip(f"{name}: the program is neither unpacked by script/setup nor installed")
    return str(found)


# Where Debian's Alertmanager looks for its templates of messages, and the same from the directory that it is unpacked to.
TEMPLATES = b"/usr/share/prometheus/alertmanager"
BESIDE = TEMPLATES[1:] + b"/"


def runnable(directory: Path) -> list[str]:
    """How Alertmanager is run. One that is only unpacked looks for templates beside it: a copy of it is told to, and nothing else."""
    found = Path(program("prometheus-alertmanager"))
    if Path(TEMPLATES.decode()).exists():
        return [str(found)]
    copy = directory / "alertmanager"
    copy.write_bytes(found.read_bytes().replace(TEMPLATES, BESIDE))
    copy.chmod(0o755)
    return [str(copy)]


def amtool(path: Path, *arguments: str) -> str:
    """What amtool says of a configuration; an AssertionError holds its complaint."""
    done = subprocess.run([program("amtool"), *arguments, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write(path: Path, config: Mapping[str, Any]) -> Path:
    # JSON is YAML, and much faster to write.
    path.write_text(json.dumps(config))
    return path


class Server(ThreadingHTTPServer):
    """Alertmanager calls for all groups at once."""

    daemon_threads = True
    request_queue_size = 512


class Receiver:
    """A webhook for Alertmanager. `told` has a pair for each alert: its name and the receiver that it went to."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        notes = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                notes.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def told(self) -> set[tuple[str, str]]:
        return {
            (alert["labels"]["alertname"], body["receiver"]) for body in list(self.bodies) for alert in body["alerts"]
        }

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    try:
        yield found
    finally:
        found.close()


class Letters(socketserver.ThreadingTCPServer):
    """As much of a mail server as a mail needs."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.got: list[str] = []
        super().__init__(("127.0.0.1", 0), Mailbox)


class Mailbox(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Letters)
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line.split()[0].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                letter = []
                while (part := self.rfile.readline()) != b".\r\n":
                    letter.append(part.decode())
                self.server.got.append("".join(letter))
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            if word == b"QUIT":
                return


@contextmanager
def mailbox() -> Iterator[Letters]:
    with Letters() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


class Live(NamedTuple):
    url: str

    def call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/api/v2/{path}", data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            said = answer.read()
        return json.loads(said) if said else None

    def fire(self, *labels: Mapping[str, str], **more: str) -> None:
        self.call("POST", "alerts", [{"labels": dict(one), **more} for one in labels])


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def alertmanager(config: Mapping[str, Any], directory: Path, *arguments: str, ca: Path | None = None) -> Iterator[Live]:
    """An Alertmanager with this configuration, which answers; by TLS where it is told to and its certificate is given."""
    path = write(directory / "alertmanager.yml", config)
    amtool(path, "check-config")
    address = f"127.0.0.1:{free_port()}"
    live = Live(f"{'https' if ca else 'http'}://{address}")
    listen = f"--web.listen-address={address}"
    argv = [*runnable(directory), f"--config.file={path}", f"--storage.path={directory / 'data'}"]
    alone = (
        [] if any(one.startswith("--cluster.listen-address=") for one in arguments) else ["--cluster.listen-address="]
    )
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([*argv, listen, *alone, *arguments], stdout=log, stderr=log, cwd=UNPACKED.parents[1])
        try:
            until(lambda: ready(live, ca), why=f"alertmanager does not start, see {directory / 'log'}")
            yield live
        finally:
            process.terminate()
            process.wait(timeout=10)


def ready(live: Live, ca: Path | None) -> bool:
    context = ssl.create_default_context(cafile=str(ca)) if ca else None
    try:
        with urllib.request.urlopen(f"{live.url}/-/ready", timeout=5, context=context):
            return True
    except urllib.error.HTTPError as error:
        # It asks for a password, so it is there.
        error.close()
        return error.code == 401
    except OSError:
        return False


def wait(is_so: Callable[[], bool], *, seconds: float) -> bool:
    """Whether it became so within that time."""
    ends = time.monotonic() + seconds
    while not (so := is_so()) and time.monotonic() < ends:
        time.sleep(0.05)
    return so


def until(is_so: Callable[[], bool], *, why: str, seconds: float = 15) -> None:
    assert wait(is_so, seconds=seconds), why


def this_minute(*, spare_s: int = 9) -> datetime:
    """The minute that it is, with at least so many seconds left of it: time intervals know no seconds."""
    while 60 - datetime.now(timezone.utc).second < spare_s:
        time.sleep(0.2)
    return datetime.now(timezone.utc).replace(second=0, microsecond=0)
