"""Packages that no repository has, by their digest, and figures that another Prometheus gets."""

from __future__ import annotations

import functools
import hashlib
import json
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.molecule.monitoring.tests.world import RECEIVER, on, play, within
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.promql_info.live_servers import (
    PROMETHEUS,
    running,
)

ADDRESS = RECEIVER[0]
FAR_AWAY = f"http://{ADDRESS}:18171"
PACKAGE = "crew-exporter"


@pytest.fixture
def far_away(tmp_path: Path) -> Iterator[None]:
    """A Prometheus elsewhere, which takes what others write."""
    (tmp_path / "empty.yml").write_text("scrape_configs: []\n")
    argv = [
        PROMETHEUS,
        f"--config.file={tmp_path}/empty.yml",
        f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address={ADDRESS}:18171",
        "--web.enable-remote-write-receiver",
    ]
    with running(argv, f"{FAR_AWAY}/-/ready", tmp_path / "log"):
        yield


@pytest.fixture
def deb(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A package of nobody's repository, and its digest."""
    (tmp_path / "root/DEBIAN").mkdir(parents=True)
    (tmp_path / "root/DEBIAN/control").write_text(
        f"Package: {PACKAGE}\nVersion: 1.0\nArchitecture: all\nMaintainer: Crew <crew@example.com>\nDescription: A test\n"
    )
    built = tmp_path / "served/exporter.deb"
    built.parent.mkdir()
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", tmp_path / "root", built], check=True, capture_output=True
    )
    with ThreadingHTTPServer((ADDRESS, 18172), functools.partial(_Quiet, directory=str(built.parent))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            digest = hashlib.sha256(built.read_bytes()).hexdigest()
            yield {"url": f"http://{ADDRESS}:18172/exporter.deb", "sha256": digest}
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def written() -> set[str]:
    """The hosts whose figures the Prometheus elsewhere has, each with the copy of ours that wrote them."""
    query = urllib.parse.urlencode({"query": 'count by (host, replica) (up{job="node"})'})
    with urllib.request.urlopen(f"{FAR_AWAY}/api/v1/query?{query}", timeout=5) as answer:
        found = json.load(answer)["data"]["result"]
    return {f"{one['metric']['host']} by {one['metric']['replica']}" for one in found}


def installed() -> str:
    return on("mon1", "sh", "-c", f"'dpkg-query -W -f \\${{Version}} {PACKAGE} 2> /dev/null || true'")


@pytest.mark.usefixtures("far_away")
def test_a_package_with_its_digest_is_installed_and_figures_are_written_to_another_prometheus(
    deb: dict[str, str],
) -> None:
    other = play("--limit=mon1", monitoring_debs=[{**deb, "sha256": "0" * 64}])
    assert (other.rc, other.changed["mon1"], installed()) == (2, 0, "")
    done = play("--limit=mon1", monitoring_debs=[deb], monitoring_remote_write=[{"url": f"{FAR_AWAY}/api/v1/write"}])
    assert done.rc == 0, done.said[-3000:]
    assert installed() == "1.0"
    assert within(60, lambda: {"app1 by mon1", "lb1 by mon1"} <= written()), written()
    assert play("--limit=mon1").rc == 0
