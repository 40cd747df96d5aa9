"""What roles/load_balancer/README.md promises of what clients see."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.groundcrew.fleet.molecule.load_balancer.tests.world import (
    Balancer,
    Played,
    context,
    module,
    play,
    until,
)
from ansible_collections.groundcrew.fleet.tests.fleet.traffic import Traffic

REDIRECT, SECURE, PLAIN, LIMITED, STICKY, CAREFUL = 80, 443, 8080, 8081, 8082, 8083
LOADED = "http://127.0.0.1:18168/"
FIRST, SECOND = "first", "second"


def handshake(balancer: Balancer, settings: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection((balancer.address, SECURE), timeout=5)
    return settings.wrap_socket(plain)


def certificate(balancer: Balancer) -> str:
    """The name of the certificate that it shows."""
    with handshake(balancer, context()) as stream:
        shown = stream.getpeercert(binary_form=True) or b""
    return next(name for name in (FIRST, SECOND) if name.encode() in shown)


def test_both_answer_plain_and_by_tls(balancer: Balancer) -> None:
    assert balancer.ask(PLAIN).status == 200
    assert balancer.ask(SECURE, tls=True).status == 200


# What Python thinks of such old versions is why they are tried.
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_before_1_2_is_refused_by_the_load_balancer(balancer: Balancer) -> None:
    old = context()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        handshake(balancer, old)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_from_1_2_is_spoken_with_http_2(balancer: Balancer, version: ssl.TLSVersion) -> None:
    new = context()
    new.minimum_version = new.maximum_version = version
    new.set_alpn_protocols(["h2", "http/1.1"])
    with handshake(balancer, new) as stream:
        assert stream.selected_alpn_protocol() == "h2"


def test_browsers_are_told_to_use_nothing_but_https(balancer: Balancer) -> None:
    assert balancer.ask(SECURE, tls=True).headers["strict-transport-security"] == "max-age=3600"
    assert "strict-transport-security" not in balancer.ask(PLAIN).headers


def test_a_port_without_tls_sends_to_the_one_with_it(balancer: Balancer) -> None:
    answer = balancer.ask(REDIRECT, "/a?b=c")
    assert (answer.status, answer.headers["location"]) == (301, f"https://{balancer.address}/a?b=c")


def test_who_asks_too_much_is_told_to_wait_and_the_others_are_served(balancer: Balancer) -> None:
    balancer.tell("clear table limited")
    answers = [balancer.ask(LIMITED) for _number in range(7)]
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 2
    assert answers[-1].headers["retry-after"] == "60"
    assert balancer.ask(PLAIN).status == 200
    assert "200" in balancer.host.check_output(
        "python3 -c %s",
        f"import urllib.request as u; print(u.urlopen('http://{balancer.address}:{LIMITED}/').status)",
    )


def test_the_maintenance_page_is_shown_when_no_server_is_left(balancer: Balancer) -> None:
    balancer.tell("set server careful/app3 state maint")
    try:
        answer = balancer.ask(CAREFUL)
    finally:
        balancer.tell("set server careful/app3 state ready; set server careful/app3 health up")
    assert answer.status == 503
    assert "We are back in a minute" in answer.body
    assert until(lambda: balancer.ask(CAREFUL).status == 200)


def cookies(balancer: Balancer) -> dict[str, str]:
    """For each server the cookie that leads to it."""
    found: dict[str, str] = {}
    for _number in range(30):
        answer = balancer.ask(STICKY)
        found[answer.server] = answer.headers["set-cookie"].partition(";")[0]
    return found


def test_a_client_stays_with_its_server_on_both_load_balancers_and_over_a_reload(
    balancers: dict[str, Balancer],
) -> None:
    known = cookies(balancers["lb1"])
    assert set(known) == {"app1", "app2", "app3"}
    balancers["lb2"].host.check_output("systemctl reload haproxy")
    for server, cookie in known.items():
        answers = [one.ask(STICKY, cookie=cookie) for one in balancers.values() for _number in range(4)]
        assert {answer.server for answer in answers} == {server}


def test_metrics_are_there_for_prometheus_and_only_on_the_host_itself(balancer: Balancer) -> None:
    program = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8404/metrics').read().decode())"
    assert "haproxy_backend_active_servers" in balancer.host.check_output("python3 -c %s", program)
    with pytest.raises(ConnectionRefusedError):
        balancer.ask(8404)


def test_the_journal_has_requests_that_went_wrong_and_no_others_and_nothing_of_their_content(
    balancer: Balancer,
) -> None:
    assert balancer.ask(STICKY, "/").status == 200
    assert balancer.ask(STICKY, "/fail").status == 500
    assert until(lambda: any(" sticky " in line and " 500 " in line for line in balancer.journal()), 5)
    requests = [line.split() for line in balancer.journal() if line.startswith("request ")]
    assert {words[5] for words in requests if words[11].startswith("-")} == {"500"}
    assert not any("/fail" in line for line in balancer.journal())


class Renewal(NamedTuple):
    """What a join and a leave, each with a run of the role that changes the certificate, and reloads did while requests came, one server being drained."""

    plays: dict[str, Played]
    shown: dict[str, list[str]]
    statuses: dict[str, list[str]]
    traffic: dict[str, Any]


@pytest.fixture(scope="module")
def renewal(balancers: dict[str, Balancer], tmp_path_factory: pytest.TempPathFactory) -> Renewal:
    traffic = Traffic(LOADED, rate=50, record=tmp_path_factory.mktemp("load") / "requests")
    plays: dict[str, Played] = {}
    shown: dict[str, list[str]] = {name: [certificate(one)] for name, one in balancers.items()}
    statuses: dict[str, list[str]] = {name: [] for name in balancers}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("join", {"certificate": SECOND, "shop_hosts": ["app1", "app2", "app4"]}),
        ("leave", {}),
    ]
    for one in balancers.values():
        one.tell("set server shop/app2 state drain")
    try:
        with traffic.flowing(at_least=200):
            for name, variables in steps:
                plays[name] = play(f"plays/{name}", **variables)
                for one in balancers.values():
                    shown[one.name].append(certificate(one))
                    statuses[one.name].append(one.servers("shop").get("app2", "gone"))
            for _number in range(3):
                for one in balancers.values():
                    one.host.check_output("systemctl reload haproxy")
            time.sleep(1)
        for one in balancers.values():
            statuses[one.name].append(one.servers("shop")["app2"])
    finally:
        for one in balancers.values():
            one.tell("set server shop/app2 state ready")
    return Renewal(plays, shown, statuses, traffic.summary)


def test_another_certificate_is_shown_after_a_run(renewal: Renewal) -> None:
    assert [one.why for one in renewal.plays.values() if one.rc != 0] == []
    assert set(map(tuple, renewal.shown.values())) == {(FIRST, SECOND, FIRST)}


def test_reloads_renewals_joins_and_leaves_lose_no_request(renewal: Renewal) -> None:
    assert renewal.traffic["sent"] > 200
    assert renewal.traffic["lost"] == 0, renewal.traffic["failures"]
    assert set(renewal.traffic["servers"]) == {"app1", "app4"}


def test_a_drain_outlives_every_reload(renewal: Renewal) -> None:
    assert set(map(tuple, renewal.statuses.values())) == {("DRAIN",) * 3}


def test_the_role_finds_the_configuration_as_join_and_leave_have_written_it(renewal: Renewal) -> None:
    for one in renewal.plays.values():
        assert one.changed == {"app4": 1, "lb1": 1, "lb2": 1}
        # After the recap come the connections' own words, of all tasks once more.
        converged = one.said.partition("Ensure that HAProxy balances as configured")[2].partition("PLAY RECAP")[0]
        assert '"target": "/etc/haproxy/certs/shop.pem"' in converged
        begin = converged.find('"target": "/etc/haproxy/haproxy.cfg"')
        assert begin < 0, converged[max(0, begin - 1500) : begin + 1500]


def test_a_private_key_shows_neither_in_output_nor_journal_nor_ledger(
    balancers: dict[str, Balancer], renewal: Renewal, request: pytest.FixtureRequest
) -> None:
    folder = Path(request.config.getoption("--ssh-config")).parent
    for name in (FIRST, SECOND):
        secret = (folder / f"{name}.key").read_text(encoding="utf-8").splitlines()[1]
        assert not any(secret in one.said for one in renewal.plays.values())
        for one in balancers.values():
            assert one.host.run("journalctl --no-pager | grep -v COMMAND= | grep -F %s", secret).rc == 1
            assert one.host.run("grep -rF %s /var/lib/groundcrew", secret).rc == 1


def test_a_private_key_is_readable_by_root_alone(balancer: Balancer) -> None:
    assert balancer.host.file("/etc/haproxy/certs/shop.pem").mode == 0o600


class Known(NamedTuple):
    """What lb_backend_info says of 25 fast requests, five of them errors, and of six slow ones."""

    said: dict[str, Any]


@pytest.fixture(scope="module")
def known(balancers: dict[str, Balancer]) -> Known:
    one = balancers["lb2"]
    to = cookies(one)
    begin = one.host.check_output("date --utc +%Y-%m-%dT%H:%M:%S.%3NZ")
    for path in ["/"] * 20 + ["/fail"] * 5:
        one.ask(STICKY, path, cookie=to["app1"])
    for path in ["/wait/0.3"] * 5 + ["/wait/0.8"]:
        one.ask(STICKY, path, cookie=to["app2"])
    groups = {"canary": ["app2"], "rest": ["app1", "app3"], "nobody": ["app7"]}
    enough = {"group": "canary", "requests": 6, "wait_s": 5}
    return Known(module("lb2", "groundcrew.fleet.lb_backend_info", since=begin, groups=groups, until=enough))


def test_requests_and_errors_of_each_server_are_counted_from_the_moment_that_was_given(known: Known) -> None:
    of_app1, of_app2 = (known.said["latency"]["sticky"][name] for name in ("app1", "app2"))
    assert (of_app1["requests"], of_app1["errors"], of_app1["error_ratio"]) == (25, 5, 0.2)
    assert (of_app2["requests"], of_app2["errors"], of_app2["error_ratio"]) == (6, 0, 0.0)
    assert "app3" not in known.said["latency"]["sticky"]
    assert known.said["window"]["requests"] > 31


def test_percentiles_are_those_of_the_requests(known: Known) -> None:
    canary, rest = known.said["figures"]["canary"], known.said["figures"]["rest"]
    assert 0.3 <= canary["p50_s"] < 0.6
    assert 0.8 <= canary["p99_s"] < 1.2
    assert rest["p50_s"] < 0.1
    assert (rest["requests"], rest["errors"]) == (25, 5)
    assert known.said["figures"]["nobody"]["requests"] == 0


def test_a_group_that_gets_no_requests_is_waited_for_and_told_all_the_same(balancers: dict[str, Balancer]) -> None:
    assert balancers
    enough = {"group": "nobody", "requests": 1, "wait_s": 1}
    said = module("lb1", "groundcrew.fleet.lb_backend_info", since="0", groups={"nobody": ["app7"]}, until=enough)
    assert said["figures"]["nobody"]["requests"] == 0
    assert said["unknown"] == []
