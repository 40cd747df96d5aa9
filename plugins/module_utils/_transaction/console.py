# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: no promise of a stable interface.
"""Install the interpreter on the host: the command `groundcrew`, its boot unit and the service of the undo timer.

It is built from the very sources that run now, wherever they come from (a module's zip or a checkout), so that what
recovers a transaction is what wrote it.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import zipfile
from typing import Any

from .._host import files
from . import proof, steps
from .paths import Paths
from .steps import Plan

MODULES = (
    "_errors",
    *(
        "_host.checks",
        "_host.dpkg",
        "_host.files",
        "_host.package_versions",
        "_host.probes",
        "_host.processes",
        "_host.run",
        "_host.systemd",
        "_host.unpack",
    ),
    *(
        "_transaction.account",
        "_transaction.archives",
        "_transaction.by_apt",
        "_transaction.by_dnf",
        "_transaction.cli",
        "_transaction.console",
        "_transaction.disk",
        "_transaction.interpreter",
    ),
    *(
        "_transaction.journal",
        "_transaction.ledger",
        "_transaction.lock",
        "_transaction.metrics",
        "_transaction.packages",
    ),
    *("_transaction.paths", "_transaction.proof", "_transaction.quarantine", "_transaction.recovery"),
    *(
        "_transaction.steps",
        "_transaction.textfile",
        "_transaction.trees",
        "_transaction.units",
        "_transaction.unpacking",
        "_transaction.world",
    ),
)
RECOVER_UNIT = "groundcrew-recover.service"
_MAIN = b"from groundcrew._transaction.cli import main\nmain()\n"
_SERVICE = """\
[Unit]
Description={description}
ConditionDirectoryNotEmpty={journal}
After=local-fs.target
# A recovery that is refused because there were many would leave the host half-way.
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart={command} recover --unproven
TimeoutStartSec=1h
"""
_AT_BOOT = "\n[Install]\nWantedBy=multi-user.target\n"


def plan(paths: Paths) -> Plan:
    """Return the steps that bring the host's own interpreter to this version; no steps when it is there."""
    wanted = {
        f"{paths.systemd}/{RECOVER_UNIT}": _service(paths, "Recover a groundcrew transaction that was cut off")
        + _AT_BOOT,
        f"{paths.systemd}/{proof.SERVICE}": _service(paths, "Take back a groundcrew transaction that was not proven"),
    }
    changed = [
        steps.write(path, text.encode(), mode=0o644)
        for path, text in wanted.items()
        if files.read(path).content != text.encode()
    ]
    enable = changed or not os.path.lexists(f"{paths.systemd}/multi-user.target.wants/{RECOVER_UNIT}")
    if installed_version(paths) != version():
        changed.append(steps.write(paths.command, bundle(), mode=0o755))
    if enable:
        changed += [steps.unit("", "daemon-reload"), steps.unit(RECOVER_UNIT, "enable")]
    return Plan("groundcrew console", tuple(changed))


def installed_version(paths: Paths) -> str:
    """Return the version that stands in the installed command's zip comment, "" where there is none."""
    try:
        with zipfile.ZipFile(paths.command) as archive:
            return archive.comment.decode()
    except (OSError, zipfile.BadZipFile):
        return ""


def version() -> str:
    """Return the digest of all sources: two interpreters of the same version are the same bytes."""
    whole = hashlib.sha256()
    for name, source in _sources().items():
        whole.update(name.encode() + b"\0" + source + b"\0")
    return whole.hexdigest()


def bundle() -> bytes:
    """Return the command as a zipapp that needs nothing but the host's Python."""
    python = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
    packed = io.BytesIO(f"#!{python} -I\n".encode())
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, source in {**_sources(), "__main__.py": _MAIN}.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), source, zipfile.ZIP_DEFLATED)
        archive.comment = version().encode()
    return packed.getvalue()


def _sources() -> dict[str, bytes]:
    """Return the sources by their name in the zipapp, packages' empty __init__ included."""
    # Read, not imported: most of them are of no use to this run, and a zip's are compiled even to be found.
    root = os.path.dirname(os.path.dirname(__file__))
    loader: Any = sys.modules[__name__].__loader__
    found = {f"groundcrew/{name}__init__.py": b"" for name in ("", "_host/", "_transaction/")}
    for name in MODULES:
        file = f"{name.replace('.', '/')}.py"
        found[f"groundcrew/{file}"] = loader.get_data(f"{root}/{file}")
    return found


def _all_of_it() -> None:
    """Never called. Ansible puts what is named here into the module's zip, from where it is read."""
    from . import cli  # noqa: F401 - see above


def _service(paths: Paths, description: str) -> str:
    return _SERVICE.format(description=description, journal=paths.journal, command=paths.command)
