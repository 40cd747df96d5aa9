from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, CommandFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import haproxy

ANSWERS = {
    b"show info": b"\nName: HAProxy\n\n",
    b"set server a/b state drain": b"\n",
    b"add server a/c 10.0.0.1:80": b"New server registered.\n\n",
    b"del server a/c": b"Server deleted.\n",
    b"set server a/x state drain": b"No such server.\n\n",
    b"set server a/p state drain": b"Permission denied\n\n",
}


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(ANSWERS[self.rfile.readline().strip()])


@pytest.fixture
def path(tmp_path: Path) -> Iterator[str]:
    with socketserver.UnixStreamServer(str(tmp_path / "admin.sock"), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield str(tmp_path / "admin.sock")
        server.shutdown()
        thread.join()


def test_an_answer_comes_without_the_empty_lines_around_it(path: str) -> None:
    assert haproxy.ask(path, "show info") == "Name: HAProxy"


def test_an_order_that_is_answered_by_silence_was_followed(path: str) -> None:
    haproxy.order(path, "set server a/b state drain")


@pytest.mark.parametrize("command", ["add server a/c 10.0.0.1:80", "del server a/c"])
def test_an_order_that_is_confirmed_was_followed(path: str, command: str) -> None:
    haproxy.order(path, command)


@pytest.mark.parametrize("server, told", [("x", "No such server"), ("p", "level admin")])
def test_an_order_that_is_refused_says_why(path: str, server: str, told: str) -> None:
    with pytest.raises(CommandFailed, match=told):
        haproxy.order(path, f"set server a/{server} state drain")


def test_a_missing_socket_is_told_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"nope\.sock cannot be used .*stats socket"):
        haproxy.ask(str(tmp_path / "nope.sock"), "show info")


def test_two_turns_do_not_overlap(tmp_path: Path) -> None:
    path = str(tmp_path / "admin.sock")
    times: list[tuple[float, float]] = []

    def take() -> None:
        with haproxy.turn(path):
            begin = time.monotonic()
            time.sleep(0.1)
            times.append((begin, time.monotonic()))

    threads = [threading.Thread(target=take), threading.Thread(target=take)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = sorted(times)
    assert first[1] <= second[0]


def test_a_turn_that_never_comes_is_given_up(tmp_path: Path) -> None:
    path = str(tmp_path / "admin.sock")
    with haproxy.turn(path), pytest.raises(CommandFailed, match="busy"), haproxy.turn(path, timeout_s=0.1):
        pass


@pytest.mark.parametrize(
    "host, told",
    [
        ("10.0.0.4", "10.0.0.4:8000"),
        ("fd00::1", "[fd00::1]:8000"),
        ("[fd00::1]", "[fd00::1]:8000"),
        ("FD00:0:0::0001", "[fd00::1]:8000"),
        ("::ffff:10.0.0.1", "[::ffff:10.0.0.1]:8000"),
    ],
)
def test_an_address_is_spelled_as_haproxy_does(host: str, told: str) -> None:
    assert haproxy.reached(host, 8000) == (told,)


def test_a_name_is_looked_up() -> None:
    assert set(haproxy.reached("localhost", 8000)) & {"127.0.0.1:8000", "[::1]:8000"}


@pytest.mark.parametrize("host", ["", "a..b", "a" * 70])
def test_a_name_that_nobody_knows_is_refused(host: str) -> None:
    with pytest.raises(BadInput, match=r"knows no such name .* give an IP address"):
        haproxy.reached(host, 8000)
