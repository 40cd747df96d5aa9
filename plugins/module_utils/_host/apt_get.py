# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Ask apt-get what it would do, also with sources, pins and marks that the host does not have yet.

Nothing here changes a host but the lists of packages, which are a cache; with lists of its own not even that.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from .._errors import BadInput, CommandFailed
from . import apt_lists, dpkg, files
from .run import Completed, run

PARTS = {"/etc/apt/sources.list.d": "sourceparts", "/etc/apt/preferences.d": "preferencesparts"}
KEYRINGS = "/etc/apt/keyrings"
# Not /tmp and not /run: the lists are larger than many a memory.
WORKSHOP = "/var/tmp"  # noqa: S108 - mkdtemp makes a directory of its own in it
INSTALL = re.compile(r"Inst (?P<name>\S+) (?:\[(?P<before>[^\]]+)\] )?\((?P<after>\S+) ")
REMOVE = re.compile(r"(?:Remv|Purg) (?P<name>\S+) \[(?P<before>[^\]]+)\]")
UNKNOWN = re.compile(r"E: Unable to locate package (\S+)")
VERSIONLESS = re.compile(r"E: Version '([^']+)' for '([^']+)' was not found")
VIRTUAL = re.compile(r"^Package (\S+) is a virtual package provided by:\n((?:  .*\n)+)", re.MULTILINE)
# The names in a field such as Depends, alternatives included, without versions and architectures.
NAMES = re.compile(r"(?:^|[,|])\s*([^\s,|(:\[]+)")
UNMET = "The following packages have unmet dependencies:"
TIMEOUT_S = 120


class Change(NamedTuple):
    """One package that apt would bring from one version to another; "" is not installed."""

    name: str
    before: str
    after: str


class Record(NamedTuple):
    """A package's version: bytes of its archive and on the disk, and the names that it provides, conflicts with and needs."""

    download: int = 0
    installed: int = 0
    provides: frozenset[str] = frozenset()
    conflicts: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()


class Stage(NamedTuple):
    """Where apt looks: `options` lead it away from the host's own files; `lists` is where its lists of packages lie."""

    options: tuple[str, ...] = ()
    lists: str = apt_lists.LISTS


@contextlib.contextmanager
def staged(
    overlay: Mapping[str, bytes | None],
    *,
    own_lists: bool,
    marks: Mapping[str, bool] | None = None,
    released: Collection[str] = (),
    workshop: str = WORKSHOP,
) -> Iterator[Stage]:
    """Yield a stage on which the files of `overlay` are as given (None: away), packages are marked automatic or not, and
    those `released` are not on hold.

    With `own_lists` the lists are a copy, so that fetching leaves the host's own alone.
    """
    if not (overlay or own_lists or marks or released):
        yield Stage()
        return
    tree = tempfile.mkdtemp(prefix="groundcrew-apt-", dir=workshop)
    try:
        os.chmod(tree, 0o755)  # noqa: S103 - apt reads keys and fetches lists as a user of its own
        options = [f"Dir::Cache::pkgcache={tree}/pkgcache.bin", f"Dir::Cache::srcpkgcache={tree}/srcpkgcache.bin"]
        if overlay:
            options += _sources(tree, overlay)
        if marks:
            options.append(f"Dir::State::extended_states={_marks(tree, marks)}")
        if released:
            options.append(f"Dir::State::status={_status(tree, released)}")
        lists = _lists(tree) if own_lists else apt_lists.LISTS
        if own_lists:
            options.append(f"Dir::State::lists={lists}/")
        yield Stage(tuple(word for option in options for word in ("-o", option)), lists)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _sources(tree: str, overlay: Mapping[str, bytes | None]) -> list[str]:
    os.mkdir(f"{tree}/keyrings")
    for path, content in overlay.items():
        if os.path.dirname(path) == KEYRINGS and content is not None:
            _put(f"{tree}/keyrings/{os.path.basename(path)}", content)
    options = []
    for folder, option in PARTS.items():
        os.mkdir(f"{tree}/{option}")
        options.append(f"Dir::Etc::{option}={tree}/{option}/")
        for name in files.listing(folder):
            if f"{folder}/{name}" not in overlay:
                os.symlink(f"{folder}/{name}", f"{tree}/{option}/{name}")
        for path, content in overlay.items():
            if os.path.dirname(path) == folder and content is not None:
                _put(f"{tree}/{option}/{os.path.basename(path)}", _with_staged_keys(content, tree, overlay))
    return options


def _with_staged_keys(content: bytes, tree: str, overlay: Mapping[str, bytes | None]) -> bytes:
    for path in overlay:
        if os.path.dirname(path) == KEYRINGS:
            content = content.replace(path.encode(), f"{tree}/keyrings/{os.path.basename(path)}".encode())
    return content


def _marks(tree: str, marks: Mapping[str, bool]) -> str:
    before = (files.read(dpkg.MARKS).content or b"").decode("utf-8", "replace")
    native = run(["dpkg", "--print-architecture"]).out.strip()
    own = []
    for name, automatic in marks.items():
        package, given, architecture = name.partition(":")
        of = architecture if given else native
        own.append(f"Package: {package}\nArchitecture: {of}\nAuto-Installed: {int(automatic)}\n")
    path = f"{tree}/extended_states"
    # Of two entries for a package apt takes the later one.
    _put(path, "\n".join([before.strip() + "\n", *own]).encode())
    return path


def _status(tree: str, released: Collection[str]) -> str:
    names = {name.split(":", 1)[0] for name in released}
    stanzas = (files.read(f"{dpkg.ADMIN}/status").content or b"").decode("utf-8", "surrogateescape").split("\n\n")
    for number, stanza in enumerate(stanzas):
        if stanza.strip().split("\n", 1)[0].partition(": ")[2] in names:
            stanzas[number] = stanza.replace("\nStatus: hold ", "\nStatus: install ", 1)
    _put(f"{tree}/status", "\n\n".join(stanzas).encode("utf-8", "surrogateescape"))
    return f"{tree}/status"


def _lists(tree: str) -> str:
    """Copy the host's lists: only what is new since then is fetched."""
    if os.path.isdir(apt_lists.LISTS):
        shutil.copytree(apt_lists.LISTS, f"{tree}/lists", ignore=shutil.ignore_patterns("lock", "partial", "auxfiles"))
    os.makedirs(f"{tree}/lists/partial")
    return f"{tree}/lists"


def _put(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


def fetch(stage: Stage, *, wait_s: float = 60, timeout_s: float = 300) -> None:
    """Fetch the lists of all sources; raise BadInput with apt's own words when one of them cannot be had or trusted."""
    deadline = time.monotonic() + wait_s
    while True:
        done = run(
            ["apt-get", "-q", *stage.options, "update", "-o", "APT::Update::Error-Mode=any"], timeout_s=timeout_s
        )
        if done.rc == 0:
            # apt leaves the time of an unchanged directory alone, and the next run would fetch again.
            os.utime(stage.lists)
            return
        if apt_lists.LOCKED not in done.err or time.monotonic() > deadline:
            said = " ".join(line for line in done.err.splitlines() if line.startswith(("E:", "W:"))) or done.explain()
            raise BadInput(
                f"the package lists cannot be fetched, so nothing was touched: {said[-2000:]}; check uris, suites, components "
                "and key of the repositories, and the host's other sources"
            )
        time.sleep(1)


def simulate(
    stage: Stage, words: Sequence[str], *, mend: bool = False, autoremove: bool = False, strict: bool = False
) -> tuple[Change, ...]:
    """Return what `apt-get install WORDS` would do (`name`, `name=version`, `name-`); held packages may change.

    With `autoremove` what is automatic and needed by nothing goes too, although others suggest it; what others recommend
    stays by the host's own setting for that, and goes if `strict`.
    Raise BadInput, with the cure, for a package or version that is not to be had, or that cannot be installed.
    """
    argv = ["apt-get", "-s", "-q", "-y", *dpkg.FRESH, *stage.options, "--no-install-recommends", "--allow-downgrades"]
    argv += ["--allow-change-held-packages", "--allow-remove-essential", "-o", "APT::Sandbox::User=root"]
    argv += ["-o", f"APT::Get::AutomaticRemove={int(autoremove)}"]
    argv += ["-o", "APT::AutoRemove::SuggestsImportant=0"]
    argv += ["-o", "APT::AutoRemove::RecommendsImportant=0"] if strict else []
    done = run([*argv, *(["-f"] if mend else []), "install", *words], timeout_s=TIMEOUT_S)
    if done.rc != 0:
        raise BadInput(_explain(stage, done))
    return tuple(changes(done.out))


def changes(told: str) -> Iterator[Change]:
    """Yield the changes in what `apt-get -s` printed."""
    for line in told.splitlines():
        found = INSTALL.match(line) or REMOVE.match(line)
        if found:
            groups = found.groupdict()
            yield Change(groups["name"], groups["before"] or "", groups.get("after") or "")


def is_broken() -> bool:
    """Tell whether packages lack what they need, so that dpkg alone cannot end what was interrupted."""
    return run(["apt-get", "-s", "-q", *dpkg.FRESH, "check"], timeout_s=TIMEOUT_S).rc != 0


def records(stage: Stage, wanted: Sequence[Change]) -> dict[str, Record]:
    """Return, by name, the record of the version that each change brings, or takes away."""
    asked = [f"{change.name}={change.after or change.before}" for change in wanted]
    if not asked:
        return {}
    done = run(["apt-cache", *stage.options, "show", *asked], timeout_s=TIMEOUT_S)
    if done.rc != 0:
        raise CommandFailed(done.explain())
    return records_in(done.out, wanted)


def records_in(told: str, wanted: Sequence[Change]) -> dict[str, Record]:
    """Return the records in what `apt-cache show` printed, by the changes' names."""
    found = {}
    for stanza in told.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] != " ")
        key = (fields.get("Package", ""), fields.get("Version", ""))
        # What is installed and in no list any more has no Size.
        if "Size" in fields or key not in found:
            found[key] = _record(fields)
    keys = {change.name: (change.name.split(":", 1)[0], change.after or change.before) for change in wanted}
    return {name: found[key] for name, key in keys.items() if key in found}


def _record(fields: Mapping[str, str]) -> Record:
    provides, conflicts, depends, before = (
        frozenset(NAMES.findall(fields.get(field, ""))) for field in ("Provides", "Conflicts", "Depends", "Pre-Depends")
    )
    size, installed = int(fields.get("Size", "0")), 1024 * int(fields.get("Installed-Size", "0"))
    return Record(size, installed, provides, conflicts, depends | before)


def _explain(stage: Stage, done: Completed) -> str:
    told = [_unknown(stage, name) for name in UNKNOWN.findall(done.err)]
    told += [_versions(stage, name, version) for version, name in VERSIONLESS.findall(done.err)]
    told += [
        f"package {name} is a virtual one: give one that provides it: "
        + ", ".join(line.split()[0] for line in providers.splitlines())
        for name, providers in VIRTUAL.findall(done.out)
    ]
    if told:
        return "; ".join(told)
    if UNMET in done.out:
        needs = " ".join(done.out.split(UNMET, 1)[1].split())
        return (
            f"the packages cannot be installed together: {needs[-2000:]}; correct the list, give held false for what is on hold, or add "
            "the repository that has what is missing"
        )
    return f"apt cannot do what is asked: {done.explain()}; correct the list, or mend the host's packages with `apt-get -f install`"


def _unknown(stage: Stage, name: str) -> str:
    known = run(["apt-cache", *stage.options, "pkgnames", name[:2]]).out.split()
    near = difflib.get_close_matches(name, known, n=2)
    guess = f"did you mean {' or '.join(near)}? Otherwise " if near else ""
    return f"package {name} is in no repository of this host: {guess}add the one that has it to repositories"


def _versions(stage: Stage, name: str, version: str) -> str:
    rows = [line.split("|") for line in run(["apt-cache", *stage.options, "madison", name]).out.splitlines()]
    there = list(dict.fromkeys(row[1].strip() for row in rows if len(row) > 1))
    if not there:
        return _unknown(stage, name)
    return f"package {name} has no version {version} here: there are {', '.join(there)}; give one of these, or none for the candidate"
