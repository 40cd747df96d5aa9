# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.module_utils.rollout import waves

TEN = tuple(f"h{number}" for number in range(1, 11))


@pytest.mark.parametrize(
    "given, sizes",
    [
        (3, [3, 3, 3, 1]),
        ("3", [3, 3, 3, 1]),
        ("1,25%,rest", [1, 2, 7]),
        ("1, 25 %, rest", [1, 2, 7]),
        ([1, "25%", "rest"], [1, 2, 7]),
        (["1,25%", "rest"], [1, 2, 7]),
        ("1,25%", [1, 2, 2, 2, 2, 1]),
        ("3,5", [3, 5, 2]),
        ("100%", [10]),
        ("1%", [1] * 10),
        ("rest", [10]),
        (99, [10]),
    ],
)
def test_waves_take_the_hosts_in_their_order_and_the_last_size_repeats(given: object, sizes: list[int]) -> None:
    found = waves.split(TEN, waves.parse_waves(given), total=10)
    assert [len(wave) for wave in found] == sizes
    assert sum(found, ()) == TEN


def test_a_percentage_is_one_of_all_hosts_though_few_are_left() -> None:
    assert waves.split(TEN[8:], waves.parse_waves("20%"), total=10) == (("h9", "h10"),)


@pytest.mark.parametrize(
    "given, named",
    [
        ("", "empty"),
        ([], "empty"),
        ("1,,2", "''"),
        ("half", "'half'"),
        ("1,-2", "'-2'"),
        ("1.5", "'1.5'"),
        (1.5, "1.5"),
        (True, "True"),
        (None, "None"),
        ([[1], 2], "[1]"),
        ({"1": 2}, "{'1': 2}"),
        (0, "0 is a wave without hosts"),
        ("0%", "'0%' is a wave without hosts"),
        ("101%", "'101%' is more than all hosts"),
        ("rest,1", "nothing is left after 'rest'"),
        ("1,٣%", "'٣%'"),
    ],
)
def test_waves_that_cannot_be_are_refused_by_name_with_a_cure(given: object, named: str) -> None:
    with pytest.raises(BadInput, match="waves") as refused:
        waves.parse_waves(given)
    assert named in str(refused.value)
    assert "Give numbers" in str(refused.value) or "Put 'rest' last" in str(refused.value)


@pytest.mark.parametrize("given, limit", [(0, 0), ("2", 2), ("10%", 1), ("9%", 0), ("100%", 10), (50, 50)])
def test_a_limit_is_a_number_or_a_percentage_rounded_down(given: object, limit: int) -> None:
    assert waves.parse_limit(given, 10) == limit


@pytest.mark.parametrize("given", ["", "few", -1, "120%", None, [1], False])
def test_a_limit_that_cannot_be_is_refused_by_name(given: object) -> None:
    with pytest.raises(BadInput, match=r"limit: .* Give a number of hosts or a percentage"):
        waves.parse_limit(given, 10)


def test_each_batch_ends_with_its_sentinel() -> None:
    layout = waves.lay_out((("a",), ("b", "c")), sentinels=True)
    assert layout.hosts == ("a", "groundcrew_wave_1", "b", "c", "groundcrew_wave_2")
    assert layout.serial == (2, 3)
    assert layout.sentinels == ("groundcrew_wave_1", "groundcrew_wave_2")


def test_under_limit_there_are_no_sentinels() -> None:
    assert waves.lay_out((("a",), ("b", "c")), sentinels=False) == (("a", "b", "c"), (1, 2), ())


def test_a_play_for_nobody_still_names_a_host_that_exists() -> None:
    assert waves.lay_out((), sentinels=True) == (("localhost",), (1,), ())


@pytest.mark.parametrize(
    "hosts, named", [([], "no host"), (["a", "b", "a"], "twice: a"), (["groundcrew_wave_1"], "reserved")]
)
def test_hosts_that_cannot_be_rolled_out_are_refused(hosts: list[str], named: str) -> None:
    with pytest.raises(BadInput, match=named):
        waves.check_hosts(hosts)
