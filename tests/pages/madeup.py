"""A fleet that does not exist: what its exporters say at a moment, and so also what they said all the hours before.

HAProxy's series are those of a real one, captured, with counters that go on. The others have the names and labels of the real exporters.
"""

from __future__ import annotations

import functools
import math
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CAPTURED = Path(__file__).parent / "fixtures" / "haproxy.prom"
LINE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
LABEL = re.compile(r'(\w+)="([^"]*)"')
DAY_S = 86400
GIB = 2**30
# HAProxy had served for so long when its answer was captured, at this fleet's pace.
CAPTURED_S = 15
OBJECTIVE = 0.995
WINDOWS_S = {"5m": 300, "30m": 1800, "1h": 3600, "2h": 7200, "6h": 21600, "1d": DAY_S, "3d": 3 * DAY_S}
BUDGET_WINDOW_S = 7200
NODES = ("app1", "app2", "app3", "lb1")
APPS = {"shop": ("app1", "app2", "app3"), "till": ("app1", "app3")}


class Sample(NamedTuple):
    name: str
    labels: dict[str, str]
    value: float

    def __str__(self) -> str:
        labels = ",".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"{self.name}{{{labels}}} {self.value:.10g}"


class Fleet:
    """`began` is the moment that all its counters count from; the release came 40 minutes before `now`."""

    def __init__(self, now: float, hours: float = 2.3) -> None:
        self.now = now
        self.began = now - hours * 3600
        self.released = now - 2400
        self.captured = list(_captured())

    def job(self, job: str, host: str, at: float) -> list[Sample]:
        """What the exporter of that job says on that host at that moment."""
        makers = {"node": self._node, "process": self._processes, "haproxy": self._haproxy, "probe-http": self._probe}
        return list(makers.get(job, self._nothing)(host, at))

    def errors(self, app: str, window_s: float, at: float) -> float:
        """The share of an app's requests that failed in the window."""
        failed, all_ = 0.0, 0.0
        for one in self.captured:
            if one.name == "haproxy_backend_http_responses_total" and one.labels["proxy"] == app:
                more = self._counted(one, at) - self._counted(one, at - window_s)
                all_ += more
                failed += more if one.labels["code"] == "5xx" else 0
        return failed / all_

    def objectives(self, at: float) -> Iterator[Sample]:
        """What recording rules made of all that, all the time before there was a Prometheus."""
        for app in APPS:
            labels = {"slo": f"{app}-http", "app": app, "owner": app}
            for name, window_s in WINDOWS_S.items():
                yield Sample(f"slo:errors:ratio_rate{name}", labels, self.errors(app, window_s, at))
            spent = self.errors(app, BUDGET_WINDOW_S, at) / (1 - OBJECTIVE)
            yield Sample("slo:objective:ratio", labels, OBJECTIVE)
            yield Sample("slo:error_budget_left:ratio", labels, 1 - spent)
            yield Sample("slo:burn_rate:1h", labels, self.errors(app, 3600, at) / (1 - OBJECTIVE))
            yield Sample("slo:requests:rate5m", labels, 30.0)

    def alerts(self, at: float) -> Iterator[Sample]:
        if at > self.now - 600:
            down = {"host": "app3", "instance": "app3:node", "job": "node", "owner": "shop"}
            yield Sample("ALERTS", {"alertname": "InstanceDown", "alertstate": "firing", "severity": "page", **down}, 1)
        if at > self.released + 300:
            burns = {"app": "shop", "owner": "shop", "slo": "shop-http"}
            yield Sample(
                "ALERTS", {"alertname": "BudgetBurns", "alertstate": "firing", "severity": "ticket", **burns}, 1
            )
        sent = {
            "host": "mon1",
            "instance": "mon1:alertmanager",
            "job": "alertmanager",
            "owner": "ops",
            "integration": "webhook",
        }
        yield Sample(
            "alertmanager_notifications_total", sent, 4 + 3 * (at > self.released + 300) + 2 * (at > self.now - 600)
        )
        yield Sample("alertmanager_notifications_failed_total", sent, 0)

    def _nothing(self, _host: str, _at: float) -> Iterator[Sample]:
        yield from ()

    def _counter(self, seed: str, rate: float, at: float) -> float:
        """A count that grows by `rate` a second, now faster and now slower."""
        period, phase = _wave(seed)
        swing = 0.3 * period / (2 * math.pi)
        elapsed = at - self.began
        return rate * (elapsed + swing * (math.sin(2 * math.pi * elapsed / period + phase) - math.sin(phase)))

    def _gauge(self, seed: str, middle: float, at: float) -> float:
        period, phase = _wave(seed)
        return middle * (1 + 0.15 * math.sin(2 * math.pi * (at - self.began) / period + phase))

    def _counted(self, one: Sample, at: float) -> float:
        """A counter of HAProxy: failures are rare, but for six minutes after the release."""
        if one.labels.get("code") != "5xx":
            return self._counter(one.labels["proxy"], one.value / CAPTURED_S, at)
        burst = 1.9 * min(max(at - self.released, 0), 360) if one.labels["proxy"] == "shop" else 0.0
        return self._counter(one.labels["proxy"], one.value / CAPTURED_S / 20, at) + burst

    def _haproxy(self, _host: str, at: float) -> Iterator[Sample]:
        for one in self.captured:
            if one.name.endswith("_http_responses_total"):
                yield one._replace(value=self._counted(one, at))
            elif one.name.endswith(("requests_total", "bytes_in_total", "bytes_out_total")):
                yield one._replace(value=self._counter(one.labels["proxy"], one.value / CAPTURED_S, at))
            elif one.name.endswith("response_time_average_seconds"):
                slower = 1.6 if at > self.released else 1.0
                yield one._replace(value=self._gauge(str(one.labels), max(one.value, 0.004) * slower, at))
            else:
                yield one

    def _probe(self, _host: str, at: float) -> Iterator[Sample]:
        yield Sample("probe_success", {}, 1)
        yield Sample("probe_duration_seconds", {}, self._gauge("probe", 0.03, at))
        yield Sample("probe_http_status_code", {}, 200)
        yield Sample("probe_ssl_earliest_cert_expiry", {}, self.now + 16 * DAY_S)

    def _processes(self, host: str, at: float) -> Iterator[Sample]:
        for name, mib in (("python3", 180), ("sshd", 12), ("systemd", 14)):
            group = {"groupname": name}
            yield Sample(
                "namedprocess_namegroup_memory_bytes",
                {**group, "memtype": "resident"},
                self._gauge(host + name, mib * 2**20, at),
            )
            yield Sample(
                "namedprocess_namegroup_cpu_seconds_total",
                {**group, "mode": "user"},
                self._counter(host + name, mib / 1000, at),
            )
            yield Sample("namedprocess_namegroup_num_procs", group, 4)
            yield Sample("namedprocess_namegroup_worst_fd_ratio", group, 0.02)

    def _node(self, host: str, at: float) -> Iterator[Sample]:
        busy = {"app1": 0.35, "app2": 0.74, "app3": 0.3}.get(host, 0.15)
        yield from self._processors(host, busy, at)
        yield Sample("node_boot_time_seconds", {}, self.now - 12.3 * DAY_S)
        yield Sample("node_load1", {}, self._gauge(host, busy * 2.2, at))
        yield Sample("node_load5", {}, self._gauge(host, busy * 2, at))
        yield Sample("node_memory_MemTotal_bytes", {}, 4 * GIB)
        yield Sample("node_memory_MemAvailable_bytes", {}, self._gauge(host + "memory", 1.9 * GIB, at))
        yield Sample("node_vmstat_oom_kill", {}, 0)
        yield from self._disks(host, at)
        yield from self._network(host, at)
        yield from self.own(host, at)

    def _processors(self, host: str, busy: float, at: float) -> Iterator[Sample]:
        shares = {"user": 0.7, "system": 0.2, "iowait": 0.06, "softirq": 0.03, "nice": 0.005, "steal": 0.005}
        for cpu in ("0", "1"):
            used = {mode: self._counter(host + mode, busy * share, at) for mode, share in shares.items()}
            for mode, value in {**used, "idle": at - self.began - sum(used.values())}.items():
                yield Sample("node_cpu_seconds_total", {"cpu": cpu, "mode": mode}, value)
        for kind, share in (
            ("cpu_waiting", 0.05),
            ("memory_waiting", 0.002),
            ("memory_stalled", 0.001),
            ("io_waiting", 0.03),
            ("io_stalled", 0.02),
        ):
            yield Sample(f"node_pressure_{kind}_seconds_total", {}, self._counter(host + kind, share * busy, at))

    def _disks(self, host: str, at: float) -> Iterator[Sample]:
        for mountpoint, size, used in (("/", 20, 0.42), ("/srv", 80, 0.83 if host == "lb1" else 0.61)):
            labels = {"device": f"/dev/vd{len(mountpoint)}", "fstype": "ext4", "mountpoint": mountpoint}
            yield Sample("node_filesystem_size_bytes", labels, size * GIB)
            yield Sample("node_filesystem_avail_bytes", labels, size * GIB * (1 - used - (at - self.began) * 2e-6))
            yield Sample("node_filesystem_device_error", labels, 0)
            yield Sample("node_filesystem_readonly", labels, 0)
        yield Sample("node_disk_io_time_seconds_total", {"device": "vda"}, self._counter(host + "disk", 0.12, at))

    def _network(self, host: str, at: float) -> Iterator[Sample]:
        for direction, rate in (("receive", 3e5), ("transmit", 9e5)):
            labels = {"device": "eth0"}
            yield Sample(f"node_network_{direction}_bytes_total", labels, self._counter(host + direction, rate, at))
            yield Sample(f"node_network_{direction}_drop_total", labels, 0)
            yield Sample(f"node_network_{direction}_errs_total", labels, 0)
        yield Sample("node_netstat_TcpExt_ListenDrops", {}, 0)
        yield Sample("node_netstat_Tcp_RetransSegs", {}, self._counter(host + "tcp", 0.4, at))

    def own(self, host: str, at: float) -> Iterator[Sample]:
        """What the collection itself says of a host; each name is one of its textfile metrics."""
        waits = {"app2": 19, "app3": 4}.get(host, 0) * DAY_S
        yield Sample("groundcrew_patch_unknown", {}, 0)
        yield Sample("groundcrew_patch_report_timestamp_seconds", {}, self.now - 5 * 3600)
        yield Sample("groundcrew_patch_compliant", {}, 0 if host == "app2" else 1)
        yield Sample("groundcrew_patch_pending_updates", {"security": "true"}, 3 if waits else 0)
        yield Sample("groundcrew_patch_pending_updates", {"security": "false"}, 5)
        yield Sample("groundcrew_patch_held_updates", {"security": "false"}, 1)
        yield Sample("groundcrew_patch_age_seconds", {}, waits)
        yield Sample("groundcrew_patch_open_cves", {}, 7 if waits else 0)
        yield Sample("groundcrew_patch_stale_units", {}, 2 if waits else 0)
        yield Sample("groundcrew_patch_unfinished", {}, 0)
        yield Sample("groundcrew_reboot_pending", {}, 1 if host == "app2" else 0)
        yield Sample("groundcrew_quarantined", {}, 0)
        yield Sample("groundcrew_unfinished", {}, 0)
        yield Sample("groundcrew_drift_changes", {}, 2 if host == "lb1" else 0)
        yield Sample("groundcrew_drift_timestamp_seconds", {}, self.now - 7 * 3600)
        for module, result in (("release", "ok"), ("package_updates", "ok")):
            run = {"module": module, "result": result}
            yield Sample(
                "groundcrew_last_run_timestamp_seconds", run, self.released if at > self.released else self.now - DAY_S
            )
            yield Sample("groundcrew_runs_total", run, 14)
        yield Sample("groundcrew_oncall_covered_until_timestamp_seconds", {"team": "ops"}, self.now + 58 * DAY_S)
        if host in APPS["shop"]:
            yield from self._releases(host, at)
            yield Sample("groundcrew_heals_total", {"unit": "shop.service", "result": "healed"}, 3)

    def _releases(self, host: str, at: float) -> Iterator[Sample]:
        new = ("2.0.0", self.released) if at > self.released else ("1.4.2", self.now - 9 * DAY_S)
        active = {"shop": new, "till": ("0.9.1", self.now - 30 * DAY_S)}
        for app, (version, since) in active.items():
            if host in APPS[app]:
                labels = {"app": app, "version": version}
                yield Sample("groundcrew_release_info", labels, 1)
                yield Sample("groundcrew_release_active_timestamp_seconds", labels, since)


@functools.cache
def _wave(seed: str) -> tuple[float, float]:
    """How long it takes until a figure of this name comes round, and where it starts."""
    dice = random.Random(seed)
    return dice.uniform(2000, 5500), dice.uniform(0, 6)


def _captured() -> Iterator[Sample]:
    for line in CAPTURED.read_text().splitlines():
        if (match := LINE.fullmatch(line)) and not line.startswith("#"):
            yield Sample(match["name"], dict(LABEL.findall(match["labels"] or "")), float(match["value"]))
