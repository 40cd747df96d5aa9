"""Equal differences of many hosts are told once, the odd ones by name, and never what passes or is secret."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import drift_report as drift
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.drift_report import Difference, Found, Group

CONF, KEY = Difference("Configure", ("write /etc/a",)), Difference("Bring the key", ("(not shown: no_log)",))


def test_hosts_with_equal_differences_come_first_and_the_odd_ones_last() -> None:
    found = {"app1": Found((CONF, KEY)), "app2": Found((CONF,)), "app3": Found((CONF,)), "mon1": Found()}
    assert drift.groups(found) == [Group(("app1", "app2", "app3"), (CONF,)), Group(("app1",), (KEY,))]
    text = drift.as_text(found)
    assert text.startswith("app1, app2, app3 (3 hosts):\n  Configure\n    write /etc/a\n\nonly app1:\n")
    assert text.endswith("3 of 4 hosts differ; as wanted: mon1")


@pytest.mark.parametrize(
    "found, ended_early, status",
    [
        ({"a": Found()}, "", 0),
        ({"a": Found((CONF,))}, "", 2),
        ({"a": Found((CONF,)), "b": Found(unreachable="no route")}, "", 4),
        ({"a": Found(failed=("Configure: broken",))}, "", 4),
        ({"a": Found()}, "Balance the load", 4),
        ({}, "", 4),
    ],
)
def test_status_tells_drift_from_none_and_both_from_not_knowing(
    found: dict[str, Found], ended_early: str, status: int
) -> None:
    assert drift.verdict(found, ended_early) == status


@pytest.mark.parametrize(
    "result, lines",
    [
        (
            {"changed": True, "steps": [{"kind": "write", "target": "/etc/a", "mode": "0644"}]},
            ("write /etc/a mode=0644",),
        ),
        ({"changed": True, "diff": {"before": "a\nb\n", "after": "a\nc\n", "before_header": "/x"}}, ("/x", "-b", "+c")),
        ({"changed": True, "diff": [{"prepared": "-a\n+b"}]}, ("-a", "+b")),
        ({"changed": True, "msg": "would install less"}, ("would install less",)),
        ({"changed": True, "censored": "…", "diff": {"before": "", "after": "secret"}}, ("(not shown: no_log)",)),
        (
            {"changed": True, "results": [{"changed": False}, {"changed": True, "item": "a", "msg": "m"}]},
            ("item a", "m"),
        ),
        ({"changed": True, "diff": {"before": "", "after": "", "before_header": "/x"}}, ("would change",)),
    ],
)
def test_difference_is_what_the_task_would_change(result: dict[str, Any], lines: tuple[str, ...]) -> None:
    assert drift.difference("t", result) == Difference("t", lines)


def test_nothing_is_told_of_what_would_not_change() -> None:
    assert drift.difference("t", {"changed": False, "diff": {"before": "a", "after": "b"}}) is None


def test_report_as_data_is_read_back_as_it_was() -> None:
    found = {"a": Found((CONF,), ("x: y",), ""), "b": Found((), (), "no route")}
    assert drift.from_data(drift.as_data(found, "Play")) == (found, "Play")
