# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Evidence of a release: records, each of which follows the former one, so that one that is changed or removed shows. Pure.

A record is a file `NNNN-KIND-ENVIRONMENT.json` in the directory `NAME-VERSION.evidence` beside the artefact, with its
signature `….json.sig`. It holds the SHA-256 of the artefact (`sha256`) and of the former record's bytes (`former`, "" in
the first). What this module writes is canonical; one that others wrote need only be JSON that says the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._errors import BadInput
from . import environments

FORMAT = 1
NAMESPACE = "evidence@groundcrew.fleet"
SUFFIX = ".evidence"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
# What `judge` reads; others may be kept as well.
DEPLOYED, ROLLED_BACK, TESTS, GATE, APPROVAL, BUILT = (
    "deployed",
    "rolled_back",
    "tests",
    "gate",
    "approval",
    "built",
)
# Clocks of CI machines differ by as much without anybody having cheated.
CLOCK_SLACK = dt.timedelta(minutes=5)
_KIND = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_FILE = re.compile(r"([0-9]{4,})-[a-z][a-z0-9_]*-[a-z0-9][a-z0-9_-]*\.json", re.ASCII)
_TEXTS = ("name", "version", "sha256", "former", "kind", "environment", "by", "at")


class Record(NamedTuple):
    """One thing that was found or done, by whom and when (UTC); `data` is what its kind has to tell."""

    number: int
    name: str
    version: str
    sha256: str
    former: str
    kind: str
    environment: str
    by: str
    at: str
    data: Mapping[str, Any]

    @property
    def file(self) -> str:
        return f"{self.number:04d}-{self.kind}-{self.environment}.json"

    @property
    def when(self) -> dt.datetime:
        return moment(self.at)


class Entry(NamedTuple):
    """A record in its file. `signer` is whose signature it has, where that was asked; `fault` why it has none that holds."""

    file: str
    digest: str
    record: Record
    signer: str = ""
    fault: str = ""


class Chain(NamedTuple):
    """The records of a release, in their order, and everything that is wrong with them, in sentences."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        return self.entries[-1].digest if self.entries else ""

    @property
    def following(self) -> int:
        return self.entries[-1].record.number + 1 if self.entries else 1


def moment(text: str) -> dt.datetime:
    """Return the time that `at` of a record is; raise ValueError for another form."""
    return dt.datetime.strptime(text, TIME_FORMAT).replace(tzinfo=dt.timezone.utc)


def dump(record: Record) -> bytes:
    """Return the record's bytes: the same record always gives the same ones.

    Raise BadInput for a kind or an environment that cannot be part of a file's name, or data that is not JSON.
    """
    if not _KIND.fullmatch(record.kind):
        raise BadInput(f"kind: {record.kind!r} must be small letters, digits and '_', and begin with a letter")
    environments.check_name(record.environment, "environment")
    try:
        told = json.dumps(
            {"format": FORMAT, **record._asdict()},
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
        )
    except (TypeError, ValueError) as error:
        raise BadInput(f"data: {error}; give what JSON can hold") from None
    return told.encode() + b"\n"


def parse(content: bytes, file: str) -> Record:
    """Return the record in a file's content; raise BadInput, naming the file and what is wrong with it."""
    try:
        told = json.loads(content)
        wrong = _wrong(told)
        record = None if wrong else Record(**{key: told[key] for key in Record._fields})
        if record:
            moment(record.at)
    except ValueError as error:
        wrong, record = str(error), None
    if record is None:
        raise BadInput(f"{file} is no record: {wrong}; take an untouched copy, or whoever wrote it writes it anew")
    return record


def _wrong(told: Any) -> str:
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        return f"it has not format {FORMAT}"
    wrong = [key for key in _TEXTS if not isinstance(told.get(key), str)]
    wrong += [] if isinstance(told.get("data"), dict) else ["data"]
    wrong += [] if _is_number(told.get("number")) else ["number"]
    return f"{', '.join(wrong)} is missing or of another kind" if wrong else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def is_record(file: str) -> bool:
    """Return whether a file of this name is a record."""
    return _FILE.fullmatch(file) is not None


def chain(found: Mapping[str, bytes], name: str, version: str, *, seen: str = "") -> Chain:
    """Return the records in these files, by name, and what is wrong with them.

    `seen` is the digest of a record that was there earlier: without it nobody can tell that the end was cut off.
    """
    problems: list[str] = []
    entries: list[Entry] = []
    for file, content in found.items():
        try:
            record = parse(content, file)
        except BadInput as error:
            problems.append(str(error))
            continue
        entries.append(Entry(file, hashlib.sha256(content).hexdigest(), record))
        problems += _named(file, record, name, version)
    entries.sort(key=lambda entry: (entry.record.number, entry.file))
    problems += _links(entries)
    if seen and seen not in {entry.digest for entry in entries}:
        problems.append(
            f"the record {seen[:12]}, which was seen before, is gone: the end was cut off, or all of it made anew"
        )
    return Chain(tuple(entries), tuple(problems))


def _named(file: str, record: Record, name: str, version: str) -> list[str]:
    found = []
    if record.file != file:
        found.append(f"{file} says that it is {record.file}: it was renamed or edited")
    if (record.name, record.version) != (name, version):
        found.append(f"{file} is of {record.name} {record.version}, and not of {name} {version}")
    return found


def _links(entries: Sequence[Entry]) -> list[str]:
    """Return where a record does not follow the former one."""
    found: list[str] = []
    former: Entry | None = None
    for entry in entries:
        number, expected = entry.record.number, former.record.number + 1 if former else 1
        if former and number == former.record.number:
            found.append(
                f"{former.file} and {entry.file} have one number: both were written at once without the lock, or one was put in"
            )
        elif number != expected:
            gone = f"record {expected} is" if number == expected + 1 else f"records {expected} to {number - 1} are"
            found.append(f"{gone} missing before {entry.file}: removed, or not copied along")
        elif entry.record.former != (former.digest if former else ""):
            before = f"{former.file} as it is now" if former else "nothing, which the first one must"
            found.append(f"{entry.file} does not follow {before}: one of them was changed")
        if former and entry.record.when < former.record.when - CLOCK_SLACK:
            found.append(f"{entry.file} is dated {entry.record.at}, before {former.file} ({former.record.at})")
        former = entry
    return found
