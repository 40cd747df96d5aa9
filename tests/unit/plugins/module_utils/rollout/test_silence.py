# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import silence

GIVEN: dict[str, Any] = {"hosts": ["mon1"], "url": "http://127.0.0.1:9093", "matchers": [], "duration_s": 60}


def test_by_default_the_alerts_of_the_host_by_its_label_host_are_silenced() -> None:
    assert silence.understand(GIVEN, "app1", ["mon1"])["matchers"] == [{"name": "host", "value": "app1"}]


def test_without_a_silence_no_alertmanager_is_asked() -> None:
    assert silence.understand(None, "app1", [])["hosts"] == []


@pytest.mark.parametrize(
    "more, named",
    [
        ({"hosts": []}, "it names no hosts"),
        ({"hosts": ["mon1", "mon9"]}, "host 'mon9' is not in the inventory"),
        ({"duration_s": -1}, "duration_s -1 is no time"),
    ],
)
def test_what_no_alertmanager_could_take_is_refused(more: dict[str, Any], named: str) -> None:
    with pytest.raises(BadInput, match=named):
        silence.understand({**GIVEN, **more}, "app1", ["mon1"])


def test_answers_are_judged_one_by_one_those_of_dead_hosts_too() -> None:
    answered = silence.judge(
        [
            {"item": "mon1", "ansible_loop_var": "item", "expired": [], "id": "x"},
            {"item": "mon2", "unreachable": True, "msg": "no\nroute"},
            {"item": {"at": "mon3", "url": "http://x"}, "module_stderr": "python3: not found"},
            {"item": "mon4"},
        ]
    )
    assert answered.by == ("mon1",)
    assert answered.others == {"mon2": "no route", "mon3": "python3: not found", "mon4": "no answer"}
