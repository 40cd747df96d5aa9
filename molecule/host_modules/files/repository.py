"""Make a repository in the directory of the first argument with each version of the others, of a library and of what needs it."""

from __future__ import annotations

import glob
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

CONTROL = "Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Crew <crew@example.com>\n{more}Description: A test\n"
LIBRARY = glob.glob("/usr/lib/*-linux-gnu/libz.so.1")[0]
PLACE = "DEBIAN", "usr/lib/crew"


def build(into: pathlib.Path, name: str, version: str, more: str, file: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for folder in PLACE:
            (pathlib.Path(scratch) / folder).mkdir(parents=True)
        pathlib.Path(scratch, "DEBIAN/control").write_text(CONTROL.format(name=name, version=version, more=more))
        shutil.copy(LIBRARY, pathlib.Path(scratch, "usr/lib/crew", file))
        pathlib.Path(scratch).chmod(0o755)
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", scratch, into], check=True, capture_output=True)


def stanza(deb: pathlib.Path) -> str:
    content = deb.read_bytes()
    fields = subprocess.run(["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True).stdout
    return f"{fields}Filename: ./{deb.name}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n"


repository = pathlib.Path(sys.argv[1])
repository.mkdir(parents=True, exist_ok=True)
for number in sys.argv[2:]:
    build(repository, "crew-library", number, "", "libcrew.so.1")
    build(repository, "crew-tool", number, f"Depends: crew-library (>= {number})\n", "tool")
packages = "\n".join(stanza(deb) for deb in sorted(repository.glob("*.deb"))).encode()
(repository / "Packages").write_bytes(packages)
(repository / "Release").write_text(
    f"Label: Debian-Security\nSHA256:\n {hashlib.sha256(packages).hexdigest()} {len(packages)} Packages\n"
)
