"""Whose turn it is today, where all would take too long for every run: another one each day, so that no one is left out for long."""

from __future__ import annotations

import os
from datetime import datetime, timezone

RELEASES = ("ssh://old", "ssh://new")


def turn(number: int, day: int | None = None) -> int:
    """Which of so many has its turn on a day, from 0; without a day today, in UTC."""
    return (datetime.now(timezone.utc).toordinal() if day is None else day) % number


def releases(day: int | None = None) -> list[str]:
    """The host of the Debian release that a scenario's tests look at that day; with RELEASES=full both."""
    return list(RELEASES) if os.environ.get("RELEASES") == "full" else [RELEASES[turn(len(RELEASES), day)]]
