"""A Prometheus with everything that the pages ask it for: real servers where they run here, a made-up fleet besides."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages import console_pages
from ansible_collections.groundcrew.fleet.tests.pages.madeup import (
    APPS,
    BUDGET_WINDOW_S,
    DAY_S,
    NODES,
    OBJECTIVE,
    WINDOWS_S,
    Fleet,
    Sample,
)

FIXTURES = Path(__file__).parent / "fixtures"
CHECKOUT = Path(__file__).resolve().parents[2]
UNPACKED = CHECKOUT / ".cache/unpacked/usr"
DYGRAPHS = UNPACKED / "share/javascript/dygraphs"
REAL = "mon1"
DEAD = "app3"
HISTORY_STEP_S = 60
# It stopped answering ten minutes ago.
DEAD_S = 600
PATIENCE_S = 40
LOGIN = ("crew", "watched")
HASHED = "$2b$04$abcdefghijklmnopqrstuujMy8YprYxvCQ9p4u//qT9P4E/sybWXO"
PREFIX = "/watch"


class Stack(NamedTuple):
    """The base address of a Prometheus, and which host and app its pages are opened for; `ca` is the file of whom to trust."""

    url: str
    host: str = ""
    app: str = ""
    real_host: str = ""
    user: str = ""
    password: str = ""
    ca: str | None = None

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The vector of an instant query; an error of Prometheus fails the test that asks."""
        return list(self.api("query", query=query)["result"])

    def api(self, path: str, **parameters: str) -> dict[str, Any]:
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        address = f"{self.url}api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        asked = urllib.request.Request(address, headers={"Authorization": f"Basic {login}"} if self.user else {})
        try:
            with urllib.request.urlopen(
                asked, timeout=30, context=ssl.create_default_context(cafile=self.ca)
            ) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode(errors='replace')}") from error
        found: dict[str, Any] = told["data"]
        return found


class Target(NamedTuple):
    job: str
    host: str
    labels: dict[str, str]

    def all_labels(self) -> dict[str, str]:
        instance = self.labels.get("instance", f"{self.host}:{self.job}")
        return {"job": self.job, "host": self.host, "instance": instance, **self.labels}


def targets() -> list[Target]:
    """What the made-up fleet is scraped for; who owns a host is the app that it serves, or the operators."""
    found = [Target("node", host, {"owner": "shop" if host.startswith("app") else "ops"}) for host in NODES]
    found += [Target("process", host, {"owner": "ops"}) for host in (*NODES, REAL)]
    found += [Target("haproxy", "lb1", {"owner": "ops"})]
    for app, hosts in APPS.items():
        found += [Target(app, host, {"app": app, "owner": app}) for host in hosts]
        found += [Target("probe-http", "lb1", {"app": app, "owner": app, "instance": f"https://{app}.example.com/"})]
    return found


@contextlib.contextmanager
def running(place: Path) -> Iterator[Stack]:
    """Yield a stack that has data for every query; what it wrote is below `place`, what it started is ended."""
    fleet = Fleet(time.time())
    prometheus = free_port()
    with contextlib.ExitStack() as stack:
        exporter = stack.enter_context(_exporter(fleet))
        node = stack.enter_context(_node_exporter(place, fleet))
        alertmanager = stack.enter_context(_alertmanager(place))
        _pages(place)
        _history(place, fleet)
        _configuration(place, exporter, node, alertmanager, prometheus)
        _lock(place)
        url = f"https://127.0.0.1:{prometheus}{PREFIX}/"
        options = [
            f"--config.file={place}/prometheus.yml",
            f"--storage.tsdb.path={place}/data",
            f"--web.listen-address=127.0.0.1:{prometheus}",
            f"--web.external-url={url}",
            f"--web.config.file={place}/web.yml",
            f"--web.console.templates={place}/consoles",
            f"--web.console.libraries={place}/consoles",
            f"--web.user-assets={place}/user",
        ]
        stack.enter_context(_program(place, ["prometheus", *options]))
        found = Stack(url, "app2", "shop", REAL, *LOGIN, ca=f"{place}/cert.pem")
        _wait(found)
        yield found


def _lock(place: Path) -> None:
    """TLS and a password, as the role's one switch gives to every server."""
    certificate = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
    ]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(place / "key.pem"), "-out", str(place / "cert.pem")]
    subprocess.run([*certificate, *names, *files], check=True, capture_output=True)
    tls = {"cert_file": "cert.pem", "key_file": "key.pem"}
    settings = {"tls_server_config": tls, "basic_auth_users": {LOGIN[0]: HASHED}}
    (place / "web.yml").write_text(yaml.safe_dump(settings))


def _wait(stack: Stack) -> None:
    """Until each target was scraped twice, each alert fires, and a silence is known."""
    wanted = {
        "count(up == 1) == bool count(up) - 1": 1,
        "count(count_over_time(up[10s]) >= 3) == bool count(up)": 1,
        'count(count by (alertname) (ALERTS{alertstate="firing"})) >= bool 5': 1,
        'max(alertmanager_silences{state="active"})': 1,
        "count(count by (slo) (slo:burn_rate:1h))": 2,
    }
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(OSError):
            seen = {query: [float(one["value"][1]) for one in stack.ask(query)] for query in wanted}
            if all(seen[query] == [value] for query, value in wanted.items()):
                return
        assert time.monotonic() < deadline, f"not all of it came up within {PATIENCE_S} s: {seen}"
        time.sleep(0.3)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def _program(place: Path, argv: list[str]) -> Iterator[None]:
    log = place / f"{argv[0]}.log"
    with log.open("wb") as output, subprocess.Popen(argv, stdout=output, stderr=output) as process:
        try:
            yield
        finally:
            process.terminate()


@contextlib.contextmanager
def _exporter(fleet: Fleet) -> Iterator[int]:
    """One server for all exporters of the made-up fleet, each below /JOB/HOST; yields its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            job, host = self.path.strip("/").split("/")
            body = "".join(f"{one}\n" for one in fleet.job(job, host, time.time())).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            # A Prometheus that ends does not wait for what it asked.
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def _node_exporter(place: Path, fleet: Fleet) -> Iterator[int]:
    """A real node exporter, with the collection's metrics as a text file; yields its port."""
    directory = place / "textfile"
    directory.mkdir()
    (directory / "groundcrew.prom").write_text("".join(f"{one}\n" for one in fleet.own(REAL, time.time())))
    port = free_port()
    options = [f"--web.listen-address=127.0.0.1:{port}", f"--collector.textfile.directory={directory}"]
    with _program(place, ["prometheus-node-exporter", *options]):
        yield port


@contextlib.contextmanager
def _alertmanager(place: Path) -> Iterator[int]:
    """A real Alertmanager with one silence; yields its port."""
    (place / "alertmanager.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    port = free_port()
    options = [
        f"--config.file={place}/alertmanager.yml",
        f"--storage.path={place}/alertmanager",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with _program(place, _where_its_templates_are(["prometheus-alertmanager", *options])):
        silence = [
            "amtool",
            f"--alertmanager.url=http://127.0.0.1:{port}",
            "silence",
            "add",
            "--author=tests",
            "--comment=tests",
            "alertname=CertificateEnds",
        ]
        deadline = time.monotonic() + PATIENCE_S
        while subprocess.run(silence, capture_output=True, check=False).returncode != 0:
            assert time.monotonic() < deadline, "Alertmanager takes no silence"
            time.sleep(0.2)
        yield port


def _where_its_templates_are(argv: list[str]) -> list[str]:
    """Debian's Alertmanager reads its templates from one place only: it is shown them there, and nobody else is."""
    if Path("/usr/share/prometheus").exists():
        return argv
    shown = f"mount -t tmpfs none /usr/share && mkdir /usr/share/prometheus && mount --bind {UNPACKED.resolve()}/share/prometheus /usr/share/prometheus"
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", f'{shown} && exec "$@"', *argv[:1], *argv]


def _pages(place: Path) -> None:
    for file in console_pages([], 30):
        path = place / file["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["content"])
    (place / "user/dygraphs").symlink_to(DYGRAPHS)
    (place / "user/oncall.json").write_text(json.dumps(rota(time.time())))


def rota(now: float) -> dict[str, Any]:
    """Who is on, as filter oncall_page tells it."""
    layers: dict[str, list[dict[str, Any]]] = {}
    for team, person, other, hours in (
        ("ops", "Ada", "Grace", 40),
        ("ops", "Edsger", "Ada", 112),
        ("shop", "Barbara", "Ken", 16),
    ):
        handover = now + hours * 3600
        turn = {"person": person, "from": stamp(handover - 7 * DAY_S), "to": stamp(handover)}
        following = {"person": other, "from": stamp(handover), "to": stamp(handover + 7 * DAY_S)}
        found = layers.setdefault(team, [])
        found.append({"layer": len(found), "now": turn, "next": following})
    return {"at": stamp(now), "teams": [{"name": name, "layers": found} for name, found in layers.items()]}


def stamp(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.timezone.utc).isoformat()


def _history(place: Path, fleet: Fleet) -> None:
    """Give Prometheus the hours before it was started, as blocks of its store."""
    lines: list[str] = []
    steps = int((fleet.now - fleet.began) / HISTORY_STEP_S) - 1
    # The last moment is just over when the first scrape comes.
    for at in (fleet.now - 1 - HISTORY_STEP_S * (steps - index) for index in range(1, steps + 1)):
        for target in targets():
            if not (target.host == DEAD and at > fleet.now - DEAD_S):
                lines += _stamped(
                    [Sample("up", {}, 1), *fleet.job(target.job, target.host, at)], target.all_labels(), at
                )
        lines += _stamped([*fleet.objectives(at), *fleet.alerts(at)], {}, at)
    source = place / "history.txt"
    source.write_text("".join(lines) + "# EOF\n")
    argv = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(source), str(place / "data")]
    subprocess.run(argv, check=True, capture_output=True)


def _stamped(samples: Iterable[Sample], labels: dict[str, str], at: float) -> list[str]:
    return [f"{one._replace(labels={**labels, **one.labels})} {at:.3f}\n" for one in samples]


def _configuration(place: Path, exporter: int, node: int, alertmanager: int, prometheus: int) -> None:
    jobs: dict[str, list[dict[str, Any]]] = {}
    for target in targets():
        port = free_port() if target.job == "node" and target.host == DEAD else exporter
        labels = {key: value for key, value in target.all_labels().items() if key != "job"}
        labels["__metrics_path__"] = f"/{target.job}/{target.host}"
        jobs.setdefault(target.job, []).append({"targets": [f"127.0.0.1:{port}"], "labels": labels})
    own = {"host": REAL, "owner": "ops"}
    jobs["node"].append({"targets": [f"127.0.0.1:{node}"], "labels": own})
    jobs["alertmanager"] = [
        {"targets": [f"127.0.0.1:{alertmanager}"], "labels": {**own, "instance": f"{REAL}:alertmanager"}}
    ]
    jobs["prometheus"] = [
        {"targets": [f"127.0.0.1:{prometheus}"], "labels": {**own, "__metrics_path__": f"{PREFIX}/metrics"}}
    ]
    login = {"username": LOGIN[0], "password": LOGIN[1]}
    access = {"prometheus": {"scheme": "https", "tls_config": {"ca_file": "cert.pem"}, "basic_auth": login}}
    settings = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(FIXTURES / "rules.yml"), "objectives.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
        "scrape_configs": [
            {"job_name": job, "static_configs": found, **access.get(job, {})} for job, found in jobs.items()
        ],
    }
    (place / "prometheus.yml").write_text(yaml.safe_dump(settings))
    (place / "objectives.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "objectives", "rules": list(_objectives())}]})
    )


def _objectives() -> Iterator[dict[str, Any]]:
    for app in APPS:
        labels = {"slo": f"{app}-http", "app": app, "owner": app}
        answers = f'haproxy_backend_http_responses_total{{proxy="{app}"'

        def errors(window: str, answers: str = answers) -> str:
            return f'sum(rate({answers},code="5xx"}}[{window}])) / sum(rate({answers}}}[{window}]))'

        allowed = 1 - OBJECTIVE
        recorded = {
            **{f"slo:errors:ratio_rate{name}": errors(name) for name in WINDOWS_S},
            "slo:objective:ratio": f"vector({OBJECTIVE})",
            "slo:error_budget_left:ratio": f"1 - ({errors(f'{BUDGET_WINDOW_S}s')}) / {allowed}",
            "slo:burn_rate:1h": f"({errors('1h')}) / {allowed}",
            "slo:requests:rate5m": f"sum(rate({answers}}}[5m]))",
        }
        for name, expression in recorded.items():
            yield {"record": name, "expr": expression, "labels": labels}
