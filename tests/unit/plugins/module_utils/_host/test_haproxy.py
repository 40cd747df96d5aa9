from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import CommandFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import haproxy

ANSWERS = {
    b"show info": b"\nName: HAProxy\n\n",
    b"set server a/b state drain": b"\n",
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
