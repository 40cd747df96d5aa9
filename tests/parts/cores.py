"""Tests under each supported ansible-core: the unit tests, and the rules of Ansible's that rollouts rest on."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

from . import checkout
from .job import LOGS, ROOT, VENV, Counts, Job, PartFailedError

# The core that .venv has.
DEVELOPMENT_CORE = "2.19"
# Newer cores ask for a newer Python than Debian 12 has; these serve, the first one found.
NEWER_PYTHONS = ("3.13", "3.12")
# Rollouts under another core than that of development: what differs between cores, and each playbook once.
EVERY_CORE = ("tests/rollout_facts", "-m", "every_core")
# Seconds of tests that no rule of Ansible's plays a part in: a second core on the same Python has nothing to add.
OF_PYTHON_ALONE = "of_python_alone"
# What the tests call beside Python, for the container of a newer core.
PACKAGES = ("python3-venv", "apt-utils", "git", "openssh-client")
IMAGE_SCRIPT = "playbooks/files/lab/image"


def facts_under_core(core: str) -> Callable[[Job], Counts]:
    """The part that runs what rollouts rest on under that ansible-core."""
    return under_core(core, *(EVERY_CORE if core != DEVELOPMENT_CORE else EVERY_CORE[:1]))


def other_of_today(supported: Sequence[str], day: int | None = None) -> str:
    """The core besides that of development whose turn it is to play rollouts: another one each day, without a day that of today in UTC."""
    others = [core for core in supported if core != DEVELOPMENT_CORE]
    return others[(datetime.now(timezone.utc).toordinal() if day is None else day) % len(others)]


def units_under_core(core: str) -> Callable[[Job], Counts]:
    """The part that runs the unit tests under that ansible-core."""
    again = core != DEVELOPMENT_CORE and not needs_newer_python(core)
    return under_core(core, "tests/unit", *(["-m", f"not {OF_PYTHON_ALONE}"] if again else []))


def under_core(core: str, *tests: str) -> Callable[[Job], Counts]:
    """The part that runs those tests under that ansible-core, in an environment that has it."""

    def part(job: Job) -> Counts:
        if core == DEVELOPMENT_CORE:
            return job.pytest(*tests, venv=_development_venv(core))
        if not needs_newer_python(core):
            return job.pytest(*tests, venv=checkout.make_venv(job, f"core-{core}"))
        python = _newer_python()
        if python:
            return job.pytest(*tests, venv=checkout.make_venv(job, f"core-{core}", python))
        return _in_container(job, core, *tests)

    return part


def needs_container(core: str) -> bool:
    """Whether this machine lacks the Python that the core asks for."""
    return needs_newer_python(core) and not _newer_python()


def needs_newer_python(core: str) -> bool:
    """Whether the core runs on Python 3.12 and later only."""
    return tuple(int(number) for number in core.split(".")) >= (2, 20)


def _development_venv(core: str) -> Path:
    if f"\nansible-core=={core}." not in (ROOT / "requirements/dev.txt").read_text():
        raise PartFailedError(
            f"requirements/dev.txt no longer pins ansible-core {core}: give it requirements of its own"
        )
    return VENV


def _newer_python() -> Path | None:
    return next((found for found in map(checkout.find_python, NEWER_PYTHONS) if found), None)


def _in_container(job: Job, core: str, *tests: str) -> Counts:
    """Run them in a container of the lab's Debian 13 image (Python 3.13), with wheels that were fetched here."""
    wheels = _wheels(job, core)
    name = f"groundcrew-{job.name}-{os.getpid()}"
    job.at_end(lambda: job.quietly([*_as_root(), "podman", "rm", "--force", "--ignore", "--time", "0", name]))
    inside = f"/results/{job.junit_path.name}"
    script = (
        "set -e; export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 ANSIBLE_COLLECTIONS_PATH=/checkout/.cache/collections;"
        f" apt-get -qq update; apt-get -qq install --yes --no-install-recommends {' '.join(PACKAGES)} >/dev/null;"
        " python3 -m venv /venv; /venv/bin/pip install -q --no-index --find-links /wheels -r /requirements.txt;"
        " export PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1; cd /checkout;"
        f" exec python -m pytest -p no:cacheprovider --junit-xml={inside} {shlex.join(tests)}"
    )
    requirements = ROOT / "requirements" / f"core-{core}.txt"
    mounts = [
        f"{ROOT}:/checkout:ro",
        f"{LOGS}:/results",
        f"{wheels}:/wheels:ro",
        f"{requirements}:/requirements.txt:ro",
    ]
    volumes = [argument for mount in mounts for argument in ("--volume", mount)]
    limits = ["--runtime", "runc", "--ulimit", "nofile=20000:20000", "--ulimit", "nproc=16384:16384"]
    run = [*_as_root(), "podman", "run", "--rm", "--init", "--name", name, *limits, *volumes, _image(job)]
    return job.counted([*run, "bash", "-c", script])


def _wheels(job: Job, core: str) -> Path:
    """The core's requirements as wheels for Python 3.13."""
    directory = LOGS.parent / "wheels" / f"core-{core}"
    options = ["--quiet", "--python-version", "3.13", "--only-binary=:all:", "--dest", str(directory)]
    job.run(["python", "-m", "pip", "download", *options, "--requirement", f"requirements/core-{core}.txt"])
    return directory


def _image(job: Job) -> str:
    """The name of the lab's Debian 13 image, which is built unless it is there."""
    listing = LOGS / f"{job.name}.image"
    job.run(["bash", "-c", f'"$@" > {listing}', "image", *_as_root(), IMAGE_SCRIPT, "13"])
    return listing.read_text().split()[-1]


def _as_root() -> list[str]:
    return [] if os.geteuid() == 0 else ["sudo"]
