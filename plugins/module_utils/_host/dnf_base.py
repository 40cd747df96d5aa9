# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Open the host's own python3-dnf (dnf 4): its configuration, its locks, and the metadata of its repositories."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from .._errors import CommandFailed, FleetError, HostLocked

PAUSE_S = 0.5
Result = TypeVar("Result")


def load() -> tuple[Any, Any]:
    """Return the modules dnf and hawkey. Raise FleetError, with the cure, where they are missing."""
    try:
        import dnf
        import dnf.exceptions
        import dnf.goal
        import dnf.lock
        import dnf.plugin
        import dnf.rpm
        import dnf.selector
        import dnf.subject
        import hawkey
    except ImportError:
        raise FleetError(
            "python3-dnf is missing for the Python that Ansible uses here: install the package python3-dnf and set "
            "ansible_python_interpreter to the Python that it is for: /usr/bin/python3, on releases of 8 /usr/libexec/platform-python"
        ) from None
    return dnf, hawkey


def configured() -> Any:
    """Return dnf's Base with the host's configuration, plugins and repositories; nothing of them is loaded yet."""
    dnf, _hawkey = load()
    base = dnf.Base()
    try:
        base.conf.read()
        base.conf.substitutions.update_from_etc(base.conf.installroot, varsdir=base.conf.varsdir)
        # Otherwise it waits without an end for another dnf.
        base.conf.exit_on_lock = True
        # dnf refuses to load its plugins twice in one process, and we look at the host once for each round.
        sys.modules.pop(dnf.plugin.DYNAMIC_PACKAGE, None)
        base.init_plugins()
        base.pre_configure_plugins()
        base.read_all_repos()
        base.configure_plugins()
    except dnf.exceptions.Error as error:
        raise FleetError(
            f"dnf cannot read its configuration: {error}; `dnf repolist` on this host tells more"
        ) from error
    return base


def filled(*, wait_s: float) -> Any:
    """Return dnf's Base with what is installed and what its repositories had when they were fetched last.

    Raise FleetError for one that was never fetched: a plan made from half of the repositories would be another plan.
    """
    dnf, _hawkey = load()
    base = configured()
    wanted = {repo.id for repo in base.repos.iter_enabled()}
    try:
        patient(base.fill_sack_from_repos_in_cache, wait_s=wait_s)
    except dnf.exceptions.Error as error:
        raise FleetError(f"dnf cannot read its packages: {error}; `dnf makecache` on this host tells more") from error
    missing = sorted(wanted - {repo.id for repo in base.repos.iter_enabled()})
    if missing:
        raise FleetError(
            f"dnf has nothing of the repositories {', '.join(missing)} here: fetch it with `dnf makecache`"
        )
    return base


def refresh(valid_s: int, *, wait_s: float = 60) -> bool:
    """Fetch the metadata of the repositories unless it is `valid_s` seconds old at most; tell whether it did.

    Waits up to `wait_s` for another dnf. Raise CommandFailed when any repository cannot be had.
    """
    dnf, _hawkey = load()
    base = configured()
    lock = dnf.lock.build_metadata_lock(base.conf.cachedir, base.conf.exit_on_lock)

    def fetch() -> bool:
        with lock:
            return _fetched(base, valid_s)

    try:
        return patient(fetch, wait_s=wait_s)
    except dnf.exceptions.RepoError as error:
        raise CommandFailed(
            f"the metadata of the repositories cannot be fetched: {error}; check the repositories of dnf"
        ) from error


def _fetched(base: Any, valid_s: int) -> bool:
    fetched = False
    for repo in base.repos.iter_enabled():
        repo.metadata_expire = valid_s
        if valid_s <= 0:
            # What was fetched within this second would not count as older than 0 s.
            repo._repo.expire()  # noqa: SLF001 - dnf's own --refresh has no other way
        fetched = repo.load() or fetched
    return fetched


def patient(work: Callable[[], Result], *, wait_s: float) -> Result:
    """Return what `work` returns, once no other dnf is in its way. Raise HostLocked when that takes more than `wait_s`."""
    dnf, _hawkey = load()
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return work()
        except dnf.exceptions.LockError as error:
            if time.monotonic() >= deadline:
                raise HostLocked(
                    f"another dnf is at work: {error}, and still was after {wait_s:g} s: wait for its end, or give more lock_wait_s"
                ) from error
        time.sleep(PAUSE_S)
