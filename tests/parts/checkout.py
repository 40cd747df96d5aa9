"""The checkout as the tools want it: copied, built, and with other Pythons and environments beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from .job import ROOT, Job, PartFailedError

PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")


def copy_to(target: Path) -> Path:
    """Replace `target` by a copy of every file that git tracks or would; return it."""
    shutil.rmtree(target, ignore_errors=True)
    for name in files():
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, destination, follow_symlinks=False)
    return target


def files() -> list[str]:
    """The files of the checkout that are not ignored, committed or not."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return [name for name in sorted(set(listing.stdout.decode().split("\0"))) if name and os.path.lexists(ROOT / name)]


def build(job: Job, directory: Path) -> Path:
    """Build the artefact from a copy of the checkout in `directory`; return the file."""
    source = copy_to(directory / "source")
    job.run(["ansible-galaxy", "collection", "build", "--force", "--output-path", directory, source])
    built = list(directory.glob("*.tar.gz"))
    if len(built) != 1:
        raise PartFailedError(f"expected one artefact in {directory}, found {len(built)}")
    return built[0]


def members(artefact: Path) -> list[str]:
    """The names in the artefact."""
    with tarfile.open(artefact) as archive:
        return archive.getnames()


def make_venv(job: Job, name: str, python: Path = Path("/usr/bin/python3")) -> Path:
    """Make `.venv-NAME` hold requirements/NAME.txt, unless it does; return it."""
    venv = ROOT / f".venv-{name}"
    script = 'set -euo pipefail; . script/lib.sh; make_venv "$@"'
    job.run(["bash", "-c", script, "make_venv", venv, ROOT / "requirements" / f"{name}.txt", python])
    return venv


def find_python(version: str) -> Path | None:
    """A Python of that version (such as 3.12) that can make environments, or None; a pyenv shim that only complains is none."""
    for candidate in _candidates(version):
        try:
            probe = subprocess.run(
                [candidate, "-c", "import venv, ensurepip"], check=False, capture_output=True, timeout=20
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if probe.returncode == 0:
            return candidate
    return None


def _candidates(version: str) -> Iterator[Path]:
    for directory in ("/usr/bin", "/usr/local/bin", *os.environ.get("PATH", "").split(":")):
        yield Path(directory) / f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")))
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
