from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import checks

ANSWERS = {"/health": (200, b'{"version": "2"}'), "/down": (503, b"no database\n"), "/moved": (302, b"")}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(1)
        status, body = ANSWERS.get(self.path, (200, (self.headers.get("Authorization") or "nobody").encode()))
        self.send_response(status)
        self.send_header("Location", "/health")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def once(check: checks.Check) -> checks.CheckResult:
    return checks.wait_for([check], within_s=0).results[0]


def test_an_answer_with_the_right_status_and_text_passes(url: str) -> None:
    assert once(checks.http(f"{url}/health", contains='"version": "2"')).ok


def test_a_wrong_status_is_told_with_the_start_of_the_body(url: str) -> None:
    result = once(checks.http(f"{url}/down"))
    assert (result.ok, result.detail) == (False, "answered 503 instead of 200; the body starts with 'no database\\n'")


def test_a_missing_text_is_told(url: str) -> None:
    assert "without 'version 3'" in once(checks.http(f"{url}/health", contains="version 3")).detail


def test_a_redirect_is_an_answer_and_is_not_followed(url: str) -> None:
    assert once(checks.http(f"{url}/moved", status=(302,))).ok
    assert "answered 302 instead of 200" in once(checks.http(f"{url}/moved")).detail


def test_a_proxy_in_the_environment_is_ignored(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert once(checks.http(f"{url}/health")).ok


def test_headers_are_sent_and_stay_out_of_the_description(url: str) -> None:
    check = checks.http(f"{url}/me", contains="Bearer s3cret", headers={"Authorization": "Bearer s3cret"})
    assert once(check).ok
    assert "s3cret" not in checks.describe(check)


def test_a_silent_server_is_given_up_when_the_time_is_over(url: str) -> None:
    report = checks.wait_for([checks.http(f"{url}/slow")], within_s=0.2)
    assert not report.ok
    assert "no answer within" in report.results[0].detail
    assert report.seconds < 0.9


def test_a_port_that_nobody_has_refuses() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert once(checks.tcp(free.getsockname()[1])).detail == "Connection refused"


def test_a_port_that_is_opened_while_waiting_passes() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        timer = threading.Timer(0.2, server.listen)
        timer.start()
        report = checks.wait_for([checks.tcp(server.getsockname()[1])], within_s=5)
        timer.join()
    assert report.ok
    assert report.seconds >= 0.1


def test_stable_asks_for_passes_in_a_row(url: str) -> None:
    report = checks.wait_for([checks.http(f"{url}/health")], within_s=5, stable=3, interval_s=0.05)
    assert report.ok
    assert report.seconds >= 0.1


def test_too_few_passes_in_the_time_say_so(url: str) -> None:
    report = checks.wait_for([checks.http(f"{url}/health")], within_s=0.2, stable=50, interval_s=0.05)
    assert not report.ok
    assert "of 50 times in a row" in report.results[0].detail


def test_a_command_is_judged_by_its_status_and_told_with_what_it_said() -> None:
    assert once(checks.command(["/bin/true"])).ok
    assert once(checks.command(["/bin/ls", "/nowhere"])).detail.startswith("ended with 2 instead of 0: /bin/ls: ")


def test_a_command_that_hangs_ends_with_the_time() -> None:
    report = checks.wait_for([checks.command(["/bin/sleep", "9"])], within_s=0.2)
    assert not report.ok
    assert report.seconds < 2


def test_failures_name_the_check_and_what_was_seen() -> None:
    report = checks.wait_for([checks.command(["/bin/true"]), checks.command(["/bin/false"])], within_s=0)
    assert checks.failures(report) == ["command /bin/false: ended with 1 instead of 0"]


@pytest.mark.parametrize(
    "make, told",
    [
        (lambda: checks.http("/health"), "whole URL"),
        (lambda: checks.http("http://"), "whole URL"),
        (lambda: checks.http("http://a/", status=()), "accepts no status"),
        (lambda: checks.tcp(0), "port 0"),
        (lambda: checks.tcp(65536), "from 1 to 65535"),
        (lambda: checks.command([]), "as a list"),
        (lambda: checks.unit(""), "unit's name"),
    ],
)
def test_a_check_that_cannot_be_right_is_refused(make: Any, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        make()
