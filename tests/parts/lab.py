"""The parts that run on hosts: Molecule scenarios, crash tests, and whatever else stands in tests/integration."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from .job import ONE_PASSED, ROOT, Counts, Job, PartFailedError

LAB = "lab"
CRASH_HOSTS = "crash-hosts"
KILL_HOSTS = "kill-hosts"
MUTATIONS = "tests/crash/test_mutations.py"
STRATEGIES = "strategies"
MONITORING = "monitoring"
HOSTS_PREFIX = "gc-"


def scenarios() -> list[str]:
    """The names of the Molecule scenarios."""
    return sorted(path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml"))


def scenario(name: str, *, env: Mapping[str, str] | None = None, within_s: float = 1500) -> Callable[[Job], Counts]:
    """The part that runs a Molecule scenario from create to destroy."""

    def part(job: Job) -> Counts:
        def destroy() -> None:
            job.quietly(["molecule", "destroy", "--scenario-name", name])

        try:
            # A border would break the lines that a part shows.
            argv = ["molecule", "test", "--no-command-borders", "--scenario-name", name]
            job.run(argv, env=env, within_s=within_s)
        except PartFailedError:
            # Molecule destroys its hosts itself, unless it was ended.
            job.at_end(destroy)
            raise
        return ONE_PASSED

    return part


def releases(job: Job) -> Counts:
    """The scenarios whose tests look at one Debian release a day, at both."""
    found = [
        ONE_PASSED for name in scenarios_of_today() if scenario(name, env={"RELEASES": "full"}, within_s=3600)(job)
    ]
    return sum(found, Counts())


def scenarios_of_today() -> list[str]:
    """The names of the scenarios whose tests look at one Debian release a day."""
    return [name for name in scenarios() if any(map(_looks_at_one, (ROOT / "molecule" / name).glob("tests/test_*.py")))]


def _looks_at_one(test: Path) -> bool:
    return "today.releases()" in test.read_text(encoding="utf-8")


def strategies_full(job: Job) -> Counts:
    """The scenario of the strategies in its long way, which takes too long for every run."""
    return scenario(STRATEGIES, env={"STRATEGIES": "full"}, within_s=3600)(job)


def monitoring_full(job: Job) -> Counts:
    """The scenario of monitoring with 20 pages instead of five, and with changes that only the servers themselves refuse."""
    return scenario(MONITORING, env={"PAGES": "full"}, within_s=3600)(job)


def crash(job: Job) -> Counts:
    """The crash tests, which make hosts of their own and remove them."""
    return job.pytest("tests/crash", f"--ignore={MUTATIONS}")


def crash_all(job: Job) -> Counts:
    """The same at every operation instead of a third of them, which takes too long for every run."""
    return job.pytest("tests/crash", f"--ignore={MUTATIONS}", env={"CRASH": "full"})


def mutations(job: Job) -> Counts:
    """The proof of the crash tests: the interpreter broken in each way, which takes too long for every run."""
    return job.pytest(MUTATIONS)


def lockout(job: Job) -> Counts:
    """The changes that cut us off, each on a host of its own over real SSH."""
    return job.pytest("tests/lockout")


def patch_kill(job: Job) -> Counts:
    """An update killed in each way, and finished by the next run, on hosts of its own."""
    return job.pytest("-s", "tests/patch_kill/test_kill.py")


def patch_kill_all(job: Job) -> Counts:
    """The same at 20 moments of each kind, which takes too long for every run."""
    return job.pytest("-s", "tests/patch_kill/test_everywhere.py")


def guest(job: Job) -> Counts:
    """The layers of hardening that only a machine with a kernel of its own can take, in a guest of QEMU."""
    return job.pytest("tests/guest")


def secrets(job: Job) -> Counts:
    """The search for a planted secret, on a host of the crash tests."""
    return job.pytest("tests/integration/test_secrets.py")


def examples(job: Job) -> Counts:
    """The documented examples and the installed artefact on the lab, which is taken down unless it was up before."""
    if not _lab_is_up():
        job.at_end(lambda: job.quietly(["ansible-playbook", "playbooks/lab.yml", "-e", "lab_state=absent"]))
    return job.pytest("tests/integration/test_artefact.py", "tests/integration/test_examples.py")


def demo(job: Job) -> Counts:
    """The demo, which fails where one of its promises does; its lab is taken down unless it was up before."""
    if not _lab_is_up():
        job.at_end(lambda: job.quietly(["script/demo", "--down"]))
    job.run(["script/demo"])
    return ONE_PASSED


def _lab_is_up() -> bool:
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    listing = subprocess.run(
        [*sudo, "podman", "ps", "--quiet", "--filter", f"name=^{HOSTS_PREFIX}"],
        check=False,
        capture_output=True,
        timeout=60,
    )
    return bool(listing.stdout.strip())
