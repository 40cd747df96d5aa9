# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Is the service well? Five kinds of check (unit, tcp, http, command, packages), as data; probes.py makes them.

A Check is made of JSON values only, so that it can lie in a journal and be taken up again after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput


class Check(NamedTuple):
    kind: str
    spec: Mapping[str, Any]


class CheckResult(NamedTuple):
    """`detail` tells what was seen; `hopeless` that waiting cannot help; `mark` changes when the service was restarted."""

    check: Check
    ok: bool
    detail: str
    seconds: float
    hopeless: bool = False
    mark: str = ""


class Report(NamedTuple):
    ok: bool
    results: list[CheckResult]
    seconds: float


def unit(name: str) -> Check:
    if not name:
        raise BadInput("a unit check needs the unit's name, such as shop.service")
    return Check("unit", {"name": name})


def tcp(port: int, host: str = "127.0.0.1") -> Check:
    if not 0 < port < 65536:
        raise BadInput(f"a tcp check cannot use port {port}: give one from 1 to 65535")
    return Check("tcp", {"port": port, "host": host})


def http(
    url: str,
    status: Sequence[int] = (200,),
    contains: str = "",
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    timeout_s: float = 5,
    *,
    validate_certs: bool = True,
) -> Check:
    if not url.startswith(("http://", "https://")) or not url.split("://", 1)[1].strip("/"):
        raise BadInput(f"an http check cannot use {url!r}: give a whole URL, such as http://127.0.0.1:8000/health")
    if not status:
        raise BadInput(f"the http check of {url} accepts no status: give at least one, such as 200")
    return Check(
        "http",
        {
            "url": url,
            "status": list(status),
            "contains": contains,
            "headers": dict(headers or {}),
            "method": method,
            "timeout_s": timeout_s,
            "validate_certs": validate_certs,
        },
    )


def command(argv: Sequence[str], rc: int = 0, timeout_s: float = 30) -> Check:
    if not argv:
        raise BadInput(
            "a command check needs a command: give it as a list, such as [/usr/bin/test, -S, /run/shop.sock]"
        )
    return Check("command", {"argv": list(argv), "rc": rc, "timeout_s": timeout_s})


def packages(versions: Mapping[str, str], *, manager: str = "apt") -> Check:
    """Each package has this version, "" is not installed."""
    if not versions:
        raise BadInput("a packages check needs packages: give each with its version")
    return Check("packages", {"versions": dict(versions), "manager": manager})


def describe(check: Check) -> str:
    """One short line that names the check; headers stay out of it, since they may carry a credential."""
    spec = check.spec
    if check.kind == "unit":
        return f"unit {spec['name']}"
    if check.kind == "tcp":
        return f"tcp {spec['host']}:{spec['port']}"
    if check.kind == "http":
        return f"http {spec['method']} {spec['url']}"
    if check.kind == "packages":
        from . import package_versions

        return f"packages {package_versions.few(sorted(spec['versions']))}"
    return "command " + " ".join(spec["argv"])


def failures(report: Report) -> list[str]:
    """For each check that did not pass, one line with its name and what was seen."""
    return [f"{describe(result.check)}: {result.detail}" for result in report.results if not result.ok]


def wait_for(checks: Sequence[Check], *, within_s: float, stable: int = 1, interval_s: float = 0.5) -> Report:
    """Probe all checks until all of them passed `stable` times in a row, or `within_s` is over, or waiting is hopeless.

    There is always one round; with `within_s=0` it is the only one needed to say no. Ports are asked first, and often.
    A unit that was restarted between two rounds starts the count anew: a service that dies and comes back all the time
    is not stable.
    """
    # Loaded here only: a call that changes nothing looks at nothing.
    from . import probes

    return probes.wait_for(checks, within_s=within_s, stable=stable, interval_s=interval_s)
