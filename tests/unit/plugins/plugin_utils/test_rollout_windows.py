# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
import sys
import zoneinfo
from datetime import date
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import rollout_windows

WINDOW: dict[str, Any] = {
    "name": "nights",
    "days": ["mon", "sun"],
    "weeks": [1, "last"],
    "start": "22:00",
    "end": "4:30",
    "timezone": "Europe/Berlin",
}
FREEZE: dict[str, Any] = {"name": "fair", "from": "2026-12-20", "until": "2027-01-03 06:00", "timezone": "UTC"}


def without(entry: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != key}


def test_windows_and_freezes_are_understood() -> None:
    (window,), (freeze,) = rollout_windows.understand([WINDOW], [{**FREEZE, "reason": "trade fair"}])
    assert (window.name, window.days, window.weeks) == ("nights", (0, 6), (1, "last"))
    assert (str(window.start), str(window.end), window.zone.key) == ("22:00:00", "04:30:00", "Europe/Berlin")
    assert (f"{freeze.begins}", f"{freeze.ends}") == ("2026-12-20 00:00:00+00:00", "2027-01-03 06:00:00+00:00")
    assert freeze.reason == "trade fair"


def test_none_of_them_is_an_empty_calendar_and_a_date_that_yaml_has_read_is_one() -> None:
    assert rollout_windows.understand(None, []) == ((), ())
    _windows, (freeze,) = rollout_windows.understand(None, [{**FREEZE, "until": date(2026, 12, 20)}])
    assert f"{freeze.ends}" == "2026-12-21 00:00:00+00:00"


@pytest.mark.parametrize(
    "windows, named",
    [
        ("nights", "windows: 'nights' is no list"),
        ({"name": "nights"}, "is no list"),
        ([{}], "windows, entry 1: {} tells nothing"),
        ([WINDOW, "x"], "windows, entry 2: 'x' tells nothing"),
        ([{**WINDOW, "day": "mon"}], "windows, 'nights': 'day' is unknown. Known are name, days"),
        ([without(WINDOW, "name")], "windows, entry 1: name is missing or empty"),
        ([{**WINDOW, "name": 5}], "windows, entry 1: name 5 is no text"),
        ([without(WINDOW, "days")], "windows, 'nights': days is missing or empty. List days: mon, tue"),
        ([{**WINDOW, "days": []}], "days is missing or empty"),
        ([{**WINDOW, "days": "mon"}], "days 'mon' is no list"),
        ([{**WINDOW, "days": ["mon", "moon"]}], "has 'moon'. List days: mon, tue"),
        ([{**WINDOW, "days": ["Mon"]}], "has 'Mon'"),
        ([{**WINDOW, "weeks": []}], "weeks [] is no list with something in it"),
        ([{**WINDOW, "weeks": [6]}], "has 6. List which of the month"),
        ([{**WINDOW, "weeks": [True]}], "has True"),
        ([{**WINDOW, "start": "24:00"}], "start '24:00' is no time of day"),
        ([{**WINDOW, "start": 1320}], "start 1320 is no time of day. Give a time of day in quotes"),
        ([{**WINDOW, "end": "4"}], "end '4' is no time of day"),
        ([without(WINDOW, "timezone")], "timezone is missing or empty"),
        ([{**WINDOW, "timezone": "Mars/Base"}], "timezone 'Mars/Base' is no time zone that this controller knows"),
        ([{**WINDOW, "timezone": "../etc"}], "timezone '../etc' is no time zone"),
        ([{**WINDOW, "timezone": "Europe"}], "timezone 'Europe' is no time zone"),
    ],
)
def test_a_window_that_cannot_be_is_refused_with_its_name_the_value_and_the_cure(windows: object, named: str) -> None:
    with pytest.raises(BadInput, match=re.escape(named)):
        rollout_windows.understand(windows, None)


@pytest.mark.parametrize(
    "freezes, named",
    [
        ("2026-12-20", "freezes: '2026-12-20' is no list"),
        ([{**FREEZE, "to": "x"}], "freezes, 'fair': 'to' is unknown"),
        ([without(FREEZE, "until")], "until is missing or empty. Give a day, which is frozen to its end"),
        ([{**FREEZE, "from": "20.12.2026"}], "from '20.12.2026' is neither a day nor a minute"),
        ([{**FREEZE, "from": "2026-02-30"}], "from '2026-02-30' is not in any calendar"),
        ([{**FREEZE, "from": "2026-12-20 25:00"}], "is not in any calendar"),
        ([{**FREEZE, "from": 20261220}], "from 20261220 is neither"),
        ([{**FREEZE, "until": "2026-12-19"}], "until '2026-12-19' is not after from '2026-12-20'"),
        ([{**FREEZE, "until": "2026-12-20 00:00"}], "is not after from"),
        ([{**FREEZE, "timezone": ""}], "timezone is missing or empty"),
    ],
)
def test_a_freeze_that_cannot_be_is_refused_with_its_name_the_value_and_the_cure(freezes: object, named: str) -> None:
    with pytest.raises(BadInput, match=re.escape(named)):
        rollout_windows.understand(None, freezes)


def test_a_controller_without_time_zones_is_told_to_install_them() -> None:
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    # The package of PyPI would serve as well, where it is installed.
    present, sys.modules["tzdata"] = sys.modules.get("tzdata"), None  # type: ignore[assignment] # blocks the import
    try:
        with pytest.raises(BadInput, match=r"no database of time zones\. Install its package tzdata"):
            rollout_windows.understand([WINDOW], None)
    finally:
        zoneinfo.reset_tzpath()
        sys.modules.pop("tzdata")
        if present:
            sys.modules["tzdata"] = present
