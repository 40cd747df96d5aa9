"""The real programs on ports of their own, each in a directory of its own: Prometheus, Alertmanager and node exporter."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

PATIENCE_S = 30
PROMETHEUS, ALERTMANAGER, NODE_EXPORTER = "prometheus", "prometheus-alertmanager", "prometheus-node-exporter"

TEMPLATES = Path("/usr/share/prometheus/alertmanager/default.tmpl")


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip where a program is not installed."""
    absent = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {', '.join(absent)}")


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@contextlib.contextmanager
def running(argv: Sequence[str], ready: str, log: Path) -> Iterator[None]:
    """Run a server until the block ends; it is ready when the URL answers, be it that it asks for a password."""
    with log.open("wb") as said, subprocess.Popen(argv, stdout=said, stderr=said, cwd=log.parent) as process:
        try:
            _wait_for(ready, process, log)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 401:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{url} is not ready: {log.read_text(errors='replace')}")


@contextlib.contextmanager
def prometheus(home: Path, config: str, *options: str, port: int | None = None) -> Iterator[str]:
    """Yield the URL of a Prometheus with that configuration; what lies in `home`/data is its past."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    (home / "prometheus.yml").write_text(config)
    argv = [
        PROMETHEUS,
        f"--config.file={home}/prometheus.yml",
        f"--storage.tsdb.path={home}/data",
        "--storage.tsdb.retention.time=30y",
        f"--web.listen-address=127.0.0.1:{port}",
        *options,
    ]
    with running(argv, f"{url}/-/ready", home / "prometheus.log"):
        yield url


@contextlib.contextmanager
def alertmanager(home: Path, config: str = "route: {receiver: none}\nreceivers: [{name: none}]\n") -> Iterator[str]:
    """Yield the URL of an Alertmanager that is alone."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (home / "alertmanager.yml").write_text(config)
    argv = [
        *_among_its_templates(),
        ALERTMANAGER,
        f"--config.file={home}/alertmanager.yml",
        f"--storage.path={home}/silences",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with running(argv, f"{url}/-/ready", home / "alertmanager.log"):
        yield url


def _among_its_templates() -> list[str]:
    """Debian's Alertmanager starts only with its templates in /usr/share: where it is not installed, it sees its own there."""
    program = shutil.which(ALERTMANAGER) or ""
    if TEMPLATES.exists():
        return []
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    share = str(Path(program).resolve().parents[1] / "share")
    return ["unshare", *own, "--mount", "sh", "-c", 'mount --bind "$0" /usr/share && exec "$@"', share]


@contextlib.contextmanager
def node_exporter(home: Path) -> Iterator[int]:
    """Yield the port of a node exporter that tells the load."""
    port = free_port()
    argv = [
        NODE_EXPORTER,
        f"--web.listen-address=127.0.0.1:{port}",
        "--collector.disable-defaults",
        "--collector.loadavg",
    ]
    with running(argv, f"http://127.0.0.1:{port}/metrics", home / "node_exporter.log"):
        yield port
