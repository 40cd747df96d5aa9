from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils._host.memory import Process
from ansible_collections.groundcrew.fleet.plugins.module_utils.memory_info import spec, state
from ansible_collections.groundcrew.fleet.plugins.module_utils.memory_info.state import Want

MIB = 1024 * 1024
FIGURES = {"available_mib": 300.0, "available_percent": 15.0}


@pytest.mark.parametrize(
    "want, low",
    [
        (Want(), False),
        (Want(available_mib=0, available_percent=0), False),
        (Want(available_mib=300), False),
        (Want(available_mib=301), True),
        (Want(available_percent=20), True),
        (Want(available_mib=100, available_percent=20), True),
    ],
)
def test_memory_is_low_below_any_of_the_limits(want: Want, low: bool) -> None:
    found, why = state.judge(FIGURES, want)
    assert found is low
    assert ("less than" in why) is low


def test_processes_are_summed_by_unit_and_a_guess_is_told_as_one() -> None:
    running = [
        Process(1, "shop", "shop.service", 30 * MIB, "pss"),
        Process(2, "shop", "shop.service", 20 * MIB, "rss"),
        Process(3, "sshd", "ssh.service", 10 * MIB, "pss"),
    ]
    assert state.sum_by_unit(running) == [
        {"unit": "shop.service", "mib": 50.0, "measure": "rss", "processes": 2},
        {"unit": "ssh.service", "mib": 10.0, "measure": "pss", "processes": 1},
    ]


def test_the_ledger_tells_the_days_between_reboots_latest_first() -> None:
    entries: list[dict[str, Any]] = [
        {"what": "reboot", "when": "A", "result": "begun", "days_up": 3.0},
        {"what": "rebooted", "when": "B", "why": "leak", "result": "done", "days_up": 3.0},
        {"what": "packages", "when": "C", "result": "done"},
        {"what": "rebooted", "when": "D", "why": "leak", "result": "failed", "days_up": 40.5},
    ]
    assert state.boots(entries) == [
        {"when": "D", "why": "leak", "days_up": 40.5, "result": "failed"},
        {"when": "B", "why": "leak", "days_up": 3.0, "result": "done"},
    ]


def prometheus(**more: Any) -> dict[str, Any]:
    given = dict.fromkeys(spec.PROMETHEUS)
    defaults = {name: option["default"] for name, option in spec.PROMETHEUS.items() if "default" in option}
    return {**given, **defaults, "url": "http://mon1:9090", **more}


def want_of(asked: dict[str, Any] | None) -> Want:
    return spec.want_from(
        {
            "threshold_available_mib": None,
            "threshold_available_percent": None,
            "evidence": False,
            "horizon_s": 3600.0,
            "prometheus": asked,
        }
    )


def test_without_prometheus_nothing_is_forecast() -> None:
    assert want_of(None).question is None


def test_without_a_query_node_exporter_is_asked_for_this_host_by_its_label() -> None:
    question = want_of(prometheus(host='a"b')).question
    assert question
    assert question.query == ('node_memory_MemTotal_bytes{host="a\\"b"} - node_memory_MemAvailable_bytes{host="a\\"b"}')


@pytest.mark.parametrize("step_s, window_s", [(0, 60), (-1, 60), (120, 60)])
def test_a_step_that_does_not_fit_the_window_is_refused(step_s: float, window_s: float) -> None:
    with pytest.raises(BadInput, match="does not fit a window"):
        want_of(prometheus(step_s=step_s, window_s=window_s))
