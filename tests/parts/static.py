"""The parts that look at the files of the checkout: no host, no container."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from . import checkout
from .job import COLLECTIONS, LOGS, ONE_PASSED, ROOT, VENV, Counts, Job, PartFailedError

HERE = COLLECTIONS / "ansible_collections" / "groundcrew" / "fleet"
SANITY = ROOT / ".cache" / "sanity"

# What the artefact may hold at its top; tests/unit/test_collection.py holds build_ignore to it.
SHIPPED = frozenset(
    [
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "COPYING",
        "README.md",
        "changelogs",
        "docs",
        "extensions",
        "inventories",
        "meta",
        "playbooks",
        "plugins",
        "roles",
    ]
)

# ansible-test downloads get-pip.py; the interpreter has the same pip within it, so nothing needs to be fetched.
GET_PIP = '''"""Put pip into this environment from the interpreter itself, then install what is asked."""
import ensurepip
import os
import subprocess
import sys

# ensurepip turns pip's own configuration off, for the whole process.
environment = dict(os.environ)
ensurepip.bootstrap()
packages = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *packages], env=environment))
'''


def ruff(job: Job) -> Counts:
    job.run(["ruff", "check", "--output-format", "concise", "."])
    job.run(["ruff", "format", "--check", "."])
    return ONE_PASSED


def mypy(job: Job) -> Counts:
    job.run(["mypy"])
    return ONE_PASSED


def lint(job: Job) -> Counts:
    # Ansible's own cache in the checkout would be shared with whatever else runs at the same time.
    job.run(["ansible-lint", "--offline", "--config-file", "tests/ansible-lint.yml"], cwd=HERE)
    return ONE_PASSED


def docs(job: Job) -> Counts:
    # antsibull-docs copies the whole directory, environments included, when it is given the checkout itself.
    collection = checkout.copy_to(LOGS / "docs/ansible_collections/groundcrew/fleet")
    env = {"ANSIBLE_COLLECTIONS_PATH": str(LOGS / "docs")}
    job.run(
        ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=dependent", "."],
        cwd=collection,
        env=env,
    )
    job.run(["antsibull-changelog", "lint"], cwd=collection, env=env)
    job.run(["antsibull-changelog", "lint-changelog-yaml", "changelogs/changelog.yaml"], cwd=collection, env=env)
    return ONE_PASSED


def sanity(job: Job) -> Counts:
    """Run ansible-test under the oldest Python that is here, ours and the newest, in a home of its own: it asks for one download."""
    home = SANITY / "home"
    stand_in = home / ".ansible/test/cache/get_pip_24_2.py"
    stand_in.parent.mkdir(parents=True, exist_ok=True)
    stand_in.write_text(GET_PIP)
    collection = checkout.copy_to(SANITY / "ansible_collections/groundcrew/fleet")
    # ansible-test asks git for the files, and to the checkout's own git all of .cache is to be ignored.
    job.run(["git", "init", "--quiet"], cwd=collection)
    env = {"HOME": str(home), "ANSIBLE_COLLECTIONS_PATH": str(SANITY), **_pip_settings()}
    # The Python of .venv runs everything; the others say whether they could.
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    pythons = {version: checkout.find_python(version) for version in checkout.PYTHONS}
    present = {version: path for version, path in pythons.items() if path}
    env["PATH"] = ":".join([str(VENV / "bin"), *(str(path.parent) for path in present.values()), os.environ["PATH"]])
    job.run(["ansible-test", "sanity", "--color", "no", "--python", own], cwd=collection, env=env)
    others = _ends([version for version in pythons if version in present and version != own])
    for version in others:
        tests = ["--test", "compile", "--test", "import"]
        job.run(["ansible-test", "sanity", "--color", "no", "--python", version, *tests], cwd=collection, env=env)
    absent = [f"Python {version}: no such interpreter here" for version in pythons if version not in present]
    return Counts(passed=1 + len(others), skipped=tuple(f"sanity, {reason}" for reason in [*absent, *_unseen(job)]))


def _ends(versions: list[str]) -> list[str]:
    """The oldest and the newest: what both can read, those between can."""
    return list(dict.fromkeys([*versions[:1], *versions[-1:]]))


def _unseen(job: Job) -> list[str]:
    """What ansible-test passed over for want of a program; raise PartFailedError if it looked at nothing at all."""
    log = job.log_path.read_text(errors="replace")
    if "All targets skipped" in log:
        raise PartFailedError("ansible-test found no file to look at")
    programs = sorted(set(re.findall(r'Required program "(\S+)" not found', log)))
    return [f"{program}: the program is not installed" for program in programs]


def importer(job: Job) -> Counts:
    """Judge the artefact as Galaxy does."""
    venv = checkout.make_venv(job, "importer")
    artefact = checkout.build(job, _fresh(LOGS / "importer"))
    settings = LOGS / "importer" / "galaxy-importer.cfg"
    settings.write_text("[galaxy-importer]\nCHECK_REQUIRED_TAGS = True\nRUN_ANSIBLE_LINT = False\n")
    env = {"GALAXY_IMPORTER_CONFIG": str(settings)}
    job.run([venv / "bin/python", "-m", "galaxy_importer.main", artefact], cwd=LOGS / "importer", env=env, venv=venv)
    return ONE_PASSED


def artefact(job: Job) -> Counts:
    """Install the artefact in a directory of its own and have its playbook read from yet another one."""
    work = _fresh(LOGS / "artefact")
    elsewhere = work / "elsewhere"
    elsewhere.mkdir()
    built = checkout.build(job, work)
    _refuse_development_files(checkout.members(built))
    env = {"ANSIBLE_COLLECTIONS_PATH": str(work / "installed"), "HOME": str(elsewhere)}
    install = ["ansible-galaxy", "collection", "install", str(built), "--no-deps", "-p", str(work / "installed")]
    job.run(install, cwd=elsewhere, env=env)
    for option in ("--syntax-check", "--list-tasks"):
        job.run(["ansible-playbook", "-i", "localhost,", "groundcrew.fleet.site", option], cwd=elsewhere, env=env)
    return ONE_PASSED


def pages(job: Job) -> Counts:
    """Ask every query of every page of a real Prometheus, and open every page in a browser."""
    return job.pytest("tests/pages")


def _refuse_development_files(names: list[str]) -> None:
    strays = sorted({name.split("/")[0] for name in names} - SHIPPED - {"FILES.json", "MANIFEST.json"})
    if strays:
        raise PartFailedError(f"the artefact holds development files, add them to build_ignore in galaxy.yml: {strays}")


def _fresh(directory: Path) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def _pip_settings() -> dict[str, str]:
    """What pip would read and keep in the home that sanity does not see."""
    home = Path.home()
    found = [path for path in (home / ".config/pip/pip.conf", home / ".pip/pip.conf") if path.exists()]
    settings = {"PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(home / ".cache/pip"))}
    if found:
        settings["PIP_CONFIG_FILE"] = str(found[0])
    return settings
