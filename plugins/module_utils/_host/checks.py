# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Is the service well? Five kinds of check (unit, tcp, http, command, packages), as data, and one loop that waits for them.

A Check is made of JSON values only, so that it can lie in a journal and be taken up again after a crash.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput, CommandFailed
from . import run, systemd

BODY_SHOWN = 200
BODY_SEARCHED = 1024 * 1024
SHORTEST_PROBE_S = 0.05
FIRST_PAUSE_S = 0.05
# No round begins with less time than this: probes that are cut off at once would hide what the one before has seen.
LAST_LOOK_S = 0.3


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


def packages(versions: Mapping[str, str]) -> Check:
    """Each package has this version, "" is not installed."""
    if not versions:
        raise BadInput("a packages check needs packages: give each with its version")
    return Check("packages", {"versions": dict(versions)})


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
        return "packages " + " ".join(sorted(spec["versions"]))
    return "command " + " ".join(spec["argv"])


def failures(report: Report) -> list[str]:
    """For each check that did not pass, one line with its name and what was seen."""
    return [f"{describe(result.check)}: {result.detail}" for result in report.results if not result.ok]


def wait_for(checks: Sequence[Check], *, within_s: float, stable: int = 1, interval_s: float = 0.5) -> Report:
    """Probe all checks until all of them passed `stable` times in a row, or `within_s` is over, or waiting is hopeless.

    There is always one round; with `within_s=0` it is the only one needed to say no. A unit that was restarted between
    two rounds starts the count anew: a service that dies and comes back all the time is not stable.
    """
    begin = time.monotonic()
    streak, pause = 0, FIRST_PAUSE_S
    marks: tuple[str, ...] = ()
    while True:
        results = _round(checks, begin + within_s if within_s else None)
        seen = tuple(result.mark for result in results)
        passed = all(result.ok for result in results)
        streak = (streak + 1 if seen == marks else 1) if passed else 0
        marks = seen
        left = begin + within_s - LAST_LOOK_S - time.monotonic()
        if streak >= stable or left <= 0 or any(result.hopeless for result in results):
            break
        # A service that is about to come up is looked at often at first; counted successes lie a whole interval apart.
        pause = interval_s if passed else min(pause * 2, interval_s)
        time.sleep(min(pause, left))
    seconds = time.monotonic() - begin
    if passed and streak < stable:
        results = [result._replace(ok=False, detail=_unsteady(result, streak, stable)) for result in results]
    return Report(streak >= stable, results, round(seconds, 3))


def _unsteady(result: CheckResult, streak: int, stable: int) -> str:
    return f"passed {streak} of {stable} times in a row before the time was over ({result.detail})"


def _round(checks: Sequence[Check], deadline: float | None) -> list[CheckResult]:
    results = []
    for check in checks:
        own = float(check.spec.get("timeout_s", 5))
        left = own if deadline is None else max(deadline - time.monotonic(), SHORTEST_PROBE_S)
        results.append(_probe(check, min(own, left)))
    return results


def _probe(check: Check, timeout_s: float) -> CheckResult:
    begin = time.monotonic()
    ok, detail, hopeless, mark = _PROBES[check.kind](check.spec, timeout_s)
    return CheckResult(check, ok, detail, round(time.monotonic() - begin, 3), hopeless, mark)


class _Seen(NamedTuple):
    ok: bool
    detail: str
    hopeless: bool = False
    mark: str = ""


def _probe_unit(spec: Mapping[str, Any], timeout_s: float) -> _Seen:
    name = spec["name"]
    try:
        state = systemd.show([name], timeout_s=timeout_s)[name]
    except CommandFailed as error:
        return _Seen(False, f"systemd cannot be asked: {str(error)[-BODY_SHOWN:]}")
    if state.load in ("not-found", "masked", "bad-setting", "error"):
        return _Seen(False, f"the unit is {state.load}: see `systemctl status {name}`", hopeless=True)
    # A unit that systemd will start again is "activating (auto-restart)", so "failed" is final.
    failed = state.active == "failed"
    detail = f"{state.active} ({state.sub})" + (f", result {state.result}" if failed else "")
    return _Seen(state.is_active, detail, failed, f"{state.main_pid} {state.restarts}")


def _probe_tcp(spec: Mapping[str, Any], timeout_s: float) -> _Seen:
    try:
        with socket.create_connection((spec["host"], spec["port"]), timeout=timeout_s):
            return _Seen(True, "accepts connections")
    except OSError as error:
        return _Seen(False, _plain(error, timeout_s))


def _probe_http(spec: Mapping[str, Any], timeout_s: float) -> _Seen:
    # Loaded here only: it costs 11 ms, which every module call without an http check would pay.
    import http.client

    try:
        status, body = _ask(spec, timeout_s)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return _Seen(False, _plain(error, timeout_s))
    head = f"the body starts with {body[:BODY_SHOWN].decode('utf-8', 'replace')!r}" if body else "the body is empty"
    if status not in spec["status"]:
        wanted = " or ".join(str(code) for code in spec["status"])
        return _Seen(False, f"answered {status} instead of {wanted}; {head}")
    if spec["contains"] and spec["contains"].encode() not in body:
        return _Seen(False, f"answered {status}, but without {spec['contains']!r}; {head}")
    return _Seen(True, f"answered {status}")


def _ask(spec: Mapping[str, Any], timeout_s: float) -> tuple[int, bytes]:
    """One request of its own, with no proxy and no redirect followed; the whole of it ends after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    connection, target = _connection(spec, timeout_s)
    try:
        connection.connect()
        stream = connection.sock
        connection.request(spec["method"], target, headers={"User-Agent": "groundcrew", **spec["headers"]})
        response = connection.getresponse()
        body = b""
        # A server that closes after its answer takes the socket away as soon as the body is whole.
        while len(body) < BODY_SEARCHED and not response.isclosed():
            stream.settimeout(max(deadline - time.monotonic(), SHORTEST_PROBE_S))
            chunk = response.read1(65536)
            body += chunk
            if not chunk or time.monotonic() > deadline:
                break
        return response.status, body
    finally:
        connection.close()


def _connection(spec: Mapping[str, Any], timeout_s: float) -> tuple[Any, str]:
    import http.client
    import ssl
    from urllib.parse import urlsplit

    parts = urlsplit(spec["url"])
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s), target
    context = ssl.create_default_context()
    if not spec.get("validate_certs", True):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout_s, context=context), target


def _probe_command(spec: Mapping[str, Any], timeout_s: float) -> _Seen:
    done = run.run(spec["argv"], timeout_s=timeout_s)
    if done.rc == spec["rc"]:
        return _Seen(True, f"ended with {done.rc}")
    said = (done.err.strip() or done.out.strip())[-BODY_SHOWN:]
    return _Seen(False, f"ended with {done.rc} instead of {spec['rc']}" + (f": {said}" if said else ""))


def _probe_packages(spec: Mapping[str, Any], timeout_s: float) -> _Seen:
    form = "${Package}\t${Package}:${Architecture}\t${db:Status-Abbrev}\t${Version}\n"
    # A name that dpkg does not know makes it end with 1, and the others are told all the same.
    done = run.run(["dpkg-query", "-W", "-f", form, *sorted(spec["versions"])], timeout_s=timeout_s)
    if done.rc not in (0, 1):
        return _Seen(False, f"dpkg cannot be asked: {done.explain()[-BODY_SHOWN:]}")
    rows = [line.split("\t") for line in done.out.splitlines()]
    there = {name: row[3] for row in rows if row[2][1:2] == "i" for name in row[:2]}
    wrong = [
        f"{name} {there.get(name) or 'away'}"
        for name, version in spec["versions"].items()
        if there.get(name, "") != version
    ]
    if wrong:
        return _Seen(False, f"not as planned: {', '.join(sorted(wrong))}")
    return _Seen(True, ", ".join(f"{name} {version or 'away'}" for name, version in sorted(spec["versions"].items())))


def _plain(error: Exception, timeout_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout_s:.3g} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


_PROBES: Mapping[str, Callable[[Mapping[str, Any], float], _Seen]] = {
    "unit": _probe_unit,
    "tcp": _probe_tcp,
    "http": _probe_http,
    "command": _probe_command,
    "packages": _probe_packages,
}
