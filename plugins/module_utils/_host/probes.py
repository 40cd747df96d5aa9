# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Make the checks of checks.py: one probe for each kind, and the loop that waits until all of them pass."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import CommandFailed
from . import run, systemd
from .checks import Check, CheckResult, Report

BODY_SHOWN = 200
BODY_SEARCHED = 1024 * 1024
SHORTEST_PROBE_S = 0.05
FIRST_PAUSE_S = 0.05
# Asking a port costs next to nothing, so one that is about to open is asked often; for how long that goes on is bounded.
CHEAP = frozenset({"tcp", "http"})
CHEAP_PAUSE_S, CHEAP_WITHIN_S = 0.1, 10
# No round begins with less time than this: probes that are cut off at once would hide what the one before has seen.
LAST_LOOK_S = 0.3


def wait_for(checks: Sequence[Check], *, within_s: float, stable: int = 1, interval_s: float = 0.5) -> Report:
    """What checks.wait_for says."""
    begin = time.monotonic()
    streak, pause = 0, FIRST_PAUSE_S
    marks: tuple[str, ...] = ()
    rounds = _Rounds(checks, begin + within_s if within_s else None, interval_s)
    while True:
        results = rounds.probe()
        seen = tuple(result.mark for result in results)
        passed = all(result.ok for result in results)
        streak = (streak + 1 if seen == marks else 1) if passed else 0
        marks = seen
        now = time.monotonic()
        left = begin + within_s - LAST_LOOK_S - now
        if streak >= stable or left <= 0 or any(result.hopeless for result in results):
            break
        # A service that is about to come up is looked at often at first; counted successes lie a whole interval apart.
        often = rounds.has_cheap and now - begin < CHEAP_WITHIN_S
        pause = interval_s if passed else min(pause * 2, interval_s, *((CHEAP_PAUSE_S,) if often else ()))
        time.sleep(min(pause, left))
    seconds = time.monotonic() - begin
    if passed and streak < stable:
        results = [result._replace(ok=False, detail=_unsteady(result, streak, stable)) for result in results]
    return Report(streak >= stable, results, round(seconds, 3))


def _unsteady(result: CheckResult, streak: int, stable: int) -> str:
    return f"passed {streak} of {stable} times in a row before the time was over ({result.detail})"


class _Rounds:
    """Rounds of probes. As long as ports do not answer, the probes that cost a process are made once in an interval only."""

    def __init__(self, checks: Sequence[Check], deadline: float | None, interval_s: float) -> None:
        self.has_cheap = any(check.kind in CHEAP for check in checks)
        self._checks, self._deadline, self._interval_s = checks, deadline, interval_s
        self._last: dict[int, CheckResult] = {}
        self._due = 0.0

    def probe(self) -> list[CheckResult]:
        """Return a result for each check, in their order; where all of them pass, all are of this round."""
        ports = [number for number, check in enumerate(self._checks) if check.kind in CHEAP]
        for number in ports:
            self._look(number)
        if all(self._last[number].ok for number in ports) or time.monotonic() >= self._due:
            for number in range(len(self._checks)):
                if number not in ports:
                    self._look(number)
            self._due = time.monotonic() + self._interval_s
        return [self._last[number] for number in range(len(self._checks))]

    def _look(self, number: int) -> None:
        check = self._checks[number]
        own = float(check.spec.get("timeout_s", 5))
        left = own if self._deadline is None else max(self._deadline - time.monotonic(), SHORTEST_PROBE_S)
        found, before = _probe(check, min(own, left)), self._last.get(number)
        cut_off = found.seconds >= round(left, 3)
        # That the time was over tells less than what was seen while there was some.
        if found.ok or not cut_off or before is None or before.ok:
            self._last[number] = found


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
    # Loaded here only: it costs 20 ms, which every module call without an http check would pay. While an app starts, it is free.
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
    from urllib.parse import urlsplit

    parts = urlsplit(spec["url"])
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s), target
    import ssl

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
    # Loaded here only, with all that it needs to know of dpkg.
    from . import package_versions

    return _Seen(*package_versions.hold(spec["versions"], rpm=spec.get("manager") == "dnf", timeout_s=timeout_s))


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
