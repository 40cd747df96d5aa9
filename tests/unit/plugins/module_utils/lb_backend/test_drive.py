from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import StepFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend import drive
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.plan import Want

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
        self.status = "UP"
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
        return "\n".join(["# pxname,svname,qcur,scur,status,weight,check_status,check_desc,last_chk", *rows])

    def servers(self) -> str:
        rows = [f"shop {name} {flags}" for name, flags in self.flags.items()]
        return "\n".join(["1", "# be_id be_name srv_name srv_admin_state", *(f"4 {row}" for row in rows)])

    def order(self, words: list[str]) -> str:
        if words[2].startswith(f"{self.refusing}/"):
            return "No such server."
        if words[3] == "health":
            self.status, self.passing = "DOWN", 0 if self.broken else 2
            return ""
        self.flags[words[2].partition("/")[2]] = FLAGS[words[4]]
        return ""


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Proxy)
        command = self.rfile.readline().decode().split()
        if command[:2] == ["show", "stat"]:
            answer = self.server.stat()
        elif command[0] == "show":
            answer = self.server.servers()
        else:
            answer = self.server.order(command)
        self.wfile.write(f"{answer}\n\n".encode())


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
    assert [order.command for order in outcome.orders] == ["set server shop/app1 state drain"]
    assert proxy.flags["app1"] == FLAGS["ready"]


def test_the_second_drain_gives_no_order(proxy: Proxy) -> None:
    converge(proxy, Want("app1", "drained"))
    assert converge(proxy, Want("app1", "drained")).orders == ()
