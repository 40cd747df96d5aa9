"""Made-up series with a known end: what is called rising, and when it runs out."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils.memory_info import forecast as engine
from ansible_collections.groundcrew.fleet.plugins.module_utils.memory_info.forecast import Forecast, Sample

MIB = 1024 * 1024
MINUTE = 60
NOW = 6 * 3600
CAPACITY = 4096 * MIB


def series(used: Callable[[int], float], count: int = 360) -> list[Sample]:
    """One sample a minute, in MiB by the minute, the last one now."""
    return [(NOW - (count - 1 - minute) * MINUTE, used(minute) * MIB) for minute in range(count)]


def judged(samples: list[Sample], *, since: float = 0.0) -> Forecast:
    return engine.forecast(samples, capacity=CAPACITY, now=NOW, step_s=MINUTE, since=since)


def noise(seed: int, width: float = 100) -> Callable[[int], float]:
    source = random.Random(seed)
    return lambda _minute: source.uniform(0, width)


def sawtooth_with_leak(minute: int) -> float:
    return 1000 + 2 * minute + 20 * (minute % 15)


def test_a_sawtooth_with_a_leak_runs_out_when_its_teeth_meet_the_limit() -> None:
    found = judged(series(sawtooth_with_leak))
    assert found.state == "rising"
    assert found.slope == pytest.approx(2 * MIB / MINUTE, rel=0.05)
    # 1000 + 2 * 359 is the floor at the end, and a tooth is 280 high.
    assert found.seconds == pytest.approx((4096 - 1718 - 280) / 2 * MINUTE, rel=0.05)


def test_a_leak_without_any_noise_is_drawn_on_exactly() -> None:
    found = judged(series(lambda minute: 1000 + minute))
    assert found.seconds == pytest.approx((4096 - 1359) * MINUTE, rel=0.01)


def test_a_sawtooth_without_a_leak_is_steady() -> None:
    found = judged(series(lambda minute: 1000 + 20 * (minute % 15)))
    assert (found.state, found.seconds) == ("steady", None)


@pytest.mark.parametrize("seed", range(20))
def test_a_leak_in_noise_is_found(seed: int) -> None:
    wobble = noise(seed)
    found = judged(series(lambda minute: 1000 + minute + wobble(minute)))
    assert found.state == "rising"
    assert found.seconds == pytest.approx((4096 - 1359 - 100) * MINUTE, rel=0.1)


def test_noise_without_a_leak_is_almost_never_called_a_leak() -> None:
    found = [judged(series(noise(seed))) for seed in range(300)]
    assert {one.state for one in found} <= {"steady", "rising"}
    # The test's own error is 1 %; none of these would be out of memory within three days.
    assert sum(one.state == "rising" for one in found) <= 6
    assert all(one.seconds is None or one.seconds > 3 * 86400 for one in found)


@pytest.mark.parametrize("seed", range(10))
def test_a_sudden_step_is_no_leak(seed: int) -> None:
    wobble = noise(seed, 20)
    found = judged(series(lambda minute: (1000 if minute < 200 else 2000) + wobble(minute)))
    assert (found.state, found.seconds) == ("steady", None)


def test_what_lies_before_a_restart_does_not_count() -> None:
    def used(minute: int) -> float:
        return 1000 + 5 * minute if minute < 160 else 900 + (minute - 160)

    found = judged(series(used))
    assert found.state == "rising"
    assert 190 <= found.samples <= 200
    assert found.slope == pytest.approx(MIB / MINUTE, rel=0.05)


def test_after_a_restart_without_a_leak_nothing_rises() -> None:
    wobble = noise(1, 20)
    found = judged(series(lambda minute: (1000 + 5 * minute if minute < 160 else 900) + wobble(minute)))
    assert (found.state, found.seconds) == ("steady", None)


def test_right_after_a_restart_it_is_too_early_to_say() -> None:
    found = judged(series(lambda minute: 1000 + 5 * minute if minute < 350 else 900))
    assert (found.state, found.early) == ("unknown", True)


def test_what_lies_before_the_boot_does_not_count() -> None:
    found = judged(series(lambda minute: 1000 + 5 * minute), since=NOW - 10 * MINUTE)
    assert (found.state, found.early, found.samples) == ("unknown", True, 11)


@pytest.mark.parametrize("since_boot_s, early", [(80, True), (90, False)])
def test_who_looks_each_second_waits_a_minute_for_the_first_sample_after_a_boot(since_boot_s: int, early: bool) -> None:
    found = engine.forecast([(NOW, MIB)], capacity=CAPACITY, now=NOW, step_s=1, since=NOW - since_boot_s)
    assert (found.state, found.early) == ("unknown", early)


def test_one_dip_that_does_not_stay_is_no_restart() -> None:
    found = judged(series(lambda minute: 100 if minute == 200 else 1000 + minute))
    assert found.state == "rising"
    assert found.samples == 360


@pytest.mark.parametrize("count", [0, 1, 23])
def test_few_samples_are_unknown_and_not_excused_by_a_boot_long_ago(count: int) -> None:
    found = judged(series(lambda minute: 1000 + minute, count))
    assert (found.state, found.seconds, found.early) == ("unknown", None, False)
    assert "24 are needed" in found.why


def test_samples_with_gaps_are_unknown() -> None:
    found = judged([one for one in series(lambda _minute: 1000) if one[0] < 3600 or one[0] > NOW - 3600])
    assert found.state == "unknown"
    assert "gaps" in found.why


def test_memory_that_is_used_up_already_runs_out_now() -> None:
    found = judged(series(lambda minute: 4000 + minute))
    assert found.seconds == 0


@pytest.mark.parametrize(
    "seconds, told", [(90, "2 minutes"), (7199, "120 minutes"), (3 * 3600, "3.0 hours"), (10 * 86400, "10.0 days")]
)
def test_spans_are_told_in_a_fitting_unit(seconds: float, told: str) -> None:
    assert engine.told(seconds) == told
