# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""When memory runs out, from the rising floor of what is used: pure.

Used memory goes up and down all the time; a leak shows in what it never falls below. The window is cut into BUCKETS, and
each bucket's minimum is a point of the floor. The floor rises if the test of Mann (1945) and Kendall (1975) finds a trend
among these points, and its slope is the median of the slopes between all pairs of them (Theil 1950, Sen 1968), which a
few odd points do not bend. Garg, van Moorsel, Vaidyanathan and Trivedi, "A methodology for detection and estimation of
software aging" (ISSRE 1998), use both on the free memory of servers.

A trend test alone calls a single step upwards a trend, and so two more things are asked for: most points lie above the
one before, and no single rise makes up the most of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import median
from typing import NamedTuple

BUCKETS = 12
# Two samples a bucket: below that a minimum says nothing.
FEWEST_SAMPLES = 2 * BUCKETS
FEWEST_BUCKETS = 8
START_S = 60
# One-sided, 1 %: so often noise without any trend passes the first test.
SIGNIFICANT = 2.33
# A drop is big beyond a tenth of what was used before it.
BIG_DROP = 0.1
RISING, STEADY, UNKNOWN = "rising", "steady", "unknown"

Sample = tuple[float, float]


class Forecast(NamedTuple):
    """`seconds` until out of memory for a rising floor, else None. `early`: unknown only since all began anew lately.

    `slope` is in bytes a second, `floor` in bytes as it is at the end of the window, `samples` those that counted.
    """

    state: str
    why: str
    seconds: float | None = None
    slope: float = 0.0
    floor: float = 0.0
    samples: int = 0
    early: bool = False


def forecast(samples: Sequence[Sample], *, capacity: float, now: float, step_s: float, since: float = 0.0) -> Forecast:
    """Return when `capacity` bytes are used up, from samples of (seconds, bytes used), oldest first, one each `step_s`.

    Samples before `since`, the boot, do not count, nor does what lies before a big drop that stays: something was
    restarted there. For instance a floor of 100 MiB that rises by 1 MiB a second meets 300 MiB in 200 seconds, less what
    the usual swing above the floor takes.
    """
    booted = [one for one in samples if one[0] >= since]
    life = _latest_life(booted)
    if len(life) < FEWEST_SAMPLES:
        begun = life[0][0] if len(life) < len(booted) else since
        # Half as many again, and a minute at least: exporter and Prometheus need their time to start.
        early = now - begun < FEWEST_SAMPLES * step_s + max(FEWEST_SAMPLES * step_s / 2, START_S)
        why = f"only {len(life)} samples{' since all began anew' if early else ''}, and {FEWEST_SAMPLES} are needed"
        return Forecast(UNKNOWN, why, samples=len(life), early=early)
    buckets = _buckets(life)
    if len(buckets) < FEWEST_BUCKETS:
        why = f"{len(life)} samples in {len(buckets)} of {BUCKETS} parts of the time: there are gaps"
        return Forecast(UNKNOWN, why, samples=len(life))
    floors = [_lowest(bucket) for bucket in buckets]
    flat = _why_not_rising([size for _when, size in floors])
    if flat:
        return Forecast(STEADY, flat, floor=floors[-1][1], samples=len(life))
    return _rising(life, buckets, floors, capacity)


def _rising(
    life: Sequence[Sample], buckets: Sequence[Sequence[Sample]], floors: Sequence[Sample], capacity: float
) -> Forecast:
    slope = theil_sen(floors)
    now = life[-1][0]
    floor = median(size - slope * (when - now) for when, size in floors)
    width = (now - life[0][0]) / BUCKETS
    swing = max(0.0, median(_swing(bucket) for bucket in buckets) - slope * width)
    seconds = max(0.0, (capacity - swing - floor) / slope)
    why = f"the floor of used memory rises by {slope * 3600 / 2**20:.1f} MiB an hour and meets the limit in {told(seconds)}"
    return Forecast(RISING, why, seconds, slope, floor, len(life))


def told(seconds: float) -> str:
    """Return a span of time for people: minutes below two hours, hours below four days, then days."""
    if seconds < 7200:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours" if seconds < 4 * 86400 else f"{seconds / 86400:.1f} days"


def theil_sen(points: Sequence[Sample]) -> float:
    """Return the median of the slopes between all pairs of points."""
    return median(
        (size2 - size1) / (when2 - when1)
        for (when1, size1), (when2, size2) in combinations(points, 2)
        if when1 != when2
    )


def mann_kendall(values: Sequence[float]) -> float:
    """Return how many standard deviations the trend of the values lies above none; ties count as no rise."""
    rises = sum((later > earlier) - (later < earlier) for earlier, later in combinations(values, 2))
    count = len(values)
    deviation = (count * (count - 1) * (2 * count + 5) / 18) ** 0.5
    return float((rises - (rises > 0) + (rises < 0)) / deviation)


def _why_not_rising(floors: Sequence[float]) -> str:
    """Return why the floor is not called rising, "" if it is."""
    # The middle of each three: a single dip goes, and a step stays as it is.
    smooth = [median(floors[max(0, number - 1) : number + 2]) for number in range(len(floors))]
    steps = [later - earlier for earlier, later in zip(smooth, smooth[1:])]
    whole = smooth[-1] - smooth[0]
    if mann_kendall(floors) < SIGNIFICANT or whole <= 0:
        return "the floor of used memory does not rise"
    if max(steps) > whole / 2:
        return "the floor of used memory has made a step, and does not go on rising"
    if 2 * sum(step > 0 for step in steps) < len(steps):
        return "the floor of used memory rises too seldom"
    return ""


def _latest_life(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the samples since the last big drop that stays, all if there is none."""
    while len(samples) >= FEWEST_SAMPLES:
        start = _last_drop(_buckets(samples))
        if start is None:
            break
        samples = [one for one in samples if one[0] >= start]
    return samples


def _last_drop(buckets: Sequence[Sequence[Sample]]) -> float | None:
    """Return when all began anew for the last time: lower than ever before, by far, and so it stayed."""
    floors = [_lowest(bucket) for bucket in buckets]
    usual = median(_swing(bucket) for bucket in buckets)
    for number in range(len(buckets) - 1, 0, -1):
        (start, low), before = floors[number], floors[number - 1][1]
        drop = before - low
        after = [size for bucket in buckets[number : number + 2] for when, size in bucket if when >= start]
        is_big = drop > max(usual, BIG_DROP * before)
        if (
            is_big
            and low <= min(size for _when, size in floors[:number]) + drop / 10
            and median(after) < before - drop / 2
        ):
            return start
    return None


def _buckets(samples: Sequence[Sample]) -> list[list[Sample]]:
    """Return the samples in BUCKETS equal parts of their time, without the empty ones."""
    first, last = samples[0][0], samples[-1][0]
    width = (last - first) / BUCKETS or 1.0
    parts: list[list[Sample]] = [[] for _bucket in range(BUCKETS)]
    for one in samples:
        parts[min(int((one[0] - first) / width), BUCKETS - 1)].append(one)
    return [part for part in parts if part]


def _lowest(bucket: Sequence[Sample]) -> Sample:
    return min(bucket, key=lambda one: one[1])


def _swing(bucket: Sequence[Sample]) -> float:
    sizes = [size for _when, size in bucket]
    return max(sizes) - min(sizes)
