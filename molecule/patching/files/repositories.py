"""Make repositories below the directory of the first argument, from the packages that standard input lists as JSON.

A package has a name and versions, and may have: `repository` (plain), `fields` of its control file and `index` of its entry,
`conffile` (whether it has one), `maps` (the name of a library below /usr/lib/crew), `postinst` and `changelog`. It is there
`since` and `until` a moment; the second argument says which moment it is. Repositories are labelled after their names. Nothing
of dpkg's own is called, so that hundreds of packages take a second.
"""

from __future__ import annotations

import email.utils
import glob
import gzip
import hashlib
import io
import json
import pathlib
import shutil
import sys
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any

LABELS = {"plain": "Debian", "security": "Debian-Security", "vendor": "Vendor"}
LIBRARY = "/usr/lib/*-linux-gnu/libz.so.1"


def tar(content: Mapping[str, bytes], scripts: Sequence[str] = ()) -> bytes:
    """Return a packed archive of these files, each folder before what is in it; the same bytes at any time."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        folders: dict[str, None] = {}
        for path in content:
            folders.update((str(one), None) for one in reversed(pathlib.PurePath(path).parents))
        for path in folders:
            about = tarfile.TarInfo(f"./{path}" if path != "." else ".")
            about.type, about.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(about)
        for path, data in content.items():
            about = tarfile.TarInfo(f"./{path}")
            about.size, about.mode = len(data), 0o755 if path in scripts else 0o644
            archive.addfile(about, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), compresslevel=1, mtime=0)


def deb(control: bytes, package: Mapping[str, Any], version: str) -> bytes:
    """Return the archive of one version, as dpkg-deb would have built it."""
    name = package["name"]
    files = {f"usr/share/{name}/version": f"{version}\n".encode()}
    about = {"control": control}
    if package.get("conffile"):
        files[f"etc/{name}.conf"] = f"shipped with {version}\n".encode()
        about["conffiles"] = f"/etc/{name}.conf\n".encode()
    if package.get("maps"):
        files[f"usr/lib/crew/{package['maps']}"] = pathlib.Path(glob.glob(LIBRARY)[0]).read_bytes()
    if package.get("changelog"):
        files[f"usr/share/doc/{name}/changelog.gz"] = gzip.compress(package["changelog"].encode(), mtime=0)
    if package.get("postinst"):
        about["postinst"] = f"#!/bin/sh\n{package['postinst']}\n".encode()
    parts = {"debian-binary": b"2.0\n", "control.tar.gz": tar(about, ["postinst"]), "data.tar.gz": tar(files)}
    members = (
        f"{part:16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data for part, data in parts.items()
    )
    return b"!<arch>\n" + b"".join(one + b"\n" * (len(one) % 2) for one in members)


def fields(package: Mapping[str, Any], version: str) -> dict[str, str]:
    """Return the control file of one version."""
    own = {
        "Package": package["name"],
        "Version": version,
        "Architecture": "all",
        "Maintainer": "Crew <crew@example.com>",
    }
    return {**own, "Installed-Size": "300", "Description": "A test", **package.get("fields", {})}


def text(told: Mapping[str, str]) -> str:
    return "".join(f"{key}: {value}\n" for key, value in told.items())


def write(folder: pathlib.Path, packages: Sequence[Mapping[str, Any]]) -> None:
    """Write one repository."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stanzas = []
    for package in packages:
        for version in package["versions"]:
            told = fields(package, version)
            content = deb(text(told).encode(), package, version)
            # Without the epoch, as dpkg-deb names it.
            name = f"{package['name']}_{version.split(':')[-1]}_all.deb"
            (folder / name).write_bytes(content)
            about = {"Filename": f"./{name}", "Size": str(len(content)), "SHA256": hashlib.sha256(content).hexdigest()}
            stanzas.append(text({**told, **about, **package.get("index", {})}))
    index = "\n".join(stanzas).encode()
    (folder / "Packages").write_bytes(index)
    label = LABELS[folder.name]
    release = {"Origin": label, "Label": label, "Suite": folder.name, "Date": email.utils.formatdate(usegmt=True)}
    (folder / "Release").write_text(
        text(release) + f"SHA256:\n {hashlib.sha256(index).hexdigest()} {len(index)} Packages\n"
    )


moment = int(sys.argv[2])
listed = [one for one in json.load(sys.stdin) if one.get("since", 0) <= moment <= one.get("until", moment)]
for repository in LABELS:
    mine = [package for package in listed if package.get("repository", "plain") == repository]
    write(pathlib.Path(sys.argv[1], repository), mine)
