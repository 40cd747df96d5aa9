# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Fetch the .rpm of a package, and prove that it is the one."""

from __future__ import annotations

import os
import shutil
from typing import Any

from .._errors import CommandFailed
from . import dnf_base

CURE = "check the repository, and fetch its metadata anew with `dnf makecache --refresh`"


def put(base: Any, package: Any, into: str) -> str:
    """Put the package's .rpm into the directory and return its path; raise CommandFailed for one that cannot be proven.

    Its checksum is that of the metadata, its signature is looked at where the repository is set to: dnf asks for
    neither any more once it is given a local file.
    """
    dnf, _hawkey = dnf_base.load()
    try:
        if not _is_there(package):
            base.download_packages([package])
        if not _is_there(package):
            raise CommandFailed(f"{package.localPkg()} is not what the repository {package.reponame} says: {CURE}")
        result, why = base.package_signature_check(package)
    except dnf.exceptions.Error as error:
        raise CommandFailed(f"{package} cannot be fetched from {package.reponame}: {error}; {CURE}") from error
    if result != 0:
        raise CommandFailed(
            f"{why}, and the repository {package.reponame} asks for signatures: import its key with `rpm --import`"
        )
    path = os.path.join(into, os.path.basename(package.location))
    shutil.copyfile(package.localPkg(), f"{path}.part")
    os.replace(f"{path}.part", path)
    return path


def _is_there(package: Any) -> bool:
    return os.path.exists(package.localPkg()) and bool(package.verifyLocalPkg())
