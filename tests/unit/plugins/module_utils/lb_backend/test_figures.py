from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, Unreadable
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend import figures, info
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.figures import Window
from ansible_collections.groundcrew.fleet.plugins.module_utils.lb_backend.info import Answers

CAPTURED = Path(__file__).parents[3] / "fixtures/haproxy"
LINE = "request {at} shop app1 GET {status} {received} {queued} {connected} {answered} {all} {end} 0"
FINE: dict[str, Any] = {
    "at": "100.000",
    "status": 200,
    "received": 0,
    "queued": 1,
    "connected": 2,
    "answered": 30,
    "all": 40,
    "end": "--",
}


def captured(version: str) -> list[str]:
    return (CAPTURED / f"requests-{version}.txt").read_text().splitlines()


def request(**changes: Any) -> figures.Request:
    (found,) = figures.parse([LINE.format(**{**FINE, **changes})])
    return found


@pytest.mark.parametrize("version", ["2.6", "3.0"])
def test_captured_requests_are_told_by_server(version: str) -> None:
    shop = figures.figures(figures.parse(captured(version)), {"shop"}, Window())["shop"]
    assert sorted(shop) == ["<NOSRV>", "app1", "app2", "app3"]
    assert shop["<NOSRV>"]["errors"] == shop["<NOSRV>"]["requests"] > 0
    assert sum(shop[name]["errors"] for name in ("app1", "app2", "app3")) == 1
    assert max(shop[name]["slowest_s"] for name in ("app1", "app2", "app3")) == pytest.approx(8.0, abs=0.1)


@pytest.mark.parametrize("version", ["2.6", "3.0"])
def test_what_a_frontend_answers_itself_is_nobodys_figure(version: str) -> None:
    told = figures.figures(figures.parse(captured(version)), {"shop"}, Window())
    assert list(told) == ["shop"]


def test_lines_that_are_no_requests_or_were_cut_are_passed_over() -> None:
    whole = LINE.format(**FINE)
    lines = ["Server shop/app1 is DOWN", whole[:-4], whole.replace("200", "2x0"), whole]
    assert len(figures.parse(lines)) == 1


@pytest.mark.parametrize(
    "changes, seconds",
    [
        ({}, 0.033),
        ({"received": 5000, "all": 5040}, 0.033),
        ({"answered": -1, "status": 504, "end": "sH", "all": 30000}, 30.0),
        ({"answered": -1, "queued": -1, "connected": -1, "received": -1, "all": 7}, 0.007),
    ],
    ids=["queue, connection and answer", "without a slow client", "no answer", "nothing began"],
)
def test_the_time_is_that_of_the_server(changes: dict[str, Any], seconds: float) -> None:
    assert request(**changes).seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    "changes, failed",
    [
        ({}, False),
        ({"status": 404}, False),
        ({"status": 500}, True),
        ({"status": 503, "end": "SC"}, True),
        ({"status": -1, "end": "SD"}, True),
        ({"status": 200, "end": "SD"}, True),
        ({"status": -1, "end": "CD"}, False),
        ({"status": 429, "end": "PR"}, False),
    ],
)
def test_an_error_is_the_servers_fault(changes: dict[str, Any], *, failed: bool) -> None:
    assert request(**changes).failed is failed


def test_only_the_window_counts() -> None:
    requests = [request(at=f"{at}.000", status=500 if at < 3 else 200) for at in range(1, 11)]
    count = [
        figures.figures(requests, {"shop"}, window)["shop"]["app1"]["requests"]
        for window in (Window(), Window(since=6), Window(last=3), Window(since=9, last=5))
    ]
    assert count == [10, 5, 3, 2]
    assert figures.figures(requests, {"shop"}, Window(last=3))["shop"]["app1"]["errors"] == 0


def test_percentiles_are_values_that_occurred() -> None:
    ordered = [index / 100 for index in range(1, 101)]
    assert (figures.quantile(ordered, 0.5), figures.quantile(ordered, 0.99), figures.quantile([], 0.5)) == (
        0.5,
        0.99,
        0.0,
    )


@pytest.mark.parametrize(
    "value, moment",
    [("", 0.0), ("60", 940.0), ("0.5", 999.5), ("1970-01-01T00:10:00Z", 600.0), ("1970-01-01T01:10:00+01:00", 600.0)],
)
def test_since_is_seconds_or_a_time(value: str, moment: float) -> None:
    assert info.since(value, 1000.0) == moment


@pytest.mark.parametrize("value", ["yesterday", "-5", "2026-11-29T02:00:00"])
def test_a_time_that_could_be_any_is_refused(value: str) -> None:
    with pytest.raises(BadInput, match=r"since .* is no time"):
        info.since(value, 1000.0)


@pytest.mark.parametrize("version", ["2.6", "3.0"])
def test_all_that_haproxy_tells_is_in_the_result(version: str) -> None:
    stat, servers, told = (
        (CAPTURED / f"sticky-{version}.{name}").read_text() for name in ("stat.csv", "servers.txt", "info.txt")
    )
    result = info.told(Answers(stat, servers, told, "\n".join(captured(version))), Window())
    app2 = result["backends"]["shop"]["servers"]["app2"]
    assert (app2["status"], app2["weight"], app2["configured_weight"], app2["serving"]) == ("UP", 40, 100, True)
    assert result["backends"]["shop"]["responses_5xx"] > 0
    assert result["counters_since"].startswith("2026-11-29T")
    assert result["window"]["oldest"] < result["window"]["newest"]
    assert set(result["latency"]["shop"]) > {"app1", "app2", "app3"}


def test_without_a_ring_it_says_that_latency_is_not_known() -> None:
    stat, servers, told = (
        (CAPTURED / f"sticky-3.0.{name}").read_text() for name in ("stat.csv", "servers.txt", "info.txt")
    )
    assert "not known" in info.told(Answers(stat, servers, told, None), Window())["unknown"][0]
    assert "No such event sink" in info.told(Answers(stat, servers, told, "No such event sink"), Window())["unknown"][0]


def test_what_haproxy_did_not_say_is_refused() -> None:
    with pytest.raises(Unreadable, match="is not understood"):
        info.told(Answers("nonsense", "", "", None), Window())


def of(server: str, at: float = 100.0, status: int = 200, answered: int = 30) -> figures.Request:
    return request(at=at, status=status, answered=answered)._replace(server=server)


def test_a_group_is_told_over_all_requests_to_its_hosts_whichever_their_colour() -> None:
    requests = [
        *[of("app1")] * 98,
        of("app1", status=500),
        of("app2-green", answered=900),
        of("app3"),
        of("app1", at=50),
    ]
    groups = {"canary": ["app1", "app2"], "rest": ["app3"], "nobody": ["app9"]}
    told = figures.of_groups(requests, groups, ["shop"], Window(since=100.0))
    assert {name: (one["requests"], one["errors"]) for name, one in told.items()} == {
        "canary": (100, 1),
        "rest": (1, 0),
        "nobody": (0, 0),
    }
    assert (told["canary"]["p50_s"], told["canary"]["slowest_s"]) == (0.033, 0.903)
    assert figures.of_groups(requests, groups, ["other"], Window())["canary"]["requests"] == 0


def test_a_group_is_watched_until_it_has_had_its_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter((0, 5, 10, 99))
    slept: list[float] = []
    monkeypatch.setattr(
        info, "told", lambda *_asked: {"figures": {"canary": {"requests": next(counts)}, "rest": {"requests": 9}}}
    )
    watch = info.Watch({"canary": ("app1",)}, observe_s=3, until="canary", requests=10, wait_s=60)
    found = info.watched(lambda: Answers("", "", "", ""), watch, Window(), clock=lambda: sum(slept), sleep=slept.append)
    assert found["figures"]["canary"]["requests"] == 10
    assert slept == [3, info.PAUSE_S, info.PAUSE_S]


@pytest.mark.parametrize("others, waited", [(9, 2.5), (0, 0)])
def test_a_group_is_waited_for_no_longer_than_asked_for_and_not_where_nobody_asks(
    monkeypatch: pytest.MonkeyPatch, others: int, waited: float
) -> None:
    slept: list[float] = []
    figures_told = {"canary": {"requests": 0}, "rest": {"requests": others}}
    monkeypatch.setattr(info, "told", lambda *_asked: {"figures": figures_told})
    watch = info.Watch({"canary": ("app1",)}, until="canary", requests=10, wait_s=2.5)
    info.watched(lambda: Answers("", "", "", ""), watch, Window(), clock=lambda: sum(slept), sleep=slept.append)
    assert sum(slept) == waited


def test_a_group_to_wait_for_has_to_be_one() -> None:
    given: dict[str, Any] = {
        "groups": {"rest": []},
        "backend": None,
        "observe_s": 0,
        "until": {"group": "canary", "requests": 1, "wait_s": 1},
    }
    with pytest.raises(BadInput, match="group 'canary' is none of the groups: name one of rest"):
        info.watch_of(given)
