"""groundcrew-escalate, on a live Alertmanager whose configuration is made from an on-call file."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import oncall_filters
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils import live_alertmanager as live
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.live_alertmanager import (
    Live,
    Receiver,
    alertmanager,
    receiver,
)
from ansible_collections.groundcrew.fleet.tests.unit.roles.monitoring.programs import chatterbox, config_file, load

escalate = load("groundcrew-escalate")
NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
# "secret", by bcrypt.
PASSWORD_HASH = "$2b$04$FYq0i5hU6aLyCrWMmvgHY.0/qkjJfaQtzcQHx7z9YfFYFDrTEUzNW"


@pytest.mark.parametrize(
    "age,after,layer",
    [
        (0, [900, 600], 0),
        (899, [900, 600], 0),
        (900, [900, 600], 1),
        (1499, [900, 600], 1),
        (1500, [900, 600], 2),
        (10**6, [900, 600], 2),
        (10**6, [], 0),
        (-5, [900], 0),
    ],
)
def test_the_layer_rises_with_age_and_not_above_the_last(age: float, after: list[int], layer: int) -> None:
    assert escalate.level(age, after) == layer


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.123456789Z",
        "2026-01-31T13:00:00.5+01:00",
        "2026-01-31T12:00:00+00:00",
    ],
)
def test_a_time_of_alertmanagers_is_read(text: str) -> None:
    assert escalate.moment(text) == NOW


def alert(age_s: int, **labels: str) -> dict[str, Any]:
    return {"labels": {"alertname": "Down", **labels}, "startsAt": f"{(NOW - timedelta(seconds=age_s)).isoformat()}"}


CONFIG = {"teams": {"shop": [60, 60], "ops": []}, "default_team": "shop", "lapse_s": 90}


def test_each_layer_that_an_alert_has_come_to_is_told_until_shortly_after() -> None:
    posted = escalate.escalations([alert(150, owner="shop")], [], CONFIG, NOW)
    assert [one["labels"] for one in posted] == [
        {"alertname": "Down", "owner": "shop", "escalation": number} for number in ("1", "2")
    ]
    assert {one["endsAt"] for one in posted} == {"2026-01-31T12:01:30+00:00"}


@pytest.mark.parametrize(
    "given,count",
    [
        (alert(150, owner="ops"), 0),
        (alert(150, owner="unknown"), 2),
        (alert(150), 2),
        (alert(150, owner="shop", escalation="1"), 0),
        (alert(59, owner="shop"), 0),
    ],
)
def test_who_owns_an_alert_and_how_old_it_is_decide(given: dict[str, Any], count: int) -> None:
    assert len(escalate.escalations([given], [], CONFIG, NOW)) == count


def silence(since_s: int, until_s: int, **more: Any) -> dict[str, Any]:
    """A silence on the alert, or on the matcher that is given, that began and ended so many seconds ago."""
    matcher = {"name": "alertname", "value": "Down", "isRegex": False, "isEqual": True, **more}
    began, ended = (f"{(NOW - timedelta(seconds=ago)).isoformat()}" for ago in (since_s, until_s))
    return {"matchers": [matcher], "startsAt": began, "endsAt": ended}


@pytest.mark.parametrize(
    "silences,layers",
    [
        ([], ["1", "2"]),
        # Acknowledged for an hour, which is over: the first layer is paged again, the others in their turn.
        ([silence(3600, 30)], ["0"]),
        ([silence(3600, 59)], ["0"]),
        ([silence(3600, 60)], ["0", "1"]),
        ([silence(3600, 120)], ["0", "1", "2"]),
        ([silence(3600, 100), silence(3500, 10)], ["0"]),
        ([silence(3500, 10), silence(3600, 100)], ["0"]),
        # It still holds.
        ([silence(3600, -10)], []),
        ([silence(3600, 1800), silence(900, -10)], []),
        # A silence before the alert is not an answer to it, but in its time nobody was paged.
        ([silence(9000, 30)], []),
        ([silence(9000, 60)], ["1"]),
        ([silence(9000, 8000)], ["1", "2"]),
        # Yet to come, and taken back before it came.
        ([silence(-10, -3600)], ["1", "2"]),
        ([silence(10, 10)], ["1", "2"]),
        # One that was made of what the second layer was sent.
        ([silence(60, -3600, name="escalation", value="1")], []),
        ([silence(3600, 30, name="escalation", value="2")], ["0"]),
        ([silence(60, -3600, name="escalation", value="3")], ["1", "2"]),
        # One on something else.
        ([silence(60, -3600, value="Up")], ["1", "2"]),
        ([silence(60, -3600, isEqual=False)], ["1", "2"]),
        ([silence(60, -3600, name="host", value="")], []),
        ([silence(60, -3600, value="D.*", isRegex=True)], []),
        ([silence(60, -3600, value="D", isRegex=True)], ["1", "2"]),
        ([silence(60, -3600, value="U.*", isRegex=True, isEqual=False)], []),
        # Python does not read it.
        ([silence(60, -3600, value="\\pL+", isRegex=True, isEqual=False)], ["1", "2"]),
    ],
)
def test_who_is_paged_counts_from_the_end_of_the_last_acknowledgement(
    silences: list[dict[str, Any]], layers: list[str]
) -> None:
    posted = escalate.escalations([alert(7200, owner="shop")], silences, CONFIG, NOW)
    assert [one["labels"]["escalation"] for one in posted] == layers


def test_what_is_sent_after_an_acknowledgement_is_told_apart_and_can_be_acknowledged_again() -> None:
    given, first = alert(7200, owner="shop"), silence(3600, 1800)
    (sent,) = escalations_at(NOW - timedelta(seconds=1790), given, first)
    assert sent == {**given["labels"], "escalation": "0", "acknowledged_until": "2026-01-31T11:30:00+00:00"}
    matchers = [{"name": name, "value": value, "isRegex": False} for name, value in sent.items()]
    assert escalations_at(NOW, given, {**silence(1780, -60), "matchers": matchers}, first) == []
    ended = {**silence(1780, 30), "matchers": matchers}
    (again,) = escalations_at(NOW, given, ended, first)
    assert again == {**sent, "acknowledged_until": "2026-01-31T11:59:30+00:00"}
    # Nothing of this name was sent before the first one ended.
    assert len(escalations_at(NOW, given, ended)) == 2


def escalations_at(now: datetime, given: dict[str, Any], *silences: dict[str, Any]) -> list[dict[str, str]]:
    return [one["labels"] for one in escalate.escalations([given], list(silences), CONFIG, now)]


def rota(pager: Receiver) -> dict[str, Any]:
    def one(name: str) -> dict[str, Any]:
        return {"people": [name], "start": "2026-01-05", "escalate_after_s": 60}

    contact = {"contact": {"webhook": pager.url}}
    team = {"time_zone": "UTC", "layers": [one("alice"), one("bob")]}
    return {"people": {"alice": contact, "bob": contact}, "teams": {"shop": team}}


def test_an_alert_that_nobody_acknowledges_pages_the_next_layer_and_a_silence_ends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with receiver() as pager:
        fast = {"group_wait": "100ms", "group_interval": "1s"}
        made = oncall_filters.alerting(rota(pager), route=fast)
        with alertmanager(made, tmp_path) as server:
            run = runner(tmp_path, server, teams=oncall_filters.escalation(rota(pager))["teams"], lapse_s=2)
            page = {"alertname": "Down", "owner": "shop", "severity": "page"}
            old = (datetime.now(timezone.utc) - timedelta(seconds=70)).isoformat()
            others = [{**page, "alertname": "Slow", "severity": "ticket"}, {"alertname": "Watchdog"}]
            server.fire(page, *others, startsAt=old)
            server.fire({**page, "alertname": "New"})
            live.until(lambda: pager.told == told("alice", "Down", "New"), why=f"not alice: {pager.told}")
            assert run() == 0
            live.until(lambda: ("Down", "person/bob") in pager.told, why=f"not bob: {pager.told}")
            assert capsys.readouterr().out == f"escalated at {server.url}: 1\n"
            acknowledge(server, alertname="Down")
            assert run() == 0
            assert capsys.readouterr().out == ""
            live.until(lambda: escalated(server) == [], why="the escalation does not end by itself")
            time.sleep(0.3)
            assert pager.told == told("alice", "Down", "New") | told("bob", "Down")


def told(person: str, *names: str) -> set[tuple[str, str]]:
    return {(name, f"person/{person}") for name in names}


def runner(directory: Path, server: Live, **config: Any) -> Callable[[], int]:
    path = config_file(directory, {"alertmanagers": [server.url], **config})
    return lambda: int(escalate.main([path]))


def test_a_silence_on_what_was_escalated_acknowledges_the_page_and_its_end_pages_one_layer_after_the_other_again(
    tmp_path: Path,
) -> None:
    with receiver() as pager:
        made = oncall_filters.alerting(rota(pager), route={"group_wait": "100ms", "group_interval": "1s"})
        with alertmanager(made, tmp_path) as server:
            run = runner(tmp_path, server, teams={"shop": [3, 900]}, lapse_s=2)
            old = (datetime.now(timezone.utc) - timedelta(seconds=70)).isoformat()
            server.fire({"alertname": "Down", "owner": "shop", "severity": "page"}, startsAt=old)
            assert run() == 0
            live.until(lambda: ("Down", "person/bob") in pager.told, why=f"not bob: {pager.told}")
            acknowledge(server, seconds=4, alertname="Down", escalation="1", owner="shop", severity="page")
            live.until(lambda: escalated(server) == [], why="the escalation does not end by itself")
            # The silenced copy is gone, and the silence holds on.
            assert run() == 0
            assert escalated(server) == []
            before = len(pager.bodies)
            live.until(lambda: run() == 0 and escalated(server, "0") != [], why="the wait does not begin anew")
            assert escalated(server) == []
            again = [("person/alice", "0")]
            live.until(lambda: called(pager, before) == again, why=f"not alice: {called(pager, before)}")
            again += [("person/bob", "1")]
            live.until(lambda: run() == 0 and called(pager, before) == again, why=f"not bob: {called(pager, before)}")
            (clicked,) = escalated(server, "0")
            acknowledge(server, seconds=2, **clicked["labels"])
            again += [("person/alice", "0")]
            live.until(lambda: run() == 0 and called(pager, before) == again, why=f"not alice: {called(pager, before)}")


def called(pager: Receiver, before: int) -> list[tuple[str, str]]:
    """Who was called since, and by the copy for which layer."""
    return [
        (body["receiver"], alert["labels"]["escalation"])
        for body in pager.bodies[before:]
        for alert in body["alerts"]
        if alert["status"] == "firing" and alert["labels"].get("escalation")
    ]


def acknowledge(server: Live, *, seconds: float = 3600, **labels: str) -> None:
    """Silence the alert by these of its labels, as somebody who has been paged does."""
    now = datetime.now(timezone.utc)
    server.call(
        "POST",
        "silences",
        {
            "matchers": [
                {"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in labels.items()
            ],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(seconds=seconds)).isoformat(),
            "createdBy": "alice",
            "comment": "I am on it",
        },
    )


def escalated(server: Live, layer: str = "1") -> list[Any]:
    return list(server.call("GET", f"alerts?filter=escalation=%22{layer}%22"))


@pytest.mark.parametrize(
    "answer,kind",
    [
        (b"220 mail here\r\n", "BadStatusLine"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[]", "IncompleteRead"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", "JSONDecodeError"),
    ],
)
def test_an_answer_that_is_none_is_a_failure_like_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: bytes, kind: str
) -> None:
    with chatterbox(answer) as url:
        assert escalate.main([config_file(tmp_path, {"alertmanagers": [url]})]) == 1
    assert capsys.readouterr().err == f"groundcrew-escalate: Alertmanager at {url} does not answer: {kind}\n"


def test_an_address_that_cannot_be_is_told_without_what_stands_behind_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert escalate.main([config_file(tmp_path, {"alertmanagers": ["http://127.0.0.1:port"]})]) == 1
    said = "Alertmanager at http://127.0.0.1:port does not answer: InvalidURL"
    assert capsys.readouterr().err == f"groundcrew-escalate: {said}\n"


def test_a_file_that_others_may_read_and_one_that_is_none_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert escalate.main([config_file(tmp_path, {"alertmanagers": ["http://127.0.0.1:1"]}, mode=0o644)]) == 1
    assert "set its mode to 0600" in capsys.readouterr().err
    assert escalate.main([config_file(tmp_path, {})]) == 1
    assert "names no alertmanagers" in capsys.readouterr().err
    assert escalate.main([str(tmp_path / "absent")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_one_alertmanager_that_is_dead_does_not_keep_the_other_from_escalating(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
    with alertmanager(silent, tmp_path) as server:
        old = (datetime.now(timezone.utc) - timedelta(seconds=70)).isoformat()
        server.fire({"alertname": "Down", "owner": "shop", "severity": "page"}, startsAt=old)
        dead = f"http://127.0.0.1:{live.free_port()}"
        config = {"alertmanagers": [dead, "file:///etc/passwd", server.url], "teams": {"shop": [60]}, "timeout_s": 3}
        assert escalate.main([config_file(tmp_path, config)]) == 1
        said = capsys.readouterr()
        assert f"Alertmanager at {dead} does not answer" in said.err
        assert "file:///etc/passwd is no http or https URL" in said.err
        assert said.out == f"escalated at {server.url}: 1\n"
        assert len(escalated(server)) == 1


def certificate(directory: Path) -> tuple[Path, Path]:
    key, made = directory / "key.pem", directory / "cert.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    new = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    subprocess.run([*new, *subject, "-keyout", key, "-out", made], check=True, capture_output=True)
    return key, made


def test_it_speaks_tls_and_gives_a_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, made = certificate(tmp_path)
    web = live.write(
        tmp_path / "web.yml",
        {
            "tls_server_config": {"cert_file": str(made), "key_file": str(key)},
            "basic_auth_users": {"groundcrew": PASSWORD_HASH},
        },
    )
    silent = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
    with alertmanager(silent, tmp_path, f"--web.config.file={web}", ca=made) as server:
        config = {"alertmanagers": [server.url], "username": "groundcrew", "password": "secret", "ca_file": str(made)}
        assert escalate.main([config_file(tmp_path, config)]) == 0
        assert escalate.main([config_file(tmp_path, {**config, "password": "wrong"})]) == 1
        said = capsys.readouterr().err
        assert "refused GET alerts with 401" in said
        assert "wrong" not in said
        assert escalate.main([config_file(tmp_path, {**config, "ca_file": None})]) == 1
        assert "does not answer" in capsys.readouterr().err
