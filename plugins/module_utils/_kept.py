# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""The code of a module, kept compiled on the host, so that the next call of it need not build, bring and compile all of it again.

It is one zip for Python's path, behind a line with its SHA-256, and named after the digest of the sources that it was made from;
plugin_utils/kept_code.py asks for it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import marshal
import os
import re
import struct
import sys
import time
import zipfile

from ._host import files
from ._transaction.paths import HOST
from ._transaction.world import World

NAME = re.compile(r"(?P<module>[a-z_]+)-[0-9a-f]{64}")
# Two controllers that have different releases of the collection do not drive each other's code away, and what runs now finds
# its code to its end.
KEPT_PER_MODULE, KEPT_S = 3, 86400
# PEP 552: such a file counts whatever has become of its source.
UNCHECKED_HASH = struct.pack("<I", 0b01)
ENTRY = """import json
import sys
import traceback
from ansible.module_utils import basic


def run(options):
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = options, "legacy"
    try:
        from ansible_collections.groundcrew.fleet.plugins.modules.{module} import main

        main()
    except Exception as error:
        told = {{"msg": f"{{type(error).__name__}}: {{error}}", "exception": traceback.format_exc()}}
        print(json.dumps({{"failed": True, **told}}))
        sys.exit(1)
"""


def keep(name: str, *, directory: str = HOST.code) -> None:
    """Keep the code that this module came with under a name MODULE-SHA256; do nothing for another name, or outside of a zip.

    A host that has no room for it, or none for writing, is no reason for a call to fail.
    """
    archive, named = getattr(__spec__.loader if __spec__ else None, "archive", None), NAME.fullmatch(name)
    if archive and named:
        with contextlib.suppress(OSError):
            _put(World(), directory, named, archive)


def _put(world: World, directory: str, named: re.Match[str], archive: str) -> None:
    if not os.path.isdir(directory):
        world.mkdir(directory)
    # Each Python has its own: it is compiled.
    path = os.path.join(directory, f"{named[0]}.{sys.implementation.cache_tag}")
    content, mine = packed(archive, ENTRY.format(module=named["module"])), f"{path}.{os.getpid()}"
    world.create(mine, files.digest(content).encode() + b"\n" + content)
    world.sync(mine)
    world.rename(mine, path)
    # It is as old as its last use.
    ages = sorted(
        (time.time() - entry.stat().st_mtime, entry.path)
        for entry in os.scandir(directory)
        if entry.name.startswith(f"{named['module']}-")
    )
    for age, old in ages[KEPT_PER_MODULE:]:
        if age > KEPT_S:
            world.unlink(old)


def packed(archive: str, entry: str) -> bytes:
    """Return a zip with the sources of a zip, each compiled too, for this Python, and with `entry` as kept_entry."""
    result = io.BytesIO()
    with zipfile.ZipFile(archive) as came, zipfile.ZipFile(result, "w") as kept:
        # Ansible has a sitecustomize.py in it besides, for the start of the zip itself.
        sources = {one: came.read(one) for one in came.namelist() if one.startswith("ansible") and one.endswith(".py")}
        # Without the time, and in order, so that the same sources are the same bytes.
        for member, source in sorted({**sources, "kept_entry.py": entry.encode()}.items()):
            kept.writestr(zipfile.ZipInfo(member), source, zipfile.ZIP_DEFLATED)
            kept.writestr(zipfile.ZipInfo(f"{member}c"), _compiled(source, member))
    return result.getvalue()


def _compiled(source: bytes, name: str) -> bytes:
    code = marshal.dumps(compile(source, name, "exec", dont_inherit=True))
    return importlib.util.MAGIC_NUMBER + UNCHECKED_HASH + importlib.util.source_hash(source) + code
