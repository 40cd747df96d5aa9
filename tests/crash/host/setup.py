"""Prepare a host once: the interpreter's own install, the service under test, a local repository with one package."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import console, interpreter, lock
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.interpreter import Context
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.paths import HOST
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction.world import World

from . import scene

REPOSITORY = "/srv/crash-repository"
# Start limits would count what the tests do.
SHOP_UNIT = """\
[Unit]
StartLimitIntervalSec=0
[Service]
WorkingDirectory=/opt/crash
Environment=PYTHONDONTWRITEBYTECODE=1
# A reload that comes before Python listens for it would end the service; it reads its files after that anyway.
ExecStart=/bin/sh -c "trap '' HUP; exec /usr/bin/python3 /opt/crash/ansible_collections/groundcrew/fleet/tests/crash/host/shop.py"
ExecReload=/bin/kill -HUP $MAINPID
[Install]
WantedBy=multi-user.target
"""
# Slow enough to be killed in the middle of it.
POSTINST = "#!/bin/sh\nsleep 0.2\nexit 0\n"
BROKEN_POSTINST = "#!/bin/sh\nexit 1\n"


def setup() -> None:
    """Bring the host to the old state, with everything installed."""
    Path(f"{scene.UNITS}/crash-shop.service").write_text(SHOP_UNIT, encoding="utf-8")
    _repository()
    world, actor = World(), scene.actor(99)
    with lock.exclusive(HOST, world, actor):
        installed = console.plan(HOST)
        if installed.steps:
            interpreter.execute(installed, Context(HOST, world, actor))
    os.makedirs(scene.TOP, exist_ok=True)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "enable", "-q", "crash-shop"], check=True)
    scene.reset()


def _repository() -> None:
    shutil.rmtree(REPOSITORY, ignore_errors=True)
    _package("crash-tool", "1.0", POSTINST)
    _package("crash-broken", "1.0", BROKEN_POSTINST)
    listing = "".join(_stanza(path) for path in sorted(Path(REPOSITORY).glob("*.deb")))
    Path(f"{REPOSITORY}/Packages").write_text(listing, encoding="utf-8")
    # No other source: the tests do not depend on a network, and apt has little to read.
    Path("/etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{REPOSITORY} ./\n", encoding="utf-8")
    subprocess.run(["apt-get", "-q", "update"], check=True, stdout=subprocess.DEVNULL)


def _package(name: str, version: str, postinst: str) -> None:
    tree = Path(f"{REPOSITORY}/tree/{name}")
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / f"usr/share/{name}").mkdir(parents=True)
    (tree / f"etc/{name}").mkdir(parents=True)
    (tree / f"usr/share/{name}/data").write_text("data\n" * 1000, encoding="utf-8")
    (tree / f"etc/{name}/{name}.conf").write_text("colour = blue\n", encoding="utf-8")
    (tree / "DEBIAN/conffiles").write_text(f"/etc/{name}/{name}.conf\n", encoding="utf-8")
    (tree / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Crash Test <crash@example.org>\n"
        "Description: a package to be interrupted\n",
        encoding="utf-8",
    )
    (tree / "DEBIAN/postinst").write_text(postinst, encoding="utf-8")
    (tree / "DEBIAN/postinst").chmod(0o755)
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-b", str(tree), REPOSITORY], check=True, stdout=subprocess.DEVNULL
    )


def _stanza(path: Path) -> str:
    control = subprocess.run(["dpkg-deb", "-f", str(path)], check=True, capture_output=True, text=True).stdout
    digest = subprocess.run(["sha256sum", str(path)], check=True, capture_output=True, text=True).stdout.split()[0]
    return f"{control}Filename: ./{path.name}\nSize: {path.stat().st_size}\nSHA256: {digest}\n\n"


if __name__ == "__main__":
    setup()
