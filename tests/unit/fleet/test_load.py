from __future__ import annotations

import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.tests.fleet import load

pytestmark = pytest.mark.of_python_alone


class Shop(BaseHTTPRequestHandler):
    """Answers 200, except where a test has told it otherwise."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    status = 200
    pause_s = 0.0
    closes = False

    def do_GET(self) -> None:
        time.sleep(self.pause_s)
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = self.closes

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def version_string(self) -> str:
        return "shop/1.0.0"

    def log_request(self, *args: object) -> None:
        pass


class Broken(Shop):
    status = 503


class Slow(Shop):
    pause_s = 0.3


class Closing(Shop):
    """Closes each connection after one answer, without having said so."""

    closes = True


@contextmanager
def serving(shop: type[Shop], context: ssl.SSLContext | None = None) -> Iterator[load.Target]:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), shop)
    if context:
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield load.Target("127.0.0.1", httpd.server_address[1], "/")
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[load.Target]:
    with serving(request.param) as target:
        yield target


def summary_of(target: load.Target, *, timeout_s: float = 5) -> dict[str, Any]:
    return load.load(target, rate=50, seconds=1, timeout_s=timeout_s, stop=threading.Event())


@pytest.mark.parametrize("server", [Shop], indirect=True)
def test_a_server_that_answers_loses_nothing(server: load.Target) -> None:
    summary = summary_of(server)
    assert (summary["sent"], summary["lost"], summary["servers"]) == (50, 0, {"shop/1.0.0": 50})


@pytest.mark.parametrize("server", [Broken], indirect=True)
def test_an_answer_that_is_not_2xx_is_lost_with_its_status(server: load.Target) -> None:
    assert summary_of(server)["failures"] == {"status 503": 50}


@pytest.mark.parametrize("server", [Slow], indirect=True)
def test_an_answer_after_the_time_out_is_lost_and_the_sending_does_not_slow_down(server: load.Target) -> None:
    summary = summary_of(server, timeout_s=0.1)
    assert (summary["sent"], summary["lost"]) == (50, 50)


@pytest.mark.parametrize("server", [Closing], indirect=True)
def test_a_kept_connection_found_closed_is_replaced_and_counted(server: load.Target) -> None:
    summary = summary_of(server)
    assert summary["lost"] == 0
    assert summary["reconnected"] > 0


def test_nobody_listening_is_lost() -> None:
    assert summary_of(load.Target("127.0.0.1", 9, "/"))["failures"] == {"ConnectionRefusedError": 50}


def test_a_kept_connection_found_closed_is_replaced_with_tls_too(tmp_path: Path) -> None:
    pem = tmp_path / "shop.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(
        [*make, "-subj", "/CN=shop", "-keyout", pem, "-out", tmp_path / "crt"], check=True, capture_output=True
    )
    pem.write_text(pem.read_text() + (tmp_path / "crt").read_text())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with serving(Closing, context) as (host, port, path, _tls):
        summary = summary_of(load.Target(host, port, path, tls=True))
    assert summary["lost"] == 0, summary["failures"]
    assert summary["reconnected"] > 0


@pytest.mark.parametrize(
    "url, target",
    [
        ("http://127.0.0.1:18080/", load.Target("127.0.0.1", 18080, "/")),
        ("https://10.89.169.100/cart", load.Target("10.89.169.100", 443, "/cart", tls=True)),
    ],
)
def test_this_machine_and_its_labs_may_be_loaded_with_tls_too(url: str, target: load.Target) -> None:
    assert load.parse_target(url) == target


@pytest.mark.parametrize("url", ["http://example.com/", "ftp://127.0.0.1/", "http://localhost/", "http://10.0.0.1/"])
def test_other_machines_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="only loads the machine that it runs on"):
        load.parse_target(url)


@pytest.mark.parametrize("share, expected", [(0.5, 2.0), (0.75, 3.0), (0.999, 4.0), (1, 4.0)])
def test_a_quantile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert load.quantile([1.0, 2.0, 3.0, 4.0], share) == expected


def test_the_timeline_has_a_row_for_each_second_in_which_requests_were_due() -> None:
    answers = [
        load.Answer(0, 0.1, "", False, ""),
        load.Answer(0, 0.3, "status 503", False, ""),
        load.Answer(2, 0.2, "", False, ""),
    ]
    assert load.timeline(answers) == [
        {"second": 0, "sent": 2, "lost": 1, "slowest_s": 0.3},
        {"second": 2, "sent": 1, "lost": 0, "slowest_s": 0.2},
    ]
