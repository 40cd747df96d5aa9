# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Metrics as text that node exporter's textfile collector reads: pure, but for the one function that writes a file."""

from __future__ import annotations

import binascii
import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .._errors import BadInput
from .world import World

GAUGE, COUNTER = "gauge", "counter"
Labels = tuple[tuple[str, str], ...]


class Family(NamedTuple):
    """A metric: its name, its help, and its samples by their labels. One without samples is left out: 0 would be told."""

    name: str
    help: str
    samples: Mapping[Labels, float]
    kind: str = GAUGE


def text(families: Iterable[Family]) -> str:
    """Return the families in the text format of Prometheus, the same for the same samples in any order."""
    return "".join(_family(one) for one in families if one.samples)


def write(world: World, directory: str, name: str, content: str) -> None:
    """Put the text at `directory`/`name`, readable by all; whoever reads it meanwhile sees the old one or the new one.

    Raise BadInput where there is no such directory: then nobody would read it.
    """
    if not os.path.isdir(directory):
        raise BadInput(
            f"there is no directory {directory}: install prometheus-node-exporter, or give the one that its "
            "--collector.textfile.directory names"
        )
    # The directory may belong to the exporter, which then could have laid something out under a name that it knows.
    temporary = f"{directory}/.{name}.{binascii.hexlify(os.urandom(8)).decode()}"
    try:
        world.create(temporary, content.encode())
        world.chmod(temporary, 0o644)
        world.rename(temporary, f"{directory}/{name}")
    except OSError:
        if os.path.lexists(temporary):
            world.unlink(temporary)
        raise


def _family(one: Family) -> str:
    lines = [f"{one.name}{_labels(labels)} {value:.15g}\n" for labels, value in sorted(one.samples.items())]
    return f"# HELP {one.name} {one.help}\n# TYPE {one.name} {one.kind}\n{''.join(lines)}"


def _labels(labels: Labels) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    """A quote, a backslash or a new line within a value would end it; what is no text is no part of a label either."""
    printable = value.encode("utf-8", "replace").decode()
    return printable.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
