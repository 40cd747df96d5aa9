from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, FleetError, StepFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.lock import Actor
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend import drive, membership
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.member import Place
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.membership import Call, Files
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.plan import Want

TEXT = """# Managed by groundcrew.fleet.load_balancer: changes by hand are overwritten.
backend shop
    default-server check weight 100
    server app1 10.0.0.1:8000
    server app2 10.0.0.2:8000
"""
JOINED = TEXT + "    server app3 10.0.0.3:8000\n"
FLAGS = {"ready": 0, "drain": 8, "maint": 1}


class Proxy(socketserver.UnixStreamServer):
    """A HAProxy with two servers that are UP; one that is added is UP at once, unless it is `ill`."""

    def __init__(self, path: str) -> None:
        super().__init__(path, Handler)
        self.servers = {"app1": ("10.0.0.1:8000", 0), "app2": ("10.0.0.2:8000", 0)}
        self.sessions = 0
        # So many times a server still has kept connections when it is to be removed.
        self.attached = 0
        self.ill = False
        self.refuses_to_add = False
        self.followed = False

    def answer(self, words: list[str]) -> str:
        if words[:2] == ["show", "stat"]:
            return self._stat()
        if words[0] == "show":
            rows = [f"4 shop {name} {flags} 100 100 6" for name, (_address, flags) in self.servers.items()]
            columns = "# be_id be_name srv_name srv_admin_state srv_uweight srv_iweight srv_check_state"
            return "\n".join(["1", columns, *rows])
        name = words[2].partition("/")[2]
        if words[0] == "add":
            return self._add(name, words[3])
        if name not in self.servers:
            return "No such server."
        if words[0] == "del":
            return self._delete(name)
        if words[3:4] == ["state"]:
            self.servers[name] = (self.servers[name][0], FLAGS[words[4]])
        return ""

    def _add(self, name: str, address: str) -> str:
        if name in self.servers:
            return "Already exists a server with the same name in backend."
        if self.refuses_to_add:
            return "unknown keyword 'bogus'."
        self.servers[name] = (address, 1)
        return "New server registered."

    def _delete(self, name: str) -> str:
        if self.followed:
            return "This server cannot be removed at runtime due to other configuration elements pointing to it."
        self.attached -= 1
        if self.attached >= 0:
            return "Server still has connections attached to it, cannot remove it."
        del self.servers[name]
        return "Server deleted."

    def _stat(self) -> str:
        rows = ["# pxname,svname,qcur,scur,status,weight,check_status,check_desc,last_chk,addr,cookie"]
        for name, (address, flags) in self.servers.items():
            up = "DOWN" if self.ill and name == "app3" else "UP"
            status = {0: up, 8: "DRAIN", 1: "MAINT"}[flags]
            rows.append(f"shop,{name},0,{self.sessions if name == 'app2' else 0},{status},100,L7OK,,,{address},")
        return "\n".join(rows)


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Proxy)
        for line in self.rfile.readline().decode().split(";"):
            self.wfile.write(f"{self.server.answer(line.split())}\n\n".encode())


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    (tmp_path / "haproxy.cfg").write_text(TEXT)
    with Proxy(str(tmp_path / "admin.sock")) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def write(_actor: Actor, edit: Files) -> dict[str, Any]:
    plan = edit.plan()
    for step in plan.steps:
        if step.kind == "write":
            Path(step.target).write_bytes(step.args["content"])
    return {"steps": list(plan.steps), "file_diff": [], "ledger": ""}


def refuse(_actor: Actor, _edit: Files) -> dict[str, Any]:
    raise FleetError("the disk is full")


def converge(
    proxy: Proxy,
    want: Want,
    *,
    address: str = "10.0.0.3:8000",
    wait_s: float = 5,
    check_mode: bool = False,
    change: Any = write,
) -> tuple[drive.Outcome, dict[str, Any]]:
    call = Call(str(proxy.server_address), want, Place(address), str(config_of(proxy)), Actor("tester"), wait_s)
    return membership.converge(call, check_mode=check_mode, change=change)


def config_of(proxy: Proxy) -> Path:
    return Path(str(proxy.server_address)).with_name("haproxy.cfg")


JOIN, LEAVE = Want("app3", "present", "shop"), Want("app2", "absent")


def test_a_server_joins_the_running_haproxy_and_its_configuration(proxy: Proxy) -> None:
    outcome, _told = converge(proxy, JOIN)
    assert proxy.servers["app3"] == ("10.0.0.3:8000", 0)
    assert config_of(proxy).read_text() == JOINED
    assert (outcome.before, outcome.after[0].status) == ((), "UP")


def test_the_second_time_nothing_is_ordered_or_written(proxy: Proxy) -> None:
    converge(proxy, JOIN)
    outcome, told = converge(proxy, JOIN)
    assert (outcome.orders, told["steps"]) == ((), [])


def test_a_server_that_only_runs_is_written_too(proxy: Proxy) -> None:
    proxy.servers["app3"] = ("10.0.0.3:8000", 0)
    outcome, _told = converge(proxy, JOIN)
    assert (outcome.orders, config_of(proxy).read_text()) == ((), JOINED)


def test_a_server_that_does_not_come_up_is_removed_again(proxy: Proxy) -> None:
    proxy.ill = True
    with pytest.raises(StepFailed, match=r"app3 is not UP .*Taken back: shop/app3 is absent again") as caught:
        converge(proxy, JOIN, wait_s=0.1)
    assert caught.value.undone
    assert "app3" not in proxy.servers
    assert config_of(proxy).read_text() == TEXT


def test_a_file_that_cannot_be_written_takes_the_server_out_again(proxy: Proxy) -> None:
    with pytest.raises(StepFailed, match=r"the disk is full\. Taken back: shop/app3 is absent again"):
        converge(proxy, JOIN, change=refuse)
    assert "app3" not in proxy.servers


def test_a_server_leaves_the_running_haproxy_and_its_configuration(proxy: Proxy) -> None:
    converge(proxy, LEAVE)
    assert list(proxy.servers) == ["app1"]
    assert "app2" not in config_of(proxy).read_text()


def test_kept_connections_are_waited_for(proxy: Proxy) -> None:
    proxy.attached = 2
    converge(proxy, LEAVE)
    assert list(proxy.servers) == ["app1"]


def test_a_server_that_others_follow_is_refused_at_once_and_brought_back(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "PATIENCE_S", 0)
    proxy.followed = True
    began = time.monotonic()
    with pytest.raises(StepFailed, match=r"other configuration elements pointing to it") as caught:
        converge(proxy, LEAVE, wait_s=30)
    assert caught.value.undone
    assert time.monotonic() - began < 5
    assert proxy.servers["app2"] == ("10.0.0.2:8000", 0)


def test_a_server_that_haproxy_refuses_to_add_is_not_there(proxy: Proxy) -> None:
    proxy.refuses_to_add = True
    with pytest.raises(StepFailed, match=r"unknown keyword .*Taken back: shop/app3 is absent again") as caught:
        converge(proxy, JOIN)
    assert caught.value.undone


def test_sessions_that_do_not_end_keep_the_server(proxy: Proxy) -> None:
    proxy.sessions = 1
    with pytest.raises(StepFailed, match=r"app2 still has 1 sessions .*Taken back: shop/app2 is enabled again"):
        converge(proxy, LEAVE, wait_s=0.1)
    assert proxy.servers["app2"] == ("10.0.0.2:8000", 0)
    assert config_of(proxy).read_text() == TEXT


def test_a_file_that_cannot_be_written_brings_the_server_back(proxy: Proxy) -> None:
    with pytest.raises(
        StepFailed, match=r"the disk is full\. Taken back: shop/app2 is enabled again, shop/app2 is present"
    ):
        converge(proxy, LEAVE, change=refuse)
    assert proxy.servers["app2"] == ("10.0.0.2:8000", 0)


def test_a_backend_is_not_left_empty(proxy: Proxy) -> None:
    proxy.servers["app1"] = ("10.0.0.1:8000", 8)
    with pytest.raises(FleetError, match="would leave 0 serving"):
        converge(proxy, LEAVE)
    with pytest.raises(FleetError, match="would leave 0 serving"):
        converge(proxy, LEAVE, check_mode=True)


def test_a_server_that_is_gone_is_gone(proxy: Proxy) -> None:
    outcome, told = converge(proxy, Want("app9", "absent"))
    assert (outcome.orders, told["steps"]) == ((), [])


@pytest.mark.parametrize("want", [JOIN, LEAVE])
def test_check_mode_foresees_orders_and_steps_and_does_nothing(proxy: Proxy, want: Want) -> None:
    outcome, told = converge(proxy, want, check_mode=True)
    assert len(outcome.changes) == 1
    assert [step["kind"] for step in told["steps"]] == ["write", "argv"]
    assert list(proxy.servers) == ["app1", "app2"]
    assert config_of(proxy).read_text() == TEXT


def test_to_join_needs_a_backend(proxy: Proxy) -> None:
    with pytest.raises(BadInput, match="give backend"):
        converge(proxy, JOIN._replace(backend=None))


def test_a_configuration_that_is_not_there_is_told_with_the_cure(proxy: Proxy) -> None:
    config_of(proxy).unlink()
    with pytest.raises(BadInput, match="is no file: give HAProxy's configuration as config"):
        converge(proxy, JOIN)


def test_a_haproxy_that_was_reloaded_meanwhile_is_not_believed(proxy: Proxy) -> None:
    def reload(actor: Actor, edit: Files) -> dict[str, Any]:
        del proxy.servers["app3"]
        return write(actor, edit)

    with pytest.raises(FleetError, match="HAProxy was reloaded while app3 was made present"):
        converge(proxy, JOIN, change=reload)
