"""Make, in the directory of the second argument: `sources` that are to be packaged, or what is `spoiled` of what was packaged."""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

HERE, NAMESPACE = Path(__file__).parent, "release@groundcrew.fleet"
VERSIONS = "1.0.0", "2.0.0", "3.0.0"
WHEEL = {
    "crew_greeting.py": 'WORDS = "good morning"\n',
    "crew_greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: crew-greeting\nVersion: 1.0\n",
    "crew_greeting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: crew\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


def sources(where: Path) -> None:
    for name in ("crew", "stranger", "lapsed"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", where / name], check=True)
    crew, lapsed = ((where / f"{name}.pub").read_text() for name in ("crew", "lapsed"))
    (where / "allowed_signers").write_text(
        f'crew@example.com {crew}lapsed@example.com valid-before="20250101" {lapsed}'
    )
    vendor = where / "vendor"
    vendor.mkdir()
    # One that every Python of the hosts runs; the wheel beside it is made here, so that nobody is asked for it.
    fetch = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--dest",
        str(vendor),
        "pip==24.2",
    ]
    subprocess.run([sys.executable, *fetch], check=True)
    with zipfile.ZipFile(vendor / "crew_greeting-1.0-py3-none-any.whl", "w") as wheel:
        record = "crew_greeting-1.0.dist-info/RECORD"
        listed = "".join(f"{name},,\n" for name in [*WHEEL, record])
        for name, content in {**WHEEL, record: listed}.items():
            wheel.writestr(name, content)
    for version in VERSIONS:
        source = where / "sources" / version
        shutil.copytree(HERE / "app", source)
        (source / "VERSION").write_text(version)
        # The first one alone has dependencies; it takes a second to install them.
        python = "venv/bin/python" if version == VERSIONS[0] else "/usr/bin/python3"
        (source / "start").write_text(f"#!/bin/sh\nexec {python} server.py\n")
        (source / "start").chmod(0o755)
        if version == VERSIONS[0]:
            shutil.copytree(vendor, source / "vendor")
    for app, size in (("till", 10), ("large", 12_000_000)):
        (where / app).mkdir()
        (where / app / "file").write_bytes(random.randbytes(size))


def spoiled(where: Path) -> None:
    for name in ("stranger", "lapsed", "unsigned"):
        (where / f"by_{name}").mkdir()
        for file in ("shop-2.0.0.tar.gz", "shop-2.0.0.json"):
            shutil.copy(where / file, where / f"by_{name}" / file)
        if name != "unsigned":
            sign(where / f"by_{name}/shop-2.0.0.json", where / name)
    path = where / "shop-7.0.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../../escaped"), io.BytesIO())
    manifest = json.loads((where / "shop-2.0.0.json").read_text())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest |= {"version": "7.0.0", "artefact": path.name, "sha256": digest, "size": path.stat().st_size}
    (where / "shop-7.0.0.json").write_text(json.dumps(manifest))
    sign(where / "shop-7.0.0.json", where / "crew")


def sign(path: Path, key: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", NAMESPACE, path], check=True)


{"sources": sources, "spoiled": spoiled}[sys.argv[1]](Path(sys.argv[2]))
