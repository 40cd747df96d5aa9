# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Waves and the failure limit: what the user wrote, understood or refused, and laid out for one serial play."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from .._errors import BadInput

REST = "rest"
SENTINEL = "groundcrew_wave_%d"
# Where nobody is left to be rolled out, the play still needs a host that exists and is planned for nothing.
NOBODY = ("localhost",)
_CURE = "Give numbers of hosts, percentages, and 'rest' as the last: 1,25%,rest"


class Size(NamedTuple):
    """The size of one wave: a number of hosts, a percentage of all hosts, or the rest."""

    number: int = 0
    percent: int = 0
    rest: bool = False


class Layout(NamedTuple):
    """What the play of the waves iterates: `hosts` with a sentinel as the last of each batch, and `serial`."""

    hosts: tuple[str, ...]
    serial: tuple[int, ...]
    sentinels: tuple[str, ...]


def parse_waves(given: object) -> tuple[Size, ...]:
    """Return the sizes of the waves from a number, a percentage, a list of them, or a string that joins them by commas.

    For instance `1`, `"1,25%,rest"` and `[1, "25%", "rest"]`. Raise BadInput naming each value that cannot be one.
    """
    words = _words(given)
    if not words:
        raise BadInput(f"waves is empty. {_CURE}")
    sizes = tuple(_size(word) for word in words)
    if any(size.rest for size in sizes[:-1]):
        raise BadInput(f"waves {given!r}: nothing is left after 'rest'. Put 'rest' last")
    return sizes


def _words(given: object) -> list[object]:
    if isinstance(given, str):
        return [word.strip() for word in given.split(",")] if given.strip() else []
    if isinstance(given, (list, tuple)):
        return [word for item in given for word in (_words(item) if isinstance(item, str) else [item])]
    return [given]


def _size(word: object) -> Size:
    if word == REST:
        return Size(rest=True)
    number, percent = _amount(word, "waves", _CURE)
    if number + percent == 0:
        raise BadInput(f"waves: {word!r} is a wave without hosts. {_CURE}")
    return Size(number, percent)


def _amount(word: object, option: str, cure: str) -> tuple[int, int]:
    """Return (number, percent), one of which is 0. A bool is no number, although Python says so."""
    match = re.fullmatch(r"([0-9]+)(\s*%)?", str(word)) if isinstance(word, (int, str)) else None
    if match is None or isinstance(word, bool):
        raise BadInput(f"{option}: {word!r} is neither a whole number nor a percentage. {cure}")
    amount = int(match.group(1))
    if match.group(2) is None:
        return amount, 0
    if amount > 100:
        raise BadInput(f"{option}: {word!r} is more than all hosts. {cure}")
    return 0, amount


def parse_limit(given: object, total: int) -> int:
    """Return how many of `total` hosts may fail before the rollout stops, from a number or a percentage.

    A percentage rounds down: 10% of 9 hosts is none. Raise BadInput for anything else.
    """
    number, percent = _amount(given, "limit", "Give a number of hosts or a percentage: 0, 2, 10%")
    return number or total * percent // 100


def split(hosts: Sequence[str], sizes: Sequence[Size], total: int) -> tuple[tuple[str, ...], ...]:
    """Return the hosts in waves, in their order; the last size repeats until all have their wave.

    A percentage is one of `total` hosts, rounded down, at least one host.
    """
    waves: list[tuple[str, ...]] = []
    left = tuple(hosts)
    while left:
        size = sizes[min(len(waves), len(sizes) - 1)]
        count = len(left) if size.rest else size.number or max(1, total * size.percent // 100)
        waves.append(left[:count])
        left = left[count:]
    return tuple(waves)


def lay_out(waves: Sequence[Sequence[str]], *, sentinels: bool) -> Layout:
    """Return the layout for Ansible's `hosts` and `serial`.

    A batch whose hosts all die ends the whole playbook, so each batch ends with a local host that cannot die.
    Not the first: Ansible would take it for what runs once. Under --limit there are none, since the limit drops them.
    """
    if not waves:
        return Layout(NOBODY, (1,), ())
    names = tuple(SENTINEL % number for number in range(1, len(waves) + 1)) if sentinels else ()
    batches = [(*wave, *names[index : index + 1]) for index, wave in enumerate(waves)]
    return Layout(tuple(host for batch in batches for host in batch), tuple(len(batch) for batch in batches), names)


def check_hosts(hosts: Sequence[str]) -> tuple[str, ...]:
    """Return the hosts; raise BadInput when there is none, one twice, or one named like a sentinel."""
    if not hosts:
        raise BadInput("no host is to be rolled out. Check rollout_target and --limit against the inventory")
    twice = [host for host, count in Counter(hosts).items() if count > 1]
    if twice:
        raise BadInput(f"hosts named twice: {', '.join(twice)}. Name each once")
    reserved = [host for host in hosts if re.fullmatch(SENTINEL.replace("%d", r"\d+"), host)]
    if reserved:
        raise BadInput(f"the name {reserved[0]} is reserved for the rollout's own use. Rename the host")
    return tuple(hosts)
