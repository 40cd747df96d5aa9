# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Ask apt which packages it would upgrade, through the host's own python3-apt."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from .._errors import BadInput, CommandFailed, FleetError
from .run import run

LISTS = "/var/lib/apt/lists"
SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d")
LOCKED = "Could not get lock"


class Update(NamedTuple):
    """A package that apt would bring from one version to another; `before` is "" for a newly needed one."""

    name: str
    before: str
    after: str
    security: bool = False


class Updates(NamedTuple):
    """What apt would do (`ready`) and what it leaves alone: `held` by hold, `kept` since it would remove packages."""

    ready: tuple[Update, ...] = ()
    held: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def are_fresh(valid_s: float, *, lists: str = LISTS, sources: Sequence[str] = SOURCES) -> bool:
    """Tell whether the lists are younger than `valid_s` seconds, and than every source: a new one has no list yet."""
    if not os.path.isdir(lists):
        return False
    fetched = os.stat(lists).st_mtime
    files = [path for source in sources for path in (source, *glob.glob(f"{source}/*")) if os.path.exists(path)]
    # Not mtime: a file that was copied or unpacked may keep the time of its origin.
    return time.time() - fetched < valid_s and all(os.stat(path).st_ctime <= fetched for path in files)


def refresh(valid_s: int, *, wait_s: float = 60, timeout_s: float = 300) -> bool:
    """Fetch the lists of packages unless they are fresh, `valid_s` seconds old at most; tell whether it did.

    Waits up to `wait_s` for another apt. Raise CommandFailed when any source cannot be had: a plan made from half of
    the sources would be another plan.
    """
    if are_fresh(valid_s):
        return False
    deadline = time.monotonic() + wait_s
    while True:
        done = run(["apt-get", "-q", "update", "-o", "APT::Update::Error-Mode=any"], timeout_s=timeout_s)
        if done.rc == 0:
            # apt leaves the time of an unchanged directory alone, and the next run would fetch again.
            os.utime(LISTS)
            return True
        if LOCKED not in done.err or time.monotonic() > deadline:
            raise CommandFailed(f"the package lists cannot be fetched: {done.explain()}; check the sources of apt")
        time.sleep(1)


def updates(only: Sequence[str] = ()) -> Updates:
    """Return what apt would upgrade now: all of it, or `only` these packages with what they need.

    Raise FleetError, with the cure, when python3-apt is missing, dpkg was interrupted or apt cannot read its sources,
    BadInput for a package that is not installed.
    """
    try:
        return _updates(_cache(), only)
    except SystemError as error:
        raise FleetError(
            f"apt cannot plan an update: {error}; `apt-get -s dist-upgrade` on this host tells more"
        ) from error


def _updates(cache: Any, only: Sequence[str]) -> Updates:
    held = tuple(sorted(package.name for package in cache if package.is_upgradable and _is_held(package)))
    upgradable = tuple(sorted(package.name for package in cache if package.is_upgradable and package.name not in held))
    if only:
        missing = [name for name in only if name not in cache or not cache[name].is_installed]
        if missing:
            raise BadInput(
                f"only names what is not installed here: {', '.join(missing)}; install it first, or leave it out"
            )
        kept = _mark_only(cache, [name for name in only if name in upgradable])
        return Updates(_marked(cache), tuple(name for name in held if name in only), kept)
    cache.upgrade(dist_upgrade=True)
    if any(package.marked_delete for package in cache.get_changes()):
        cache.clear()
        cache.upgrade(dist_upgrade=False)
    ready = _marked(cache)
    named = {update.name for update in ready}
    return Updates(ready, held, tuple(name for name in upgradable if name not in named))


def _cache() -> Any:
    try:
        import apt
    except ImportError:
        raise FleetError(
            "python3-apt is missing for the Python that Ansible uses here: install the package python3-apt and set "
            "ansible_python_interpreter to /usr/bin/python3"
        ) from None
    cache = apt.Cache()
    if cache.dpkg_journal_dirty or cache.broken_count:
        raise FleetError("dpkg was interrupted on this host: run `dpkg --configure -a && apt-get -f install` first")
    return cache


def _mark_only(cache: Any, names: Sequence[str]) -> tuple[str, ...]:
    """Mark the named packages for upgrade; return those that cannot be without a loss elsewhere."""
    kept = []
    for name in names:
        try:
            cache[name].mark_upgrade()
            impossible = any(package.marked_delete for package in cache.get_changes())
        except SystemError:
            # python3-apt's way to say that what it needs cannot be had, since that is held, for instance.
            impossible = True
        if impossible:
            cache[name].mark_keep()
            kept.append(name)
    return tuple(kept)


def _marked(cache: Any) -> tuple[Update, ...]:
    return tuple(
        Update(
            package.name,
            package.installed.version if package.installed else "",
            package.candidate.version,
            package.installed is not None and _is_security(package),
        )
        for package in sorted(cache.get_changes(), key=lambda package: str(package.name))
        if package.marked_upgrade or package.marked_install
    )


def _is_held(package: Any) -> bool:
    import apt_pkg

    return bool(package._pkg.selected_state == apt_pkg.SELSTATE_HOLD)  # noqa: SLF001 - python3-apt tells it nowhere else


def _is_security(package: Any) -> bool:
    """A version between the installed one and the candidate came from a security archive.

    Looking at the candidate alone is not enough: a later point release in the main archive contains the fix as well.
    """
    return any(
        package.installed < version <= package.candidate and any(_is_security_origin(one) for one in version.origins)
        for version in package.versions
    )


def _is_security_origin(origin: Any) -> bool:
    return origin.label == "Debian-Security" or str(origin.archive).endswith("-security")
