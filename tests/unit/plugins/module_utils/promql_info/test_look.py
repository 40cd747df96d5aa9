"""The module's engine against the real Prometheus, with a past that promtool has written and a present that it scrapes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput, CommandFailed
from ansible_collections.groundcrew.fleet.plugins.module_utils._http import Server
from ansible_collections.groundcrew.fleet.plugins.module_utils.promql_info import api
from ansible_collections.groundcrew.fleet.plugins.module_utils.promql_info.judge import expectation
from ansible_collections.groundcrew.fleet.plugins.module_utils.promql_info.look import Seen, look
from ansible_collections.groundcrew.fleet.plugins.module_utils.promql_info.spec import Question, Want
from ansible_collections.groundcrew.fleet.tests.unit.plugins.module_utils.promql_info.live_servers import (
    NODE_EXPORTER,
    PROMETHEUS,
    free_port,
    needs,
    node_exporter,
    prometheus,
)

pytestmark = [needs(PROMETHEUS, NODE_EXPORTER, "promtool"), pytest.mark.of_python_alone]
NOON = 1769860800
PAST = f"""\
# TYPE load gauge
load{{host="app1"}} 1 {NOON - 60}
load{{host="app1"}} 2 {NOON}
load{{host="app2"}} NaN {NOON}
load{{host="app3"}} +Inf {NOON}
# EOF
"""
PASSWORD = "opensesame"
WEB = "basic_auth_users:\n  ops: $2b$04$AWI1VgkU5xARi5d/NE5a7uZZnjZmnugE35ZvVqC4LwA.R7dDnE0Fe\n"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home, port = tmp_path_factory.mktemp("prometheus"), free_port()
    (home / "past").write_text(PAST)
    write = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "past", "data"]
    subprocess.run(write, cwd=home, check=True, capture_output=True)
    (home / "web.yml").write_text(WEB)
    with node_exporter(home) as exporter:
        config = f"""\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: prometheus
    basic_auth: {{username: ops, password: {PASSWORD}}}
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
  - job_name: node
    static_configs: [{{targets: ["127.0.0.1:{exporter}"], labels: {{host: mon1}}}}]
"""
        with prometheus(home, config, f"--web.config.file={home}/web.yml", port=port) as url:
            yield Server("Prometheus", url, "ops", PASSWORD, 5)


def asked(live: Server, query: str, **others: Any) -> dict[str, Any]:
    """The answer to one query, of noon unless another time is given."""
    return look(live, Want((Question("q", query, **{"at": float(NOON), **others}),))).answers["q"]


def expecting(live: Server, query: str, expect: str, **others: Any) -> Seen:
    return look(live, Want((Question("q", query, expect=expectation(expect)),), **others))


def test_a_fresh_prometheus_is_waited_for_until_it_scrapes(live: Server) -> None:
    seen = expecting(live, "sum(up)", "== 2", within_s=20, stable=2)
    assert seen.against == ()
    assert seen.answers["q"]["value"] == 2
    assert seen.answers["q"]["met"] is True
    assert seen.seconds >= 1


def test_many_queries_are_one_call(live: Server) -> None:
    want = Want(
        (Question("now", "vector(7)"), Question("then", "load", at=NOON, by="host"), Question("s", "scalar(vector(3))"))
    )
    answers = look(live, want).answers
    assert {name: one["kind"] for name, one in answers.items()} == {"now": "vector", "then": "vector", "s": "scalar"}
    assert answers["then"]["by"] == {"app1": 2.0, "app2": None, "app3": None}
    assert (answers["now"]["value"], answers["s"]["value"], answers["then"]["value"]) == (7.0, 3.0, None)


def test_what_is_no_finite_number_is_null_with_its_text_and_stays_json(live: Server) -> None:
    series = asked(live, "load")["series"]
    assert {one["labels"]["host"]: (one["value"], one["text"]) for one in series} == {
        "app1": (2.0, "2"),
        "app2": (None, "NaN"),
        "app3": (None, "+Inf"),
    }
    json.dumps(series, allow_nan=False)


def test_a_time_is_read_step_by_step(live: Server) -> None:
    answer = asked(live, 'load{host="app1"}', range_s=60.0, step_s=60.0)
    assert answer["kind"] == "matrix"
    assert answer["series"][0]["values"] == [[NOON - 60.0, 1.0], [float(NOON), 2.0]]
    assert answer["value"] == 2.0


def test_an_expectation_that_is_not_met_names_query_what_was_seen_and_where_to_look(live: Server) -> None:
    seen = expecting(live, "vector(1) * 3", "< 3")
    assert seen.against == (
        f"q (vector(1) * 3) is to be < 3: {{}} is 3; look at {live.url}/graph?g0.expr=vector%281%29+%2A+3&g0.tab=1",
    )
    assert seen.answers["q"]["met"] is False


def test_an_empty_answer_leads_to_the_targets(live: Server) -> None:
    why = expecting(live, "nobody_knows_it", "== 1").against[0]
    assert why.endswith(
        f"the answer is empty; see whether the target is scraped, and by which labels: {live.url}/targets"
    )


def test_it_looks_as_often_in_a_row_as_asked_for(live: Server) -> None:
    spent = [0.0]
    want = Want((Question("q", "vector(1)", expect=expectation("== 1")),), within_s=10, stable=3)
    seen = look(live, want, clock=lambda: spent[0], sleep=lambda s: spent.__setitem__(0, spent[0] + s))
    assert (seen.against, seen.seconds) == ((), 2)


def test_it_gives_up_when_the_time_is_over(live: Server) -> None:
    spent = [0.0]
    want = Want((Question("q", "vector(0)", expect=expectation("== 1")),), within_s=5)
    seen = look(live, want, clock=lambda: spent[0], sleep=lambda s: spent.__setitem__(0, spent[0] + s))
    assert seen.against
    assert 4 <= seen.seconds <= 5


@pytest.mark.parametrize(
    "query, error, told",
    [
        (
            "up{",
            BadInput,
            "no answer to the query 'up{': .*parse error: unexpected end of input inside braces; mend the query",
        ),
        ("'words'", BadInput, "the query is the text 'words'"),
        ("load + on () load", CommandFailed, "many-to-many matching not allowed.*; mend the query: aggregate"),
    ],
)
def test_a_query_that_cannot_be_answered_says_why(live: Server, query: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        asked(live, query)


def test_a_label_that_names_several_series_is_refused(live: Server) -> None:
    with pytest.raises(
        BadInput, match=r"gives several series with job='': aggregate them, such as with sum by \(job\)"
    ):
        asked(live, "load", by="job")


def test_a_wrong_password_is_told_with_its_cure(live: Server) -> None:
    with pytest.raises(CommandFailed, match=r"with 401.*check user name and password"):
        asked(live._replace(password="wrong"), "up")


def test_a_prometheus_that_is_away_is_not_there_yet_for_whoever_expects_something() -> None:
    away = Server("Prometheus", "http://127.0.0.1:9", timeout_s=1)
    assert (
        "has no answer: Prometheus at http://127.0.0.1:9 cannot be reached" in expecting(away, "up", "empty").against[0]
    )
    with pytest.raises(CommandFailed, match="cannot be reached"):
        asked(away, "up")


def module(live: Server, **options: Any) -> dict[str, Any]:
    """Run the module itself, and return its result."""
    given = {"url": live.url, "url_username": live.user, "url_password": live.password, **options}
    ansible = Path(sys.executable).parent / "ansible"
    argv = [str(ansible), "localhost", "-m", "groundcrew.fleet.promql_info", "-a", json.dumps(given), "--check"]
    env = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal", "ANSIBLE_LOCALHOST_WARNING": "false"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    assert PASSWORD not in done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{\n") :])
    return found


def test_the_module_answers_and_asserts(live: Server) -> None:
    query = {"query": "vector(1)", "name": "one", "expect": "== 1"}
    assert module(live, queries=[query])["answers"]["one"]["met"] is True
    failed = module(live, queries=[{**query, "expect": "empty"}])
    assert " s: one (vector(1)) is to be empty: {} is 1; look at " in failed["msg"]


@pytest.mark.parametrize("key", ["histogram", "histograms"])
def test_a_native_histogram_is_refused_with_its_cure(key: str) -> None:
    told = {"data": {"resultType": "vector", "result": [{"metric": {"__name__": "h"}, key: [1, {}]}]}}
    with pytest.raises(CommandFailed, match=r"native histograms \(h\{\}\).*histogram_quantile"):
        api._parsed(told)


def test_what_prometheus_remarks_is_passed_on() -> None:
    told = {"data": {"resultType": "vector", "result": []}, "warnings": ["remote read failed"], "infos": ["no counter"]}
    assert api._parsed(told).remarks == ("remote read failed", "no counter")
