# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Commands of a release, run as the app itself is run: by systemd, as its account, in the release's directory.

systemd reads the environment file exactly as it does for the app, so that no secret is in an argument, and ends what
goes on after its time together with all its children.
"""

from __future__ import annotations

import os.path
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .._transaction import steps
from .._transaction.steps import Step

# How much longer than the command itself its start, its end and its cleaning up may take.
GRACE_S = 30.0


# What a unit gives to a command as well. Not its sandbox, since a migration may have to reach what the app must not.
TAKEN = frozenset({"StateDirectory", "StateDirectoryMode", "UMask"})


class Given(NamedTuple):
    """What the app's unit gives to commands that run as its account: options of systemd-run."""

    user: str = ""
    options: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where the commands of one release run; with `optional` the environment file may be missing."""

    app: str
    version: str
    directory: str
    environment_file: str = ""
    optional: bool = False
    given: Given = Given()


def given_by(unit_file: bytes) -> Given:
    """Return what the unit gives to commands of its own account: HOME, state directories and umask.

    What has a specifier (%) is left out: here it would stand for the command's own name.
    """
    user, home = "", ""
    options: list[str] = []
    for key, value in _service_settings(unit_file.decode("utf-8", "replace")):
        if key == "User":
            user = value
        elif key == "Environment":
            home = _home(value, home)
        elif key in TAKEN and "%" not in value:
            options.append(f"--property={key}={value}")
    return Given(user, (*([f"--setenv=HOME={home}"] if home else []), *options))


def _service_settings(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in text.replace("\\\n", " ").splitlines():
        key, equals, value = line.strip().partition("=")
        if key.startswith("["):
            section = key
        elif section == "[Service]" and equals and not key.startswith(("#", ";")):
            yield key.strip(), value.strip()


def _home(value: str, before: str) -> str:
    """Return HOME after one line of Environment; an empty one takes back those before it."""
    try:
        words = shlex.split(value)
    except ValueError:
        return before
    told = [word[len("HOME=") :] for word in words if word.startswith("HOME=") and "%" not in word]
    return told[-1] if told else before if words else ""


def hook(place: Place, argv: Sequence[str], *, user: str, timeout_s: float, label: str) -> Step:
    """A command whose effect nobody takes back; when the transaction is stopped, so is the command."""
    # A pattern that matches no unit is no error, the name of one that has ended would be.
    stop = ["systemctl", "stop", f"{_unit(place, label)}*.service"]
    return steps.argv(
        _command(place, argv, user=user, timeout_s=timeout_s, label=label), undo=stop, timeout_s=timeout_s + GRACE_S
    )


def undoable(
    place: Place, argv: Sequence[str], undo: Sequence[str], *, user: str, timeout_s: float, label: str
) -> Step:
    """A command, and the one that takes it back, which first ends the former where that still runs."""
    if not undo:
        return hook(place, argv, user=user, timeout_s=timeout_s, label=label)
    forward = f"{_unit(place, label)}.service"
    back = _command(place, undo, user=user, timeout_s=timeout_s, label=f"{label}-undo", ends=forward)
    return steps.argv(
        _command(place, argv, user=user, timeout_s=timeout_s, label=label), undo=back, timeout_s=timeout_s + GRACE_S
    )


def _command(
    place: Place, argv: Sequence[str], *, user: str, timeout_s: float, label: str, ends: str = ""
) -> list[str]:
    environment = f"{'-' if place.optional else ''}{place.environment_file}" if place.environment_file else ""
    return [
        *("systemd-run", "--wait", "--pipe", "--collect", f"--unit={_unit(place, label)}", f"--uid={user}"),
        f"--working-directory={place.directory}",
        *(f"--property=RuntimeMaxSec={timeout_s:g}", "--property=TimeoutStopSec=5"),
        *([f"--property=EnvironmentFile={environment}"] if environment else []),
        # Another account would take the state directory away from the app, and leave files that it cannot read.
        *(place.given.options if user == place.given.user else ()),
        *([f"--property=Conflicts={ends}", f"--property=After={ends}"] if ends else []),
        *("--", _program(place, argv[0])),
        *(_plain(word) for word in argv[1:]),
    ]


def _program(place: Place, word: str) -> str:
    """A path in the release is told whole, since systemd takes no other."""
    inside = "/" in word and not word.startswith("/")
    return os.path.normpath(os.path.join(place.directory, word)) if inside else word


def _plain(word: str) -> str:
    """As it stands: systemd would put variables in place of words; what the user wrote is what the command gets."""
    return word.replace("$", "$$")


def _unit(place: Place, label: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", f"groundcrew-{place.app}-{place.version}-{label}")
