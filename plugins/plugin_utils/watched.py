# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus watches, from the inventory and from what the other roles put on its hosts: pure."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

# Where a host is reached by other hosts; Ansible's own way to it may lead through a bastion or a tunnel.
ADDRESS = "monitoring_address"
TRUE = frozenset({"1", "on", "t", "true", "y", "yes"})
# The jobs that every Prometheus has, whether the inventory has something for them or not: a host that comes is a target more, and no
# other configuration. The last two are asked by the blackbox exporter.
OWN_JOBS = ("node", "process", "haproxy", "app", "prometheus", "alertmanager", "probe-http", "probe-tls")
# One that the configuration has besides, without targets of the inventory.
RESERVED = (*OWN_JOBS, "blackbox")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")

Hostvars = Mapping[str, Mapping[str, Any]]
Groups = Mapping[str, Sequence[str]]


class Settings(NamedTuple):
    """The role's variables that the answer rests on; `owner` is the one of hosts that name none."""

    owner: str = ""
    group: str = "monitoring"
    load_balancer_group: str = "load_balancer"
    app_groups: Sequence[str] = ("app",)


class Target(NamedTuple):
    """One address of one host; labels that are empty are left out."""

    job: str
    address: str
    labels: Mapping[str, str]


def watched(
    jobs: Sequence[Mapping[str, Any]], groups: Groups, hostvars: Hostvars, settings: Settings
) -> dict[str, str]:
    """Return the content of one file_sd file for each job, by the job's name.

    `jobs` are those of the site: a name, groups, a port and, where it is not /metrics, a path. A group that the inventory lacks has
    no hosts. Raise BadInput naming the job that lacks something or cannot be right, or has the name of one of ours or of another.
    """
    given = [_name(job) for job in jobs]
    twice = {name for name in given if name in RESERVED or given.count(name) > 1}
    if twice:
        raise BadInput(
            f"monitoring_jobs: the name {', '.join(sorted(twice))} is taken: {', '.join(RESERVED)} come by themselves, the others differ"
        )
    names = [*OWN_JOBS, *given]
    fleet = _Fleet(groups, hostvars, settings)
    found = [*_of_roles(fleet), *(target for job in jobs for target in _of_site(job, fleet))]
    return {name: _content(sorted({_frozen(one) for one in found if one.job == name})) for name in names}


def backend_owners(groups: Groups, hostvars: Hostvars, settings: Settings) -> dict[str, str]:
    """Return whom the hosts of each backend belong to, by the backend's name, where those that name an owner name the same."""
    return _Fleet(groups, hostvars, settings).backend_owners


def _name(job: Mapping[str, Any]) -> str:
    missing = [key for key in ("name", "groups", "port") if not job.get(key)]
    if missing:
        raise BadInput(f"monitoring_jobs: {dict(job)!r} lacks {', '.join(missing)}")
    name, groups, port = str(job["name"]), job["groups"], job["port"]
    # It is the name of a file too.
    if not NAME.fullmatch(name):
        raise BadInput(
            f"monitoring_jobs: the name is {name!r}. Give letters, digits, dots, dashes and underscores, such as postgres"
        )
    if isinstance(groups, (str, Mapping)) or not isinstance(groups, Sequence):
        raise BadInput(f"monitoring_jobs: groups of {name} is {groups!r}. Give a list, such as [database]")
    # ansible-core 2.16 makes a string of any number that has gone through a variable of a play.
    if isinstance(port, bool) or not str(port).isdecimal() or not 1 <= int(str(port)) <= 65535:
        raise BadInput(f"monitoring_jobs: port of {name} is {port!r}. Give a number from 1 to 65535")
    return name


def _frozen(target: Target) -> tuple[str, tuple[tuple[str, str], ...]]:
    # A host of two groups is one target, and Ansible gives the hosts of nested groups in another order from run to run.
    return target.address, tuple(sorted((name, value) for name, value in target.labels.items() if value))


def _content(targets: Sequence[tuple[str, tuple[tuple[str, str], ...]]]) -> str:
    return json.dumps([{"targets": [address], "labels": dict(labels)} for address, labels in targets], indent=2) + "\n"


class _Fleet:
    """The inventory, and what targets have in common."""

    def __init__(self, groups: Groups, hostvars: Hostvars, settings: Settings) -> None:
        self.groups, self.settings, self.hostvars = groups, settings, hostvars
        self.backend_owners = _backend_owners(self)

    def hosts(self, *names: str) -> list[str]:
        return sorted({str(host) for name in names for host in self.groups.get(name, ())})

    def of(self, host: str) -> Mapping[str, Any]:
        # Ansible's own mapping has no default: what it lacks is an undefined value.
        if host not in self.hostvars:
            return {}
        return self.hostvars[host]

    def target(self, job: str, host: str, port: object, /, **labels: str) -> Target:
        return Target(job, f"{self.address(host)}:{port}", self.labels(host, **labels))

    def labels(self, host: str, **labels: str) -> dict[str, str]:
        return {"host": host, "owner": str(self.of(host).get("monitoring_owner") or self.settings.owner), **labels}

    def way_in(self, balancer: str, backend: str) -> dict[str, str]:
        """The labels of what a load balancer answers for a backend: it is the app's that fails, and its owner who can mend it."""
        owner = self.backend_owners.get(backend)
        return self.labels(balancer, app=backend, **({"owner": owner} if owner else {}))

    def address(self, host: str) -> str:
        """Where others reach it, as a URL has it."""
        known = self.of(host)
        address = str(known.get(ADDRESS) or known.get("ansible_host") or host)
        return f"[{address}]" if ":" in address else address


def _of_site(job: Mapping[str, Any], fleet: _Fleet) -> Iterator[Target]:
    path = str(job.get("path") or "")
    for host in fleet.hosts(*job["groups"]):
        yield fleet.target(str(job["name"]), host, job["port"], app=str(job.get("app") or ""), __metrics_path__=path)


def _of_roles(fleet: _Fleet) -> Iterator[Target]:
    for host in fleet.hosts("all"):
        yield from _exporters(host, fleet)
    for host in fleet.hosts(fleet.settings.group):
        for job, port in (("prometheus", 9090), ("alertmanager", 9093)):
            listen = str(fleet.of(host).get(f"monitoring_{job}_listen") or f"127.0.0.1:{port}")
            if not _for_itself(listen.rpartition(":")[0]):
                yield fleet.target(job, host, listen.rpartition(":")[2])
    for host in fleet.hosts(fleet.settings.load_balancer_group):
        yield from _load_balancer(host, fleet)
    for host in sorted({*fleet.hosts(*fleet.settings.app_groups), *(host for host, _backend in _members(fleet))}):
        yield from _app(host, fleet)
    for host, backend in _members(fleet):
        if backend.get("port"):
            url = f"http://{fleet.address(host)}:{backend['port']}{backend.get('health_path') or '/health'}"
            yield Target("probe-http", url, fleet.labels(host, app=str(backend["name"])))


def _exporters(host: str, fleet: _Fleet) -> Iterator[Target]:
    for job, port in (("node", 9100), ("process", 9256)):
        known = fleet.of(host)
        listen = str(known.get(f"monitoring_{job}_exporter_listen") or f":{port}")
        if _claims(known.get(f"monitoring_{job}_exporter_enabled", True)) and not _for_itself(
            listen.rpartition(":")[0]
        ):
            yield fleet.target(job, host, listen.rpartition(":")[2])


def _load_balancer(host: str, fleet: _Fleet) -> Iterator[Target]:
    known = fleet.of(host)
    shown = _claims(known.get("load_balancer_stats_enabled", True))
    if shown and not _for_itself(str(known.get("load_balancer_stats_address") or "127.0.0.1")):
        yield fleet.target("haproxy", host, known.get("load_balancer_stats_port") or 8404)
    paths = {one["name"]: one.get("health_path") or "/health" for one in known.get("load_balancer_backends") or ()}
    for frontend in known.get("load_balancer_frontends") or ():
        yield from _frontend(host, frontend, paths, fleet)


def _frontend(host: str, frontend: Mapping[str, Any], paths: Mapping[str, str], fleet: _Fleet) -> Iterator[Target]:
    if _for_itself(str(frontend.get("address") or "*")):
        return
    backend, secure = str(frontend.get("backend") or ""), bool(frontend.get("certificates"))
    where = f"{fleet.address(host)}:{frontend['port']}"
    if secure:
        yield Target("probe-tls", where, fleet.way_in(host, backend))
    if backend in paths:
        url = f"{'https' if secure else 'http'}://{where}{paths[backend]}"
        yield Target("probe-http", url, fleet.way_in(host, backend))


def _app(host: str, fleet: _Fleet) -> Iterator[Target]:
    known = fleet.of(host)
    # In blue/green one of the two ports is idle by design; what the load balancers see tells of both.
    if known.get("deployment_metrics_path") and known.get("deployment_strategy", "rolling") != "blue_green":
        app = str(known.get("deployment_app") or "")
        labels = {"app": app, "job": app, "__metrics_path__": str(known["deployment_metrics_path"])}
        yield fleet.target("app", host, known.get("deployment_port") or 8000, **labels)


def _members(fleet: _Fleet) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each host of a backend, with the backend, as the load balancers' own variables say."""
    for balancer in fleet.hosts(fleet.settings.load_balancer_group):
        for backend in fleet.of(balancer).get("load_balancer_backends") or ():
            for host in backend.get("hosts") or ():
                yield str(host), backend


def _backend_owners(fleet: _Fleet) -> dict[str, str]:
    named: dict[str, set[str]] = {}
    for host, backend in _members(fleet):
        owner = str(fleet.of(host).get("monitoring_owner") or "")
        named.setdefault(str(backend["name"]), set()).update({owner} - {""})
    return {backend: owners.pop() for backend, owners in named.items() if len(owners) == 1}


def _claims(value: object) -> bool:
    return value if isinstance(value, bool) else str(value).lower() in TRUE


def _for_itself(address: str) -> bool:
    """Whether what listens there answers its own host alone."""
    bare = address.strip("[]")
    if bare in ("", "*"):
        return False
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare == "localhost"
