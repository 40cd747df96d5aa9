"""A planted secret is in its files and nowhere else: no output, no journal, no ledger, no store, no process list."""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import CHECKOUT, Machine, lab, sudo

FOLDER = "/etc/planted"
SEARCHED = ("/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr/local", "/var")
DURING = "/srv/during"
PLAYBOOK = """
- name: Plant a secret
  hosts: quick
  gather_facts: false
  become: true
  vars_files: [secret.yml]
  tasks:
    - name: Ensure the service has its secret
      groundcrew.fleet.service_config:
        name: planted
        files:
          - {{path: {folder}/plain.key, content: "{{{{ planted }}}}", mode: "0600", sensitive: true}}
          - {{path: {folder}/app.conf, template: app.conf.j2, mode: "0600", sensitive: true}}
        validate:
          - [test, -s, "{{staged}}{folder}/plain.key"]
          - [{validator}, "{{staged}}{folder}/plain.key"]
        verify:
          within_s: 1
          commands: {commands}
"""
# Runs while the transaction is open: keeps what the state directory holds then.
LOOK = f"""#!/bin/sh
rm -rf {DURING}
cp -a /var/lib/groundcrew {DURING}
"""


class Run(NamedTuple):
    """One run of the playbook: the secret it planted, how it ended, its output, and every command line meanwhile."""

    name: str
    secret: str
    status: int
    output: str
    processes: frozenset[str]

    def forms(self) -> list[str]:
        """The secret as it is, and within base64 at each of its three alignments."""
        found = [self.secret]
        for shift in range(3):
            packed = base64.b64encode(b"x" * shift + self.secret.encode()).decode().rstrip("=")
            found.append(packed[4:-4])
        return found


@pytest.fixture(scope="module")
def host() -> Iterator[Machine]:
    lab("absent", "quick")
    try:
        lab("started", "quick")
        machine = Machine("crash-quick")
        machine.put("/usr/local/bin/look", LOOK.encode())
        yield machine
    finally:
        lab("absent", "quick")


@pytest.fixture(scope="module")
def runs(host: Machine, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    folder = tmp_path_factory.mktemp("playbook")
    look, refused = "[[/usr/local/bin/look]]", "[[/usr/local/bin/look], [test, -e, /nowhere]]"
    host.run("test", "-x", "/usr/local/bin/look")
    return [
        played("first write", folder, look),
        played("change", folder, look),
        played("taken back", folder, refused),
        # A validator that prints what it was given.
        played("refused", folder, look, validator="/bin/sh, -c, 'cat $0; exit 1'"),
        played("check mode", folder, look, "--check"),
    ]


def played(name: str, folder: Path, commands: str, *options: str, validator: str = "/bin/true") -> Run:
    secret = f"planted-{name.replace(' ', '-')}-{os.urandom(9).hex()}"
    (folder / "play.yml").write_text(
        PLAYBOOK.format(folder=FOLDER, commands=commands, validator=validator), encoding="utf-8"
    )
    (folder / "secret.yml").write_text(f"planted: {secret}\n", encoding="utf-8")
    (folder / "templates").mkdir(exist_ok=True)
    (folder / "templates" / "app.conf.j2").write_text("password = {{ planted }}\n", encoding="utf-8")
    ansible = Path(sys.executable).parent / "ansible-playbook"
    with watched() as seen:
        done = subprocess.run(
            [ansible, "-i", "tests/crash/hosts.yml", folder / "play.yml", "-vvv", "--diff", *options],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
    return Run(name, secret, done.returncode, done.stdout + done.stderr, frozenset(seen))


@contextlib.contextmanager
def watched() -> Iterator[set[str]]:
    """Read every command line of this machine again and again; the host's are among them, since it is a container."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            for pid in filter(str.isdigit, os.listdir("/proc")):
                with contextlib.suppress(OSError):
                    seen.add(Path("/proc", pid, "cmdline").read_bytes().decode("utf-8", "replace"))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def test_runs_end_as_they_should(runs: list[Run]) -> None:
    ended = {run.name: run.status == 0 for run in runs}
    expected = {"first write": True, "change": True, "taken back": False, "refused": False, "check mode": True}
    assert ended == expected, "\n".join(run.output[-3000:] for run in runs if (run.status == 0) != expected[run.name])
    assert all("/usr/local/bin/look" in run.output or run.status == 0 for run in runs if run.name == "taken back")


def test_secret_of_the_change_that_stands_is_in_its_files(host: Machine, runs: list[Run]) -> None:
    stands = next(run for run in runs if run.name == "change")
    assert host.run("cat", f"{FOLDER}/plain.key").strip() == stands.secret
    assert host.run("cat", f"{FOLDER}/app.conf") == f"password = {stands.secret}\n"


def test_secret_is_not_in_the_output(runs: list[Run]) -> None:
    leaked = [(run.name, form) for run in runs for form in run.forms() if form in run.output]
    assert leaked == []


def test_secret_is_not_in_any_process_list(runs: list[Run]) -> None:
    assert all(any("ansible-playbook" in line for line in run.processes) for run in runs), "nothing was seen"
    leaked = [(run.name, line[:300]) for run in runs for line in run.processes for form in run.forms() if form in line]
    assert leaked == []


def test_secret_is_not_in_the_journal_of_the_host(host: Machine, runs: list[Run]) -> None:
    journal = host.run("journalctl", "--no-pager", "-o", "export")
    assert "service_config" in journal or "Invoked with" in journal, "the module was not logged at all"
    leaked = [(run.name, form) for run in runs for form in run.forms() if form in journal]
    assert leaked == []


def test_secret_is_nowhere_else_on_the_host(host: Machine, runs: list[Run]) -> None:
    patterns = "\n".join(form for run in runs for form in run.forms()).encode()
    script = f"cat >/dev/shm/patterns; grep -rlaF -f /dev/shm/patterns {' '.join(SEARCHED)} 2>/dev/null || true"
    found = set(host.run("sh", "-c", script, given=patterns).split())
    copies = {path for path in found if path.startswith(f"{DURING}/journal/") and "/old/" in path}
    assert found - copies == {f"{FOLDER}/plain.key", f"{FOLDER}/app.conf"}


def test_undo_copies_of_an_open_transaction_are_for_root_alone(host: Machine, runs: list[Run]) -> None:
    assert runs
    modes = host.run("find", DURING, "-path", "*/old/*", "-printf", "%m %u\n").split("\n")
    assert set(filter(None, modes)) == {"600 root"}


def test_secret_is_not_in_the_controllers_own_files(runs: list[Run]) -> None:
    state = CHECKOUT / ".cache" / "lab"
    command = [*sudo(), "grep", "-rlaF", "-f", "-", str(state)]
    patterns = "\n".join(form for run in runs for form in run.forms())
    done = subprocess.run(command, input=patterns, capture_output=True, text=True, check=False)
    assert done.stdout == ""
