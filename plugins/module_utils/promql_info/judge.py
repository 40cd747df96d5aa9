# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Hold an answer against what is expected of it: pure."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import NamedTuple

from .._errors import BadInput
from .api import Answer, tell

EMPTY, NON_EMPTY = "empty", "non-empty"
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FORM = re.compile(r"(==|!=|<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
# A query over a fleet can fail on each of its hosts; the first of them tell the cause.
MOST_TOLD = 5


class Expectation(NamedTuple):
    """What an answer has to be: V(empty), V(non-empty), or series of which every sample compares so with `value`."""

    text: str
    compare: str = ""
    value: float = 0.0


def expectation(text: str) -> Expectation:
    """Return what `text` asks for, such as "empty" or ">= 0.99". Raise BadInput for anything else."""
    if text in (EMPTY, NON_EMPTY):
        return Expectation(text)
    found = _FORM.fullmatch(text.strip())
    if not found:
        raise BadInput(
            f"expect {text!r} is neither {EMPTY}, {NON_EMPTY} nor a comparison with a number. For instance '>= 0.99', in quotes"
        )
    return Expectation(text.strip(), found[1], float(found[2]))


def against(wanted: Expectation, answer: Answer) -> str:
    """Return what speaks against it, "" when nothing does.

    Nothing meets a comparison where there is no series, and NaN meets none: then nothing is known.
    """
    if wanted.text == EMPTY:
        found = [f"{tell(one.labels)} is {one.samples[-1][1]}" for one in answer.series if one.samples]
        return _some(found)
    if not any(one.samples for one in answer.series):
        return "the answer is empty"
    if wanted.text == NON_EMPTY:
        return ""
    return _some([f"{tell(one.labels)} {was}" for one in answer.series if (was := _worst(wanted, one.samples))])


def _worst(wanted: Expectation, samples: tuple[tuple[float, str], ...]) -> str:
    """Return the samples of a series that do not do: how many of how many, and the last of them."""
    bad = [(when, text) for when, text in samples if not _does(wanted, text)]
    if not bad:
        return ""
    if len(samples) == 1:
        return f"is {bad[-1][1]}"
    return f"is {bad[-1][1]} at {bad[-1][0]:.0f}, and as wanted in {len(samples) - len(bad)} of {len(samples)} samples"


def _does(wanted: Expectation, text: str) -> bool:
    number = float(text)
    return not math.isnan(number) and _COMPARE[wanted.compare](number, wanted.value)


def _some(found: list[str]) -> str:
    more = len(found) - MOST_TOLD
    return "; ".join(found[:MOST_TOLD]) + (f" and {more} more" if more > 0 else "")
