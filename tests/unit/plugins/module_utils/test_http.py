"""Questions to a real server on this machine, and what is said when there is no answer."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import CommandFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server

CERTIFICATE = [
    *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
    *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
]


class Answering(HTTPServer):
    """Answers as it is told, and keeps what it was asked."""

    status = 200
    body = b'{"is": "well"}'
    length = ""
    line: str
    sent: str
    headers: Any

    def known_as(self, scheme: str = "http") -> Server:
        return Server("Prometheus", f"{scheme}://127.0.0.1:{self.server_port}/", timeout_s=5)


class Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.server.line, self.server.headers = f"{self.command} {self.path}", self.headers
        self.server.sent = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        self.send_response(self.server.status)
        if self.server.length:
            self.send_header("Content-Length", self.server.length)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def listening() -> Iterator[Answering]:
    with Answering(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_query_goes_into_the_url(listening: Answering) -> None:
    asked = [("filter", "a=b"), ("filter", "c d")]
    assert listening.known_as().ask("GET", "api/v2/alerts", query=asked) == {"is": "well"}
    assert (listening.line, listening.sent) == ("GET /api/v2/alerts?filter=a%3Db&filter=c+d", "")
    assert listening.headers["Authorization"] is None


@pytest.mark.parametrize(
    "given, sent, content_type",
    [
        ({"form": {"query": "up > 0"}}, "query=up+%3E+0", "application/x-www-form-urlencoded"),
        ({"body": {"id": 1}}, '{"id": 1}', "application/json"),
    ],
)
def test_a_form_or_json_is_sent_as_what_it_is(
    listening: Answering, given: dict[str, Any], sent: str, content_type: str
) -> None:
    listening.known_as().ask("POST", "x", **given)
    assert (listening.line, listening.sent) == ("POST /x", sent)
    assert listening.headers["Content-Type"] == content_type


def test_basic_authentication_is_sent_at_once(listening: Answering) -> None:
    listening.known_as()._replace(user="crew", password="pass").ask("GET", "x")
    assert listening.headers["Authorization"] == "Basic Y3JldzpwYXNz"


def test_an_empty_answer_is_none(listening: Answering) -> None:
    listening.body = b""
    assert listening.known_as().ask("DELETE", "silence/1") is None
    assert listening.line == "DELETE /silence/1"


@pytest.mark.parametrize(
    "status, body, said",
    [
        (400, b"parse error at char 3", "refused GET http://127.0.0.1:[0-9]+/x with 400: parse error at char 3$"),
        (401, b"", "with 401: Unauthorized; check user name and password$"),
        (404, b"", "with 404: Not Found; check the URL$"),
        (
            200,
            b"<html>",
            "/ does not speak Prometheus's API, it answered '<html>': check that the URL is Prometheus's own",
        ),
    ],
)
def test_what_is_no_answer_is_told_with_its_reason_and_cure(
    listening: Answering, status: int, body: bytes, said: str
) -> None:
    listening.status, listening.body = status, body
    with pytest.raises(CommandFailed, match=said):
        listening.known_as().ask("GET", "x")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "gopher://mon1", "http://[", "nonsense"])
def test_a_server_that_cannot_be_reached_is_named_with_the_cure(url: str) -> None:
    with pytest.raises(CommandFailed) as failed:
        Server("Prometheus", url).ask("GET", "x")
    assert str(failed.value).startswith(f"Prometheus at {url} cannot be reached (")
    assert "check the URL, as seen from where this runs" in str(failed.value)


def test_a_server_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url, started = f"http://127.0.0.1:{mute.getsockname()[1]}", time.monotonic()
        with pytest.raises(CommandFailed, match=r"cannot be reached \(.*timed out\)"):
            Server("Prometheus", url, timeout_s=0.2).ask("GET", "x")
    assert time.monotonic() - started < 5


def test_a_connection_that_breaks_off_in_the_middle_is_told_too(listening: Answering) -> None:
    listening.length = "1000"
    with pytest.raises(CommandFailed, match="cannot be reached"):
        listening.known_as().ask("GET", "x")


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_it_need_not_be_valid(
    listening: Answering, tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run([*CERTIFICATE, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    server = listening.known_as("https")
    with pytest.raises(CommandFailed, match=r"cannot be reached \(.*certificate"):
        server.ask("GET", "x")
    assert server._replace(ca_path=str(certificate)).ask("GET", "x") == {"is": "well"}
    assert server._replace(validate_certs=False).ask("GET", "x") == {"is": "well"}
