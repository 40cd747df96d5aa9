from __future__ import annotations

import contextlib
import re
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import StepFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._host import haproxy
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend import drive
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.plan import Want

pytestmark = pytest.mark.of_python_alone

FLAGS = {"ready": 0, "drain": 8, "maint": 1}


class Proxy(socketserver.UnixStreamServer):
    """Two servers behind the socket of a HAProxy: app1's sessions end one by one with each look, or never.

    It shows them in the backend `refusing` too, but takes no orders there.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path, Handler)
        self.flags = {"app1": 0, "app2": 0}
        self.refusing = ""
        self.sessions = 0
        self.endless = False
        self.forgetful = False
        self.status = "UP"
        self.weights = {"app1": 100, "app2": 100}
        self.heard: list[str] = []
        # The checks of a server that was called down pass at the second look, unless it is broken.
        self.broken = False
        self.passing = 0

    def stat(self) -> str:
        self.passing -= 1
        if self.passing == 0:
            self.status = "UP"
        rows = [f"shop,app1,0,{self.sessions},{self.status},1,L4OK,,", "shop,app2,0,0,UP,1,L4OK,,"]
        if self.refusing:
            rows += [f"{self.refusing},app1,0,0,UP,1,L4OK,,", f"{self.refusing},app2,0,0,UP,1,L4OK,,"]
        self.sessions -= not self.endless and self.sessions > 0
        rows.append("shop,BACKEND,0,0,UP,2,,,")
        return "\n".join(["# pxname,svname,qcur,scur,status,weight,check_status,check_desc,last_chk", *rows])

    def servers(self) -> str:
        rows = [f"shop {name} {flags} {self.weights[name]} 100 6" for name, flags in self.flags.items()]
        columns = "# be_id be_name srv_name srv_admin_state srv_uweight srv_iweight srv_check_state"
        return "\n".join(["1", columns, *(f"4 {row}" for row in rows)])

    def order(self, words: list[str]) -> str:
        self.heard.append(" ".join(words[3:]))
        if words[2].startswith(f"{self.refusing}/"):
            return "No such server."
        if words[3] == "health":
            self.status, self.passing = "DOWN", 0 if self.broken else 2
            return ""
        name = words[2].partition("/")[2]
        if words[3] == "weight":
            self.weights[name] = int(words[4].replace("100%", "100"))
        elif not self.forgetful:
            self.flags[name] = FLAGS[words[4]]
        return ""


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Proxy)
        for line in self.rfile.readline().decode().split(";"):
            self.wfile.write(f"{self.answer(self.server, line.split())}\n\n".encode())

    def answer(self, server: Proxy, command: list[str]) -> str:
        if command[:2] == ["show", "stat"]:
            return server.stat()
        return server.servers() if command[0] == "show" else server.order(command)


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with Proxy(str(tmp_path / "admin.sock")) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def converge(proxy: Proxy, want: Want, *, wait_s: float = 5, check_mode: bool = False) -> drive.Outcome:
    return drive.converge(str(proxy.server_address), want, wait_s=wait_s, check_mode=check_mode)


def test_a_drain_waits_until_the_last_session_is_over(proxy: Proxy) -> None:
    proxy.sessions = 3
    outcome = converge(proxy, Want("app1", "drained"))
    assert [entry["sessions"] for entry in outcome.timeline] == [2, 1, 0]
    assert outcome.after[0].state == "drained"


def test_a_drain_of_a_server_that_is_down_ends_at_once(proxy: Proxy) -> None:
    proxy.status = "DOWN 1/2"
    assert len(converge(proxy, Want("app1", "drained"), wait_s=0).timeline) == 1


def test_a_drain_that_does_not_end_is_taken_back(proxy: Proxy) -> None:
    proxy.sessions, proxy.endless = 1, True
    with pytest.raises(StepFailed, match=r"still has 1 sessions .* Taken back: shop/app1 is enabled again") as caught:
        converge(proxy, Want("app1", "drained"), wait_s=0.3)
    assert caught.value.undone
    assert proxy.flags["app1"] == FLAGS["ready"]


def test_an_order_that_haproxy_does_not_keep_is_called_that_and_no_long_request(proxy: Proxy) -> None:
    proxy.sessions, proxy.endless, proxy.forgetful = 2, True, True
    with pytest.raises(StepFailed, match=r"was told to be drained, and is enabled in backend shop after 0\.3 s"):
        converge(proxy, Want("app1", "drained"), wait_s=0.3)


def test_taking_back_waits_for_a_reload_to_hand_over(proxy: Proxy) -> None:
    proxy.sessions, proxy.endless = 1, True
    path = str(proxy.server_address)
    reloading = contextlib.ExitStack()
    timers = [
        threading.Timer(0.2, lambda: reloading.enter_context(haproxy.turn(path))),
        threading.Timer(0.8, reloading.close),
    ]
    for timer in timers:
        timer.start()
    begin = time.monotonic()
    with pytest.raises(StepFailed, match=r"Taken back: shop/app1 is enabled again"):
        converge(proxy, Want("app1", "drained"), wait_s=0.4)
    for timer in timers:
        timer.join()
    assert time.monotonic() - begin >= 0.8


def test_a_drain_that_the_second_backend_refuses_is_taken_back_in_the_first(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "PATIENCE_S", 0)
    proxy.refusing = "api"
    with pytest.raises(StepFailed, match=r"refused .*shop/app1 is enabled again\. Not taken back: api/app1") as caught:
        converge(proxy, Want("app1", "drained"))
    assert not caught.value.undone
    assert proxy.flags["app1"] == FLAGS["ready"]


def test_a_drain_is_taken_back_by_a_haproxy_that_was_away_for_a_moment(proxy: Proxy) -> None:
    proxy.sessions, proxy.endless = 1, True
    path = Path(str(proxy.server_address))
    away = path.with_name("away.sock")
    timers = [threading.Timer(0.3, path.rename, [away]), threading.Timer(1.0, away.rename, [path])]
    for timer in timers:
        timer.start()
    with pytest.raises(StepFailed, match=r"cannot be used .* Taken back: shop/app1 is enabled again") as caught:
        converge(proxy, Want("app1", "drained"))
    for timer in timers:
        timer.join()
    assert caught.value.undone
    assert proxy.flags["app1"] == FLAGS["ready"]


def test_a_server_that_does_not_come_up_is_drained_again(proxy: Proxy) -> None:
    proxy.flags["app1"], proxy.broken = FLAGS["drain"], True
    with pytest.raises(StepFailed, match="backend shop calls it DOWN"):
        converge(proxy, Want("app1", "enabled"), wait_s=0.3)
    assert proxy.flags["app1"] == FLAGS["drain"]


def test_a_server_that_haproxy_doubts_is_waited_for(proxy: Proxy) -> None:
    proxy.status = "UP 1/2"
    timer = threading.Timer(0.3, lambda: setattr(proxy, "status", "UP"))
    timer.start()
    outcome = converge(proxy, Want("app1", "enabled"))
    timer.join()
    assert [entry["status"] for entry in outcome.timeline] == ["shop UP 1/2", "shop UP"]


def test_a_server_that_returns_is_up_by_checks_made_after_its_return(proxy: Proxy) -> None:
    proxy.flags["app1"] = FLAGS["drain"]
    outcome = converge(proxy, Want("app1", "enabled"))
    assert [entry["status"] for entry in outcome.timeline] == ["shop DOWN", "shop UP"]


def test_check_mode_plans_and_gives_no_order(proxy: Proxy) -> None:
    outcome = converge(proxy, Want("app1", "drained"), check_mode=True)
    assert [order.commands for order in outcome.orders] == [("set server shop/app1 state drain",)]
    assert proxy.flags["app1"] == FLAGS["ready"]


def test_the_second_drain_gives_no_order(proxy: Proxy) -> None:
    converge(proxy, Want("app1", "drained"))
    assert converge(proxy, Want("app1", "drained")).orders == ()


@pytest.mark.parametrize(
    "status",
    [
        "UP",
        "UP 1/3",
        "DOWN",
        "DOWN 1/2",
        "NOLB",
        "NOLB 1/2",
        "MAINT",
        "MAINT (via shop/app2)",
        "MAINT (resolution)",
        "DRAIN",
        "no check",
    ],
)
def test_a_drain_without_sessions_ends_at_once_whatever_haproxy_calls_the_server(proxy: Proxy, status: str) -> None:
    proxy.status = status
    assert len(converge(proxy, Want("app1", "drained"), wait_s=0).timeline) == 1


@pytest.mark.parametrize(
    "status", ["UP 1/3", "DOWN", "DOWN 1/2", "NOLB", "MAINT (via shop/app2)", "MAINT (resolution)"]
)
def test_a_wait_for_a_server_that_never_comes_up_ends_and_says_what_haproxy_calls_it(proxy: Proxy, status: str) -> None:
    proxy.status = status
    with pytest.raises(StepFailed, match=re.escape(f"is not UP after 0.1 s: backend shop calls it {status}")):
        converge(proxy, Want("app1", "enabled", weight="50"), wait_s=0.1)
    assert proxy.weights["app1"] == 100


def test_the_weight_goes_up_in_steps_once_the_server_is_up(proxy: Proxy) -> None:
    proxy.flags["app1"] = FLAGS["drain"]
    outcome = converge(proxy, Want("app1", "enabled", ramp_s=0.9))
    weights = [int(words.split()[1].replace("%", "")) for words in proxy.heard if words.startswith("weight")]
    assert weights == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert outcome.after[0].asked_weight == 100
    assert [order.before for order in outcome.changes] == ["drained"]


def test_a_server_that_fails_during_its_ramp_is_taken_out_again(proxy: Proxy) -> None:
    proxy.flags["app1"] = FLAGS["drain"]
    timer = threading.Timer(0.6, lambda: setattr(proxy, "status", "DOWN"))
    timer.start()
    with pytest.raises(StepFailed, match=r"failed while its weight went up, at \d0 of 100: backend shop calls it DOWN"):
        converge(proxy, Want("app1", "enabled", ramp_s=5))
    timer.join()
    assert (proxy.flags["app1"], proxy.weights["app1"]) == (FLAGS["drain"], 100)
    # Out first: a whole weight would be a burst for one that fails.
    assert proxy.heard[-2:] == ["state drain", "weight 100%"]
