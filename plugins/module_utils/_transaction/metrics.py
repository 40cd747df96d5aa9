# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""What a host's ledger, records and state say of it, as metrics for node exporter; it reads, and changes nothing."""

from __future__ import annotations

import calendar
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._host.files import digest, listing
from . import journal, lock, quarantine
from .ledger import GENESIS
from .paths import Paths
from .textfile import COUNTER, Family, Labels, text

FILE = "groundcrew.prom"
# What a ledger's line says of its transaction, and the module that made it; the others are named by whoever calls service_config.
MODULES = (
    ("packages", re.compile(r"packages")),
    ("package_updates", re.compile(r"update .*|return .*|repair what was interrupted|restart \d+ units that run .*")),
    ("accounts", re.compile(r"accounts")),
    ("hardening", re.compile(r"hardening.*")),
    ("host_settings", re.compile(r"host settings.*")),
    ("kernel_settings", re.compile(r"kernel settings .*")),
    ("lb_backend", re.compile(r"lb_backend")),
    ("reboot", re.compile(r"reboot|rebooted")),
    ("console", re.compile(r"groundcrew console")),
    ("by_hand", re.compile(r"lock .* by hand|unreadable journal")),
)
RELEASE, SERVICE, HEALING = "release", "service_config", "healing"
RESULTS = ("done", "finished", "undone", "accepted", "failed", "begun")
OTHER = "other"
# A line's word for the unit that a remedy has healed.
HEALED = "heal"
# A time series each: whatever a ledger holds, Prometheus is not to drown in it.
MOST_UNITS = 200
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class Tally:
    """The ledger summed up line by line, so that only its figures are kept of 50,000 lines."""

    def __init__(self, apps: Iterable[str]) -> None:
        self.apps = frozenset(apps)
        self.runs: dict[Labels, float] = {}
        self._latest: dict[Labels, str] = {}
        self.heals: dict[Labels, float] = {}
        self.is_whole = True
        self._previous = GENESIS

    def add(self, line: bytes) -> None:
        """Count a whole line. One that was edited, or that does not follow from the one before, breaks the chain."""
        try:
            entry = json.loads(line)
            follows = entry.get("prev") == self._previous
        except (ValueError, AttributeError):
            entry, follows = {"what": "unreadable line"}, False
        self.is_whole = self.is_whole and follows
        self._previous = digest(line)
        result = entry.get("result") if entry.get("result") in RESULTS else OTHER
        labels = (("module", module_of(entry, self.apps)), ("result", str(result)))
        self.runs[labels] = self.runs.get(labels, 0) + 1
        when = str(entry.get("when"))
        # Such times sort as they are, and to read each of them would take longer than all the rest.
        if _TIME.fullmatch(when):
            self._latest[labels] = max(when, self._latest.get(labels, ""))
        if entry.get(HEALED):
            self._healed(str(entry[HEALED]), str(result))

    @property
    def latest(self) -> dict[Labels, float]:
        """When the latest transaction of each kind ended."""
        read = {labels: seconds(when) for labels, when in self._latest.items()}
        return {labels: when for labels, when in read.items() if when is not None}

    def _healed(self, unit: str, result: str) -> None:
        labels = (("result", result), ("unit", unit))
        if labels not in self.heals and len(self.heals) >= MOST_UNITS:
            labels = (("result", result), ("unit", OTHER))
        self.heals[labels] = self.heals.get(labels, 0) + 1


def told(paths: Paths) -> str:
    """Return all that can be read of this host, in the text format of Prometheus."""
    releases = list(_releases(paths))
    tally = Tally(listing(f"{paths.base}/releases"))
    for line in _lines(paths):
        tally.add(line)
    return text(
        (
            Family("groundcrew_runs_total", "Transactions in the host's ledger.", tally.runs, COUNTER),
            Family(
                "groundcrew_last_run_timestamp_seconds",
                "When the latest of these transactions ended, in seconds since 1970.",
                tally.latest,
            ),
            Family(
                "groundcrew_heals_total", "Remedies in the host's ledger, by the unit healed.", tally.heals, COUNTER
            ),
            _flag(
                "groundcrew_ledger_intact",
                "Whether each line of the ledger follows from the one before.",
                tally.is_whole,
            ),
            _flag(
                "groundcrew_quarantined",
                "Whether an undo has failed and a human has to decide.",
                quarantine.read(paths),
            ),
            Family(
                "groundcrew_unfinished",
                "Transactions that have not ended, the one under way included.",
                {(): float(len(journal.unfinished(paths)))},
            ),
            _flag("groundcrew_locked", "Whether a run holds the host.", lock.read(paths)),
            Family(
                "groundcrew_release_info", "The release that is in place.", {labels: 1.0 for labels, _when in releases}
            ),
            Family(
                "groundcrew_release_active_timestamp_seconds",
                "When that release was put in place, in seconds since 1970.",
                {labels: when for labels, when in releases if when is not None},
            ),
        )
    )


def module_of(entry: Mapping[str, Any], apps: frozenset[str]) -> str:
    """Return the module that made the transaction of a ledger's line."""
    if entry.get(HEALED):
        return HEALING
    what = str(entry.get("what", ""))
    for module, form in MODULES:
        if form.fullmatch(what):
            return module
    return RELEASE if re.split(r"[ :]", what, maxsplit=1)[0] in apps and what not in apps else SERVICE


def seconds(when: object) -> float | None:
    """Return the seconds since 1970 of a time as ledgers and records have it, None for anything else."""
    try:
        return float(calendar.timegm(time.strptime(str(when), "%Y-%m-%dT%H:%M:%SZ")))
    except ValueError:
        return None


def _flag(name: str, told_of: str, value: object) -> Family:
    return Family(name, told_of, {(): float(bool(value))})


def _lines(paths: Paths) -> Iterator[bytes]:
    """Yield the whole lines of the ledger without their ends; a torn last one was never synced and does not count."""
    try:
        with open(paths.ledger, "rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line[:-1]
    except FileNotFoundError:
        return


def _releases(paths: Paths) -> Iterator[tuple[Labels, float | None]]:
    """Yield app and version of each release that is in place, and when it came there."""
    for app in listing(f"{paths.base}/releases"):
        folder = f"{paths.base}/releases/{app}"
        records = [_record(f"{folder}/{name}") for name in listing(folder) if name.endswith(".json")]
        for root in sorted({str(one["root"]) for one in records if one.get("root")}):
            version = _leads_to(f"{root}/current")
            if version:
                at = [seconds(one.get("activated_at")) for one in records if one.get("version") == version]
                yield (("app", app), ("version", version)), next(iter(at), None)


def _record(path: str) -> dict[str, Any]:
    """Return a release's record; empty for one that is damaged, or that goes at this moment."""
    try:
        with open(path, "rb") as file:
            found = json.load(file)
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _leads_to(link: str) -> str:
    try:
        folder, _slash, version = os.readlink(link).rpartition("/")
    except OSError:
        return ""
    return version if folder == "releases" else ""
