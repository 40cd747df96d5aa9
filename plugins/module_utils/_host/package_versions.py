# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Hold the installed versions of packages against those that they should have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from . import dpkg, run

FEW = 8
# Four fields each: name, name with architecture, state as dpkg abbreviates it, version.
DPKG_FORM = "${Package}\t${Package}:${Architecture}\t${db:Status-Abbrev}\t${Version}\n"
RPM_FORM = "%{NAME}\t%{NAME}.%{ARCH}\tii\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n"


def hold(wanted: Mapping[str, str], *, rpm: bool, timeout_s: float) -> tuple[bool, str]:
    """Tell whether each package has this version ("" is not installed), and in words what was seen.

    Of versions side by side one has to be it. A version may stand in the name, as rpm finds it.
    """
    argv = ["rpm", "-q", "--qf", RPM_FORM] if rpm else ["dpkg-query", "-W", "-f", DPKG_FORM]
    # Each name that is not known counts as an error, and the others are told all the same.
    done = run.run([*argv, *sorted(wanted)], timeout_s=timeout_s)
    if done.rc not in (0, 1) and not (rpm and done.rc <= len(wanted)):
        return False, f"{argv[0]} cannot be asked: {done.explain()}"
    there = in_rows(done.out, frozenset() if rpm else dpkg.foreign())
    wrong = [
        f"{name} {_versions(there, name) or 'away'}"
        for name, version in wanted.items()
        if not _is(there, name, version)
    ]
    if wrong:
        return False, f"not as planned: {few(sorted(wrong))}"
    return True, few([f"{name} {version or 'away'}" for name, version in sorted(wanted.items())])


def in_rows(told: str, foreign: Collection[str] = ()) -> set[tuple[str, str]]:
    """Return name and version of what is installed, by each name that it can be asked by, in what one of the forms printed.

    What is of a `foreign` architecture is another package than the one of the name alone.
    """
    rows = [line.split("\t") for line in told.splitlines() if line.count("\t") == DPKG_FORM.count("\t")]
    return {
        (name, version)
        for own, full, state, version in rows
        if state[1:2] == "i"
        for name in ((full,) if full.rpartition(":")[2] in foreign else (own, full, f"{own}-{version}"))
    }


def few(words: Sequence[str]) -> str:
    """Return the first of many, and how many more there are: nobody reads three hundred."""
    more = len(words) - FEW
    return ", ".join(words[:FEW]) + (f" and {more} more" if more > 0 else "")


def _is(there: set[tuple[str, str]], name: str, version: str) -> bool:
    return (name, version) in there if version else not _versions(there, name)


def _versions(there: set[tuple[str, str]], name: str) -> str:
    return " and ".join(sorted(version for known, version in there if known == name))
