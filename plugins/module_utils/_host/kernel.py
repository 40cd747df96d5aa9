# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Which kernel runs, which one the next boot takes, and what the distribution itself says of a reboot."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from . import files, machine

IMAGES = ("/boot/vmlinuz-*", "/usr/lib/modules/*/vmlinuz")
FLAG, FLAG_PACKAGES = "/run/reboot-required", "/run/reboot-required.pkgs"
# A Debian kernel tells its package's version in the second half of `uname -a`.
BUILT = re.compile(r"Debian (\S+)")
# From here on the numbers are not the kernel's own.
ENDING = re.compile(r"-amd64|\.(?:el|fc)\d")
FLAVOUR = re.compile(r"^[\d.]+(?:-\d+)?-?(.*)$")
# Debian tells here for which of its releases the kernel was built, and which rebuild it is.
BUILD = re.compile(r"[+~][^-]*-?|\.?deb\d[^-]*-?")


class Kernel(NamedTuple):
    """The kernel that runs, the newest of its kind that is installed ("" for none), and why it is not the one to run.

    In a container the kernel is the machine's: nothing is installed here, and nothing is due for its sake. `flagged` has
    the reasons that the distribution's own flag file gives.
    """

    running: str
    newest: str = ""
    outdated: str = ""
    flagged: tuple[str, ...] = ()
    has_fallback: bool = True


def read(versions: Mapping[str, str]) -> Kernel:
    """Look at the host; `versions` are its installed packages."""
    about = os.uname()
    flagged = _flagged()
    if machine.is_container():
        return Kernel(about.release, flagged=flagged)
    installed = [os.path.basename(path).replace("vmlinuz-", "") for path in glob.glob(IMAGES[0])]
    installed += [path.split("/")[-2] for path in glob.glob(IMAGES[1])]
    newest = newest_of(installed, about.release)
    outdated = why_outdated(about.release, about.version, newest, versions)
    return Kernel(about.release, newest, outdated, flagged, about.release in installed)


def newest_of(installed: Sequence[str], running: str) -> str:
    """Return the newest kernel of the running one's flavour (amd64, cloud-amd64, rt-amd64 …), "" where there is none."""
    same = [name for name in installed if _flavour(name) == _flavour(running)]
    return max(same, key=_order, default="")


def why_outdated(running: str, built: str, newest: str, versions: Mapping[str, str]) -> str:
    """Return why another kernel than the running one would come up, "" where it would not.

    `built` is what `uname -v` tells: a fix may come under the same release, as another build of the same package.
    """
    if newest and _order(newest) > _order(running):
        return f"kernel {newest} is installed, {running} is running"
    told, there = BUILT.search(built), versions.get(f"linux-image-{running}", "")
    if told and there and told[1] != there:
        return f"kernel {running} is installed as {there}, and running as {told[1]}"
    return ""


def _flavour(release: str) -> str:
    """Return what is left without numbers: a point release of Red Hat's has its own in the middle of it."""
    found = FLAVOUR.match(release)
    return re.sub(r"[\d_.]", "", BUILD.sub("", found[1] if found else release))


def _order(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", ENDING.split(release, maxsplit=1)[0])]


def _flagged() -> tuple[str, ...]:
    if not os.path.exists(FLAG):
        return ()
    asking = sorted(set((files.read(FLAG_PACKAGES).content or b"").decode("utf-8", "replace").split()))
    return (f"{FLAG} is there" + (f", for {', '.join(asking)}" if asking else ""),)
