# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Bring every wheel that a release needs, pip's own included, so that a host installs it without any network."""

from __future__ import annotations

import functools
import glob
import os
import re

from .._errors import BadInput
from .._host.run import Completed, run

PIP_S = 1800
# The wheel that hosts get is no older than this one, which runs with each Python that a host may have.
OLDEST_PIP = "24.2"
# Python 3.12 has lost what pip needed before.
BROKEN_PYTHON, MENDED_PIP = (3, 12), "23.1.2"
_VERSION = re.compile(r"pip (\S+) .*\(python (\d+)\.(\d+)\)")


def bring(tree: str, requirements: str, wheelhouse: str, *, python: str, built_s: int, scratch: str) -> None:
    """Fill the directory `wheelhouse` with what `requirements`, a file of the directory `tree`, asks for.

    The wheels are for the Python that is given and for this machine's platform. Raise BadInput where it has no pip,
    where something cannot be had, or where a host could not install from what was brought.
    """
    if not os.path.isfile(f"{tree}/{requirements}"):
        raise BadInput(
            f"python_requirements {requirements!r} is no file of what is packed; commit it, or give another path"
        )
    version = _pip_version(python)
    os.makedirs(wheelhouse)
    pip = functools.partial(_pip, python, tree, built_s)
    done = pip("wheel", "--wheel-dir", wheelhouse, "-r", requirements)
    _judge(done, f"python_requirements {requirements!r} cannot be had as wheels")
    only_wheels = ("download", "--only-binary", ":all:", "--dest")
    if not glob.glob(f"{glob.escape(wheelhouse)}/pip-*.whl"):
        version = max(version, OLDEST_PIP, key=_numbers)
        _judge(
            pip(*only_wheels, wheelhouse, "--no-deps", f"pip=={version}"), f"the wheel of pip {version} cannot be had"
        )
    # Asked once more as a host does: of the wheelhouse alone.
    done = pip(*only_wheels, f"{scratch}/proof", "--no-index", "--find-links", wheelhouse, "-r", requirements)
    _judge(done, f"python_requirements {requirements!r} cannot be installed from the wheels that were brought for it")


def _pip(python: str, tree: str, built_s: int, command: str, *arguments: str) -> Completed:
    # A wheel that is built here carries the time of its source, not of this moment; a zip knows none before 1980.
    env = {"SOURCE_DATE_EPOCH": str(max(built_s, 315_532_800)), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    # Isolated (-I), since a tree may have files that would stand in for the standard library's.
    return run([python, "-I", "-m", "pip", command, "--quiet", *arguments], timeout_s=PIP_S, env=env, cwd=tree)


def _pip_version(python: str) -> str:
    done = run([python, "-I", "-m", "pip", "--version"])
    found = _VERSION.match(done.out)
    if done.rc != 0 or not found:
        raise BadInput(
            f"python {python!r} has no pip: {done.err.strip()}; install python3-pip on the controller, or give a Python with pip"
        )
    version, *of_python = found.groups()
    if tuple(map(int, of_python)) >= BROKEN_PYTHON and _numbers(version) < _numbers(MENDED_PIP):
        raise BadInput(
            f"pip {version} of python {python!r} is too old for Python {'.'.join(of_python)}: upgrade it to {MENDED_PIP} or later, "
            "or give another Python"
        )
    return str(version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def _judge(done: Completed, what: str) -> None:
    if done.rc != 0:
        raise BadInput(
            f"{what}: {done.err.strip()[-2000:]}; see that the index is reachable and that the file says what it should"
        )
