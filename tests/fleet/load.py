"""Send requests to a server of the lab at a constant rate, and count what a user would have lost.

The load is open: each request has its moment on the clock and is sent then, however slow the answers before it are, and its
latency counts from that moment. A stalled server therefore cannot hide its stall by slowing the sender down.
Each fifth request is a POST on a connection of its own; the others are GETs on connections that are kept, as browsers do.
A kept connection that turns out closed before the first byte of an answer is replaced once, as RFC 9110 lets clients do
(counted as `reconnected`); nothing else is ever sent twice. Lost is whatever had no 2xx answer within the time-out.

    python -m fleet.load http://127.0.0.1:18080/ --rate 100 --seconds 30

One JSON line a second tells the sums so far; the last line, after the time or a SIGTERM or SIGINT, is the summary.
"""

from __future__ import annotations

import argparse
import http.client
import ipaddress
import json
import math
import signal
import ssl
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import urlsplit

POST_EVERY = 5
MAX_RATE = 500
MAX_SECONDS = 1800
WORKERS = 256
# This machine itself, and the networks that its labs have their hosts in.
OWN = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("10.89.0.0/16"))


class Answer(NamedTuple):
    """What became of one request: `failure` is empty when it was answered 2xx in time."""

    second: int
    latency_s: float
    failure: str
    reconnected: bool
    server: str


class Target(NamedTuple):
    host: str
    port: int
    path: str
    tls: bool = False


def parse_target(url: str) -> Target:
    """The server that `url` names; raise ValueError unless it is an address of this machine: load belongs on one's own lab."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not _is_own(parts.hostname or ""):
        raise ValueError(
            f"{url} is not http or https on 127.0.0.1 or a lab's 10.89.…: this generator only loads the machine that it runs on"
        )
    tls = parts.scheme == "https"
    return Target(str(parts.hostname), parts.port or (443 if tls else 80), parts.path or "/", tls)


def _is_own(host: str) -> bool:
    try:
        return any(ipaddress.ip_address(host) in network for network in OWN)
    except ValueError:
        return False


def _trusting() -> ssl.SSLContext:
    """For a lab's own certificate, which may change meanwhile."""
    made = ssl.create_default_context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


class Client:
    """Sends requests, from any thread, each thread with a kept connection of its own."""

    def __init__(self, target: Target, *, timeout_s: float) -> None:
        self._target = target
        self._timeout_s = timeout_s
        self._kept = threading.local()
        self._made: list[http.client.HTTPConnection] = []
        # One for all: to make it takes longer than a request.
        self._trusting = _trusting()

    def send(self, *, post: bool) -> tuple[int, str, bool]:
        """The status, the Server header of the answer, and whether a kept connection had to be replaced."""
        if post:
            connection = self._connect()
            try:
                return (*finish(self._begin(connection, "POST")), False)
            finally:
                connection.close()
        kept: http.client.HTTPConnection | None = getattr(self._kept, "connection", None)
        if kept is not None and kept.sock is not None:
            try:
                response = self._begin(kept, "GET")
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                kept.close()
                return (*self._get_on_new_connection(), True)
            return (*finish(response), False)
        return (*self._get_on_new_connection(), False)

    def drop(self) -> None:
        """Close this thread's kept connection, whose last answer cannot be relied on."""
        if hasattr(self._kept, "connection"):
            self._kept.connection.close()

    def close(self) -> None:
        """Close the kept connections of all threads."""
        for connection in self._made:
            connection.close()

    def _get_on_new_connection(self) -> tuple[int, str]:
        self._kept.connection = self._connect()
        self._made.append(self._kept.connection)
        return finish(self._begin(self._kept.connection, "GET"))

    def _connect(self) -> http.client.HTTPConnection:
        host, port, _path, tls = self._target
        if tls:
            return http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=self._trusting)
        return http.client.HTTPConnection(host, port, timeout=self._timeout_s)

    def _begin(self, connection: http.client.HTTPConnection, method: str) -> http.client.HTTPResponse:
        connection.request(method, self._target.path, body=b"{}" if method == "POST" else None)
        return connection.getresponse()


def finish(response: http.client.HTTPResponse) -> tuple[int, str]:
    """The status and the Server header of an answer that has been read to its end."""
    response.read()
    return response.status, response.getheader("Server", "")


class Tally:
    """The answers so far, as sums."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: list[Answer] = []
        self._failures: Counter[str] = Counter()
        self.late_s = 0.0

    def add(self, answer: Answer) -> None:
        with self._lock:
            self._answers.append(answer)
            if answer.failure:
                self._failures[answer.failure] += 1

    def progress(self, sent: int) -> dict[str, Any]:
        with self._lock:
            return {"sent": sent, "answered": len(self._answers), "lost": sum(self._failures.values())}

    def summary(self, *, seconds: float) -> dict[str, Any]:
        """Everything that a verdict or a graph needs; latencies in seconds, of lost requests too."""
        latencies = sorted(answer.latency_s for answer in self._answers)
        return {
            "sent": len(latencies),
            "lost": sum(self._failures.values()),
            "failures": dict(self._failures),
            "reconnected": sum(answer.reconnected for answer in self._answers),
            "servers": dict(Counter(answer.server for answer in self._answers if answer.server)),
            "seconds": round(seconds, 1),
            "p50_s": quantile(latencies, 0.5),
            "p99_s": quantile(latencies, 0.99),
            "p999_s": quantile(latencies, 0.999),
            "slowest_s": quantile(latencies, 1),
            # How far this program itself fell behind its clock: a part of the latencies above that is not the server's.
            "sender_late_s": round(self.late_s, 3),
            "timeline": timeline(self._answers),
        }


def quantile(ordered: list[float], share: float) -> float:
    """The smallest of the `ordered` values that at least `share` of them do not exceed; 0 when there are none."""
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 4) if ordered else 0.0


def timeline(answers: list[Answer]) -> list[dict[str, Any]]:
    """For each second in which requests were due: how many, how many of them were lost, and the slowest."""
    seconds: dict[int, list[Answer]] = {}
    for answer in answers:
        seconds.setdefault(answer.second, []).append(answer)
    return [
        {
            "second": second,
            "sent": len(due),
            "lost": sum(bool(answer.failure) for answer in due),
            "slowest_s": round(max(answer.latency_s for answer in due), 4),
        }
        for second, due in sorted(seconds.items())
    ]


def send_one(client: Client, tally: Tally, *, due: float, started: float, post: bool, timeout_s: float) -> None:
    """Send the request that was due at `due` and tell the tally what became of it."""
    reconnected, server = False, ""
    try:
        status, server, reconnected = client.send(post=post)
        failure = "" if 200 <= status < 300 else f"status {status}"
    except (OSError, http.client.HTTPException) as error:
        failure = type(error).__name__
        client.drop()
    latency = time.monotonic() - due
    if not failure and latency > timeout_s:
        failure = "answered too late"
    tally.add(Answer(int(due - started), latency, failure, reconnected, server))


def load(target: Target, *, rate: int, seconds: float, timeout_s: float, stop: threading.Event) -> dict[str, Any]:
    """Send `rate` requests a second for `seconds` or until `stop` is set, print the sums each second, return the summary."""
    tally = Tally()
    client = Client(target, timeout_s=timeout_s)
    started = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        for number in range(int(rate * seconds)):
            due = started + number / rate
            if stop.wait(max(0.0, due - time.monotonic())):
                break
            tally.late_s = max(tally.late_s, time.monotonic() - due)
            post = number % POST_EVERY == POST_EVERY - 1
            pool.submit(send_one, client, tally, due=due, started=started, post=post, timeout_s=timeout_s)
            if number % rate == rate - 1:
                print(json.dumps(tally.progress(number + 1)), flush=True)
        ended = time.monotonic()
    client.close()
    return tally.summary(seconds=ended - started)


def main() -> None:
    parser = argparse.ArgumentParser(prog="fleet.load", description="Load a server of the lab at a constant rate.")
    parser.add_argument("url")
    parser.add_argument("--rate", type=int, default=100, help=f"requests a second, 1 to {MAX_RATE}")
    parser.add_argument("--seconds", type=float, default=60, help=f"at most, up to {MAX_SECONDS}")
    parser.add_argument("--timeout", type=float, default=5, help="seconds after which a request is lost")
    options = parser.parse_args()
    if not (1 <= options.rate <= MAX_RATE and 0 < options.seconds <= MAX_SECONDS and 0 < options.timeout <= 60):
        parser.error("--rate, --seconds or --timeout is out of bounds")
    try:
        target = parse_target(options.url)
    except ValueError as error:
        parser.error(str(error))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    summary = load(target, rate=options.rate, seconds=options.seconds, timeout_s=options.timeout, stop=stop)
    print(json.dumps(summary), flush=True)


if __name__ == "__main__":
    main()
