"""Make the repository /srv/repository: two versions of packages whose scripts take their time and leave marks."""

from __future__ import annotations

import email.utils
import glob
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path("/srv/repository")
# In /srv/marks each script tells its beginning and its end. What is killed tells no end; whatever else stops it, it does.
# /srv/quick makes it quick. A second start of the host is told by when its first process began.
SCRIPT = """#!/bin/sh
mark() {{ printf '%s %s %s %s %s\\n' $1 {name} $$ $(cut -d ' ' -f 22 /proc/1/stat) $(cut -d ' ' -f 1 /proc/uptime) >>/srv/marks; }}
trap 'exit 1' HUP INT PIPE TERM
trap 'mark end' EXIT
mark begin
test -e /srv/quick || sleep {seconds}
"""
CONTROL = "Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Crew <crew@example.com>\n{more}Description: A test\n"
LIBRARY = glob.glob("/usr/lib/*-linux-gnu/libz.so.1")[0]


class Package(NamedTuple):
    """`scripts` take so many seconds, `files` are how many it has beside the one of its name; `more` is of its second version."""

    name: str
    scripts: Mapping[str, float] = {}
    files: int = 0
    more: str = ""
    library: bool = False
    config: bool = False
    triggers: str = ""
    first: bool = True


PACKAGES = (
    Package("kill-library", library=True),
    Package("kill-app", {"postinst": 0.4}, more="Depends: kill-library (>= 2.0), kill-fresh\n", config=True),
    Package("kill-slow", {"postinst": 2.2}),
    Package("kill-before", {"preinst": 0.5, "prerm": 0.2, "postinst": 0.2}, triggers="interest /usr/lib/kill\n"),
    Package("kill-bulk", files=150),
    Package("kill-held", {"postinst": 0.2}),
    Package("kill-fresh", first=False),
)


def build(package: Package, version: str) -> None:
    """Make one archive."""
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        top.chmod(0o755)
        control, data = top / "DEBIAN", top / "usr/share" / package.name
        control.mkdir()
        data.mkdir(parents=True)
        more = package.more if version == "2.0" else package.more.split(" (", 1)[0].rstrip() + "\n" * bool(package.more)
        (control / "control").write_text(CONTROL.format(name=package.name, version=version, more=more))
        (data / "version").write_text(version)
        for number in range(package.files):
            (data / str(number)).write_text(f"{version} {number}\n" * 40)
        if package.library:
            (top / "usr/lib/kill").mkdir(parents=True)
            shutil.copy(LIBRARY, top / "usr/lib/kill/libkill.so.1")
        if package.config:
            (top / "etc").mkdir()
            (top / f"etc/{package.name}.conf").write_text(f"version = {version}\n")
            (control / "conffiles").write_text(f"/etc/{package.name}.conf\n")
        if package.triggers:
            (control / "triggers").write_text(package.triggers)
        for kind, seconds in package.scripts.items():
            (control / kind).write_text(SCRIPT.format(name=f"{package.name}.{kind}", seconds=seconds))
            (control / kind).chmod(0o755)
        subprocess.run(
            ["dpkg-deb", "-Zgzip", "--root-owner-group", "--build", scratch, REPOSITORY],
            check=True,
            capture_output=True,
        )


def stanza(deb: Path) -> str:
    """Return what the repository's index says of the archive."""
    content = deb.read_bytes()
    fields = subprocess.run(["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True).stdout
    return f"{fields}Filename: ./{deb.name}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n"


def main() -> None:
    REPOSITORY.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        for version in ("1.0", "2.0") if package.first else ("2.0",):
            build(package, version)
    index = "\n".join(stanza(deb) for deb in sorted(REPOSITORY.glob("*.deb"))).encode()
    (REPOSITORY / "Packages").write_bytes(index)
    digest = hashlib.sha256(index).hexdigest()
    (REPOSITORY / "Release").write_text(
        f"Label: Debian-Security\nDate: {email.utils.formatdate(usegmt=True)}\nSHA256:\n {digest} {len(index)} Packages\n"
    )
    for path in glob.glob("/etc/apt/sources.list*") + glob.glob("/etc/apt/sources.list.d/*"):
        if os.path.isfile(path):
            os.unlink(path)
    Path("/etc/apt/sources.list.d/kill.list").write_text(f"deb [trusted=yes] file:{REPOSITORY} ./\n")


if __name__ == "__main__":
    main()
