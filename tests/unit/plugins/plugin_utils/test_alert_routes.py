"""The simulation of Alertmanager's routing: matchers, nesting, what is inherited, and amtool's opinion where time is no matter."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import alert_routes, alert_times
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.alert_routes import Matcher
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.live_alertmanager import program, write
from ansible_collections.groundcrew.fleet.tests.unit.plugins.plugin_utils.oncall_files import utc

NOW = utc("2026-11-29T12:00")


@pytest.mark.parametrize(
    "text,found",
    [
        ('a="b"', [("a", "=", "b")]),
        ("a=b", [("a", "=", "b")]),
        ("a = b c ", [("a", "=", "b c")]),
        ('{a="b",c!="d"}', [("a", "=", "b"), ("c", "!=", "d")]),
        ('a=~"x,y|z"', [("a", "=~", "x,y|z")]),
        ('a!~"^x\\"y$"', [("a", "!~", '^x"y$')]),
        ('a=""', [("a", "=", "")]),
        ("a=", [("a", "=", "")]),
        ('a="x\\ny\\\\z"', [("a", "=", "x\ny\\z")]),
        ("", []),
        ("{}", []),
    ],
)
def test_matchers_are_read_as_alertmanager_reads_them(text: str, found: list[tuple[str, str, str]]) -> None:
    assert alert_routes.parse(text) == [Matcher(*one) for one in found]


@pytest.mark.parametrize(
    "text,found", [("nothing", "is none. Write label"), ("{a=b", "has one brace of two"), ("1a=b", "is none")]
)
def test_what_is_no_matcher_is_refused(text: str, found: str) -> None:
    with pytest.raises(BadInput, match=found):
        alert_routes.parse(text)


@pytest.mark.parametrize(
    "one,so",
    [
        (("a", "=", "b"), True),
        (("a", "=", ""), False),
        (("x", "=", ""), True),
        (("x", "!=", "b"), True),
        (("a", "=~", "b|c"), True),
        (("a", "=~", "B"), False),
        (("a", "=~", ""), False),
        (("x", "=~", ".*"), True),
        (("x", "!~", ".+"), True),
        (("n", "=~", r"\d"), False),
    ],
)
def test_a_matcher_fits_the_whole_value_and_a_label_that_is_not_there_is_empty(
    one: tuple[str, str, str], so: bool
) -> None:
    assert alert_routes.matches(Matcher(*one), {"a": "b", "n": "٣"}) == so


def random_route(drawn: random.Random, depth: int) -> dict[str, Any]:
    """A route with up to three children, any matchers, and `continue` now and then."""
    labels, values = ("owner", "severity", "app"), ("shop", "ops", "page", "", "s.*", "shop|page")
    route: dict[str, Any] = {}
    count = drawn.choice([0, 1, 1, 2])
    route["matchers"] = [
        f'{drawn.choice(labels)}{drawn.choice(["=", "!=", "=~", "!~"])}"{drawn.choice(values)}"'
        for _each in range(count)
    ]
    if drawn.random() < 0.2:
        route["match"] = {"owner": drawn.choice(values)}
    if drawn.random() < 0.2:
        route["match_re"] = {"app": drawn.choice(values)}
    if drawn.random() < 0.7:
        route["receiver"] = f"r{drawn.randrange(6)}"
    if drawn.random() < 0.4:
        route["continue"] = True
    if depth:
        route["routes"] = [random_route(drawn, depth - 1) for _each in range(drawn.randrange(4))]
    return route


@pytest.mark.parametrize("seed", range(6))
def test_amtool_agrees_wherever_time_is_no_matter(tmp_path: Path, seed: int) -> None:
    drawn = random.Random(seed)
    root = {"receiver": "r0", "routes": [random_route(drawn, 2) for _each in range(5)]}
    config = {"route": root, "receivers": [{"name": f"r{number}"} for number in range(6)]}
    path = write(tmp_path / "alertmanager.yml", config)
    for _time in range(6):
        labels = {
            name: value
            for name in ("owner", "severity", "app")
            if (value := drawn.choice(["", "shop", "ops", "page", "shops"]))
        }
        labels["alertname"] = "Down"
        argv = [program("amtool"), "config", "routes", "test", f"--config.file={path}"]
        said = subprocess.check_output([*argv, *(f"{name}={value}" for name, value in labels.items())], text=True)
        assert ",".join(one.receiver for one in alert_routes.notices(config, labels, NOW)) == said.strip(), labels


NIGHTS = {"name": "nights", "time_intervals": [{"times": [{"start_time": "22:00", "end_time": "24:00"}]}]}
CONFIG: dict[str, Any] = {
    "route": {
        "receiver": "top",
        "group_by": ["alertname"],
        "group_wait": "1s",
        "routes": [
            {
                "matchers": ['owner="shop"'],
                "receiver": "shop",
                "repeat_interval": "1h",
                "active_time_intervals": ["nights"],
                "routes": [{"matchers": ['app="web"'], "group_by": ["app"]}],
            },
            {"matchers": ['owner="ops"'], "receiver": "ops", "mute_time_intervals": ["nights"]},
        ],
    },
    "receivers": [
        {"name": "top"},
        {"name": "shop", "email_configs": [{"to": "secret"}], "webhook_configs": []},
        {"name": "ops"},
    ],
    "time_intervals": [NIGHTS],
}


def test_a_notice_tells_the_way_what_is_inherited_and_what_keeps_it_back() -> None:
    (one,) = alert_routes.as_data(alert_routes.notices(CONFIG, {"owner": "shop", "app": "web"}, NOW))
    assert one == {
        "receiver": "shop",
        "ways": ["email"],
        "told": True,
        "why": "",
        "path": ['owner="shop"', 'app="web"'],
        "group_by": ["app"],
        "group_wait": "1s",
        "group_interval": "5m",
        "repeat_interval": "1h",
    }
    assert alert_routes.notices(CONFIG, {"owner": "shop"}, NOW)[0].why == "outside nights"
    assert alert_routes.notices(CONFIG, {"owner": "ops"}, utc("2026-11-29T22:00"))[0].why == "muted by nights"
    assert alert_routes.paged(CONFIG, {"owner": "ops"}, utc("2026-11-29T22:00")) == []


@pytest.mark.parametrize(
    "config,found",
    [
        ({}, "no route with a receiver"),
        ({"route": {"receiver": "x"}}, "the receiver 'x' is not in the configuration. Known are none"),
        ({**CONFIG, "time_intervals": []}, "the time interval 'nights' is not in the configuration"),
        (
            {**CONFIG, "time_intervals": [{"name": "nights", "time_intervals": [{"weekday": []}]}]},
            "'weekday' is unknown",
        ),
        (
            {**CONFIG, "time_intervals": [{"name": "nights", "time_intervals": [{"weekdays": ["mon"]}]}]},
            "'mon' is no number and none of sunday",
        ),
        (
            {**CONFIG, "time_intervals": [{"name": "nights", "time_intervals": [{"location": "Mars"}]}]},
            "location 'Mars' is no time zone",
        ),
        (
            {**CONFIG, "route": {"receiver": "top", "routes": [{"match_re": {"owner": "("}}]}},
            "is no regular expression",
        ),
    ],
)
def test_a_configuration_that_cannot_be_read_is_refused(config: dict[str, Any], found: str) -> None:
    with pytest.raises(BadInput, match=found):
        alert_routes.notices(config, {"owner": "shop"}, NOW)


@pytest.mark.parametrize(
    "interval,found",
    [
        ({"times": [{"start_time": "09:00", "end_time": 1020}]}, "end_time 1020 is no time of day. Give one in quotes"),
        ({"times": [{"start_time": "09:00"}]}, "end_time None is no time of day"),
        ({"times": [{"start_time": "9:00", "end_time": "24:00"}]}, "start_time '9:00' is no time of day"),
        ({"times": [{"start_time": "09:00", "end_time": "24:01"}]}, "end_time '24:01' is no time of day"),
        ({"times": ["09:00"]}, "times: '09:00' is no mapping. Give start_time and end_time"),
        ({"days_of_month": [65]}, '65 is no day of a month. Give 1 to 31, -1 to -31, or a range in quotes: "1:5"'),
        ({"days_of_month": ["0:3"]}, "'0:3' is no day of a month"),
    ],
)
def test_a_time_interval_that_cannot_be_read_is_refused(interval: dict[str, Any], found: str) -> None:
    with pytest.raises(BadInput, match=re.escape(found)):
        alert_times.holds([interval], NOW)


def by_hand(word: str = "on", hours: str = "start_time: 09:00, end_time: 17:00", days: str = "1:5") -> str:
    """A configuration as people write it: few quotes, an anchor, and nothing after a colon."""
    return f"""
route:
  receiver: top
  routes:
  - &office {{receiver: office, continue: {word}, active_time_intervals: [office]}}
  - {{<<: *office, receiver: env, match: {{env: {word}}}, group_wait: 1m}}
  - receiver: last
    routes:
receivers: [{{name: top}}, {{name: office}}, {{name: env}}, {{name: last}}]
time_intervals:
- name: office
  time_intervals:
  - times: [{{{hours}}}]
    days_of_month: [{days}]
    years: [2026]
"""


def test_a_file_is_read_as_alertmanager_reads_it_and_not_as_other_yaml() -> None:
    config = alert_routes.load(by_hand())
    for day, office in (("01T08:59", 0), ("01T09:00", 1), ("05T16:59", 1), ("05T17:00", 0), ("06T12:00", 0)):
        told = alert_routes.paged(config, {"env": "on"}, utc(f"2026-03-{day}"))
        assert told == [*(["office", "env"] if office else []), "last"], day


@pytest.mark.parametrize(
    "word", ["true", "True", "yes", "y", "on", "ON", "false", "no", "off", "null", "010", "0x1f", "1_0", ".5"]
)
def test_amtool_reads_a_word_without_quotes_as_the_simulation_does(tmp_path: Path, word: str) -> None:
    flag = word if word.isalpha() else "true"
    text = by_hand(word).replace(f"continue: {word}", f"continue: {flag}")
    path = tmp_path / "alertmanager.yml"
    path.write_text(text)
    argv = [program("amtool"), "config", "routes", "test", f"--config.file={path}"]
    for value in (word, word.lower(), "true", "31", "8"):
        said = subprocess.check_output([*argv, f"env={value}"], text=True).strip()
        found = alert_routes.notices(alert_routes.load(text), {"env": value}, NOW)
        assert ",".join(one.receiver for one in found) == said, value


@pytest.mark.parametrize(
    "interval,at,so",
    [
        ({}, "2026-11-29T12:00", True),
        ({"times": []}, "2026-11-29T12:00", False),
        ({"days_of_month": ["-1"]}, "2026-11-30T12:00", True),
        ({"days_of_month": ["-1"]}, "2028-02-28T12:00", False),
        ({"days_of_month": ["-1"]}, "2028-02-29T12:00", True),
        ({"days_of_month": ["28:31"]}, "2026-02-28T12:00", True),
        ({"days_of_month": ["29:31"]}, "2026-02-28T12:00", False),
        ({"days_of_month": ["-31:-29"]}, "2026-02-01T12:00", False),
        ({"days_of_month": ["-31:-28"]}, "2026-02-01T12:00", True),
        ({"days_of_month": ["5:-5"]}, "2026-02-24T12:00", True),
        ({"days_of_month": ["5:-5"]}, "2026-02-25T12:00", False),
        ({"weekdays": ["sunday"]}, "2026-11-29T12:00", True),
        ({"weekdays": ["Monday:Friday"]}, "2026-11-29T12:00", False),
        ({"months": ["november"], "years": ["2026:2027"]}, "2026-11-29T12:00", True),
        ({"months": ["1:10", "12"]}, "2026-11-29T12:00", False),
        ({"times": [{"start_time": "12:00", "end_time": "12:01"}]}, "2026-11-29T12:00", True),
        ({"times": [{"start_time": "11:59", "end_time": "12:00"}]}, "2026-11-29T12:00", False),
        ({"weekdays": ["monday"], "location": "Pacific/Kiritimati"}, "2026-11-29T12:00", True),
        (
            {"times": [{"start_time": "02:00", "end_time": "03:00"}], "location": "Europe/Berlin"},
            "2026-03-29T01:00",
            False,
        ),
    ],
)
def test_every_field_of_a_time_interval_counts(interval: dict[str, Any], at: str, so: bool) -> None:
    assert alert_times.holds([interval], utc(at)) == so
