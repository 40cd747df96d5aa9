"""Tell, as JSON, what dpkg and apt know of packages, state and version, marks, holds; and the tests' configuration files."""

from __future__ import annotations

import json
import pathlib
import subprocess


def lines(*argv: str) -> list[str]:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()


known = (line.split("\t") for line in lines("dpkg-query", "-W", "-f", "${Package}\t${db:Status-Abbrev}\t${Version}\n"))
packages = {name: version if state[1:] == "i " else f"{state}{version}" for name, state, version in known}
marks = {kind: lines("apt-mark", f"show{kind}") for kind in ("auto", "hold")}
files = {
    str(path): [f"{path.stat().st_mode:o}", path.read_text()] for path in pathlib.Path("/etc").glob("crew-*.conf*")
}
print(json.dumps({"packages": packages, "files": files, **marks}))  # noqa: T201 - this is what it is for
