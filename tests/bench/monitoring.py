"""Prometheus, Alertmanager and node exporter on one host, and again without change, beside prometheus.prometheus."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import shutil
import tarfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from .harness import ROOT, BenchFailedError, Case, Contender, Lab, Result

HOSTS = "bench1,bench2"
OURS, PEER = "bench1", "bench2"
PEER_ARCHIVE = ROOT.parent / "shared" / "peers" / "prometheus-prometheus-0.30.2.tar.gz"
UNPACKED = ROOT / ".cache" / "unpacked"
# The peer takes at least this many times as long.
FIRST, AGAIN = 2, 12
AGAIN_ROUNDS = 3


class Program(NamedTuple):
    """What the peer downloads: the files of Debian's packages, under the names of the project's own archives."""

    role: str
    version: str
    files: dict[str, str]

    @property
    def archive(self) -> str:
        return f"{self.role}-{self.version}.linux-amd64"


PROGRAMS = (
    Program(
        "prometheus",
        "2.42.0",
        {
            "prometheus": "usr/bin/prometheus",
            "promtool": "usr/bin/promtool",
            "consoles": "etc/prometheus/consoles",
            "console_libraries": "etc/prometheus/console_libraries",
        },
    ),
    Program("alertmanager", "0.25.0", {"alertmanager": "usr/bin/prometheus-alertmanager", "amtool": "usr/bin/amtool"}),
    Program("node_exporter", "1.5.0", {"node_exporter": "usr/bin/prometheus-node-exporter"}),
)


def measure(lab: Lab, _rounds: int) -> list[Result]:
    """Return the figures of the first run, packages and downloads included, and of the next ones; raise BenchFailedError where one fails."""
    with _served(lab) as url:
        ours, peer = Contender("ours", _ours(lab)), Contender("peer", _peer(lab, url))
        first = {one.name: [lab.run(one.playbook)] for one in (peer, ours)}
        again: dict[str, list[float]] = {"peer": [], "ours": []}
        for _number in range(AGAIN_ROUNDS):
            for one in (peer, ours):
                again[one.name].append(lab.run(one.playbook))
        _seconds, executions = lab.counted(ours.playbook)
    if "changed=0" not in lab.said:
        raise BenchFailedError(f"the next run of ours reports changes:\n{lab.said[-500:]}")
    counts = {"peer": 0, "ours": executions}
    return [
        Result(Case("first run", ours, peer, 1 / FIRST), first, {"peer": 0, "ours": 0}),
        Result(Case("again without change", ours, peer, 1 / AGAIN), again, counts),
    ]


def _ours(lab: Lab) -> Path:
    # The peer has neither of them.
    less = {"monitoring_process_exporter_enabled": False, "monitoring_probes_enabled": False, "monitoring_group": OURS}
    return lab.playbook(
        "ours", [], hosts=OURS, become=False, roles=[{"role": "groundcrew.fleet.monitoring", "vars": less}]
    )


def _peer(lab: Lab, url: str) -> Path:
    lab.install(PEER_ARCHIVE)
    given: dict[str, Any] = {}
    for one in PROGRAMS:
        cache = lab.directory / "downloads" / one.role
        shutil.rmtree(cache, ignore_errors=True)
        given |= {
            f"{one.role}_version": one.version,
            f"{one.role}_binary_url": f"{url}/{one.archive}.tar.gz",
            f"{one.role}_checksums_url": f"{url}/{one.role}.sha256",
            f"{one.role}_local_cache_path": str(cache),
        }
    given["alertmanager_receivers"] = [{"name": "nobody"}]
    given["alertmanager_route"] = {"receiver": "nobody"}
    roles = [f"prometheus.prometheus.{one.role}" for one in PROGRAMS]
    return lab.playbook("peer", [], hosts=PEER, gather_facts=True, become=True, roles=roles, vars=given)


@contextlib.contextmanager
def _served(lab: Lab) -> Iterator[str]:
    """The archives, from a server on this machine alone."""
    place = lab.directory / "archives"
    place.mkdir(exist_ok=True)
    for one in PROGRAMS:
        archive = place / f"{one.archive}.tar.gz"
        with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
            for name, found in one.files.items():
                packed.add(UNPACKED / found, f"{one.archive}/{name}")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        (place / f"{one.role}.sha256").write_text(f"{digest}  {archive.name}\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(place))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        """Say nothing."""
