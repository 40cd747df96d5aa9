# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast an error budget may be spent before somebody hears of it: the windows and burn rates of the SRE workbook. Pure.

A burn rate of 1 spends the budget exactly over the SLO's window. To spend a share of it in a time, the rate is

    burn rate = share x window / time

which for 30 days gives 2 % in 1 h: 14.4, 5 % in 6 h: 6, 10 % in 1 d: 3, 10 % in 3 d: 1. For other windows shares and times
stay and the rate follows: 7 days have 3.36, 1.4 and 1. A rate below 1 is one that the objective allows, so it becomes 1, and
a longer time of the same rate tells nothing more and goes. With constant traffic the third pair implies the fourth; it counts
where nights are quiet and days are not.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from .slo_input import Slo

HOUR_S = 3600
SECONDS = {
    "5m": 300,
    "30m": 1800,
    "1h": HOUR_S,
    "2h": 2 * HOUR_S,
    "6h": 6 * HOUR_S,
    "1d": 24 * HOUR_S,
    "3d": 72 * HOUR_S,
}
PAGE, TICKET = "page", "ticket"
# Severity, share of the budget, the window that it is spent in, and the shorter one that ends the alert soon after.
SHARES = (
    (PAGE, Decimal("0.02"), "1h", "5m"),
    (PAGE, Decimal("0.05"), "6h", "30m"),
    (TICKET, Decimal("0.10"), "1d", "2h"),
    (TICKET, Decimal("0.10"), "3d", "6h"),
)


class Pair(NamedTuple):
    """Two windows, and the ratio of failed events that both have to be above."""

    severity: str
    long: str
    short: str
    burn_rate: Decimal
    ratio: Decimal


def pairs(slo: Slo) -> list[Pair]:
    """Return the pairs of windows of an SLO, the fastest burn first."""
    found: list[Pair] = []
    for severity, share, long, short in SHARES:
        rate = max(Decimal(1), share * slo.window_days * 24 * HOUR_S / SECONDS[long])
        ratio = _ratio(slo, rate)
        if not found or ratio < found[-1].ratio:
            found.append(Pair(severity, long, short, rate, ratio))
    return found


def _ratio(slo: Slo, rate: Decimal) -> Decimal:
    """A low objective times a high rate is more than all events: then nine tenths of what was promised have to fail."""
    return min(rate * slo.budget, 1 - slo.objective / 10)


def plain(value: Decimal) -> str:
    """Return the number as PromQL and people write it: 0.001 and 10, never 1E-3 or 10.000."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
