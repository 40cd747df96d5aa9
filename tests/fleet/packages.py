"""Real package upgrades for the lab: Debian's own packages under a higher version, one repository for each Debian release.

Each package is fetched by a host of the release, from Debian, and packed again with `+gcN` added to its version; its files
are the same. `zlib1g` is offered as a security update and is mapped by python3 and sshd, so what runs them needs a restart.
Fetched packages and finished repositories are kept under the cache directory and used again.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from . import hosts

# Each kind is a repository of its own on the hosts; apt knows it by the label of its Release file.
OFFERED = {"security": ("zlib1g",), "main": ("media-types", "tzdata")}
LABELS = {"security": "Debian-Security", "main": "Debian"}
PACKAGES = tuple(package for packages in OFFERED.values() for package in packages)
REPOSITORIES = "srv/repo"
SOURCES = "etc/apt/sources.list.d/lab-upgrades.list"
SUFFIX = re.compile(r"\+gc(\d+)$")


class Offer(NamedTuple):
    """What one Debian release is offered: unpacked below / of a host, `archive` has apt see the packages in these `versions`."""

    archive: Path
    versions: dict[str, str]


class Seen(NamedTuple):
    """The code name of the Debian release that a host runs, and its versions of the offered packages."""

    release: str
    versions: dict[str, str]


def see(host: str) -> Seen:
    """What `host` has now."""
    script = '. /etc/os-release && echo "$VERSION_CODENAME" && dpkg-query --show --showformat="\\${Package} \\${Version}\\n" "$@"'
    release, *lines = hosts.on(host, "sh", "-ec", script, "sh", *PACKAGES).splitlines()
    found = dict(line.split(" ", 1) for line in lines)
    return Seen(release, {package: found[package] for package in PACKAGES})


def next_number(versions: Sequence[str]) -> int:
    """The N of `+gcN` that makes a package newer than all of `versions`: 1 unless they were upgraded before."""
    return 1 + max((int(match[1]) for match in map(SUFFIX.search, versions) if match), default=0)


def newest_in_debian(host: str) -> dict[str, str]:
    """The versions of the packages that Debian offers to `host`, leaving out those made here."""
    newest: dict[str, str] = {}
    for line in hosts.on(host, "apt-cache", "madison", *PACKAGES).splitlines():
        package, version, _source = (field.strip() for field in line.split("|"))
        if not SUFFIX.search(version):
            newest.setdefault(package, version)
    return newest


def fetched(host: str, package: str, version: str, cache: Path) -> Path:
    """The .deb of `package` in `version`, from `cache` or else from Debian by way of `host`."""
    wanted = f"{package}_{version.replace(':', '%3a')}_*.deb"
    if not list(cache.glob(wanted)):
        script = 'cd "$(mktemp -d)" && apt-get -qq download "$1" >&2 && readlink -f *.deb'
        path = hosts.on(host, "sh", "-ec", script, "sh", f"{package}={version}").strip()
        hosts.fetch(host, path, str(cache))
    return next(cache.glob(wanted))


def repack(deb: Path, version: str, into: Path) -> None:
    """Write `deb` under `version` to the directory `into`."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        subprocess.run(["dpkg-deb", "--raw-extract", deb, tree], check=True)
        control = tree / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
        subprocess.run(
            ["dpkg-deb", "-Zgzip", "--root-owner-group", "--build", tree, into], check=True, capture_output=True
        )


def index(directory: Path, label: str, codename: str) -> None:
    """Make `directory` a repository: its Packages and, with `label`, its Release file."""
    listing = subprocess.run(["apt-ftparchive", "packages", "."], cwd=directory, check=True, capture_output=True).stdout
    (directory / "Packages").write_bytes(listing)
    facts = {"Origin": "Debian", "Label": label, "Codename": codename, "Suite": codename}
    options = [f"-oAPT::FTPArchive::Release::{name}={value}" for name, value in facts.items()]
    argv = ["apt-ftparchive", *options, "release", "."]
    (directory / "Release").write_bytes(subprocess.run(argv, cwd=directory, check=True, capture_output=True).stdout)


def build(root: Path, release: str, debs: dict[str, Path], versions: dict[str, str]) -> None:
    """Write below `root` what a host of the `release` gets: a repository for each kind, and where apt finds them."""
    for kind, packages in OFFERED.items():
        directory = root / REPOSITORIES / kind
        directory.mkdir(parents=True)
        for package in packages:
            repack(debs[package], versions[package], directory)
        index(directory, LABELS[kind], release)
    sources = root / SOURCES
    sources.parent.mkdir(parents=True)
    sources.write_text("".join(f"deb [trusted=yes] file:/{REPOSITORIES}/{kind} ./\n" for kind in OFFERED))


def offer(host: str, release: str, number: int, cache: Path) -> Offer:
    """What hosts of `release`, one of which is `host`, are offered: every package as `+gc<number>`. Kept in `cache`."""
    cache.mkdir(parents=True, exist_ok=True)
    bases = newest_in_debian(host)
    versions = {package: f"{base}+gc{number}" for package, base in bases.items()}
    archive = cache / f"{release}-{'-'.join(re.sub('[^0-9a-zA-Z.+~]', '_', value) for value in versions.values())}.tar"
    if not archive.exists():
        debs = {package: fetched(host, package, base, cache) for package, base in bases.items()}
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            root, made = Path(scratch, "root"), Path(scratch, "made.tar")
            build(root, release, debs, versions)
            argv = ["tar", "--create", f"--directory={root}", f"--file={made}", REPOSITORIES, SOURCES]
            subprocess.run(argv, check=True)
            made.rename(archive)
    return Offer(archive, versions)
