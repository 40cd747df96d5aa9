"""A host of the crash tests, seen from the controller: what runs on it is in the folder `host`."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
COLLECTIONS = CHECKOUT / ".cache" / "collections"
HERE = "ansible_collections/groundcrew/fleet/tests/crash"
DRIVE = f"{HERE}/host".replace("/", ".")
INVENTORY = ("-i", "tests/crash/hosts.yml")
INSTALLED = "/usr/local/sbin/groundcrew"
# The whole suite has a limit of its own; one that hangs must not use it up.
LIMIT_S = 900
BUNDLE = """
import sys
from ansible_collections.groundcrew.fleet.plugins.module_utils._transaction import console
sys.stdout.buffer.write(console.bundle())
"""


class Machine(NamedTuple):
    """One container; `run` is as root."""

    name: str

    def run(self, *argv: str, given: bytes | None = None, env: dict[str, str] | None = None) -> str:
        """Run a command; return what it printed; raise AssertionError with its errors when it ends badly."""
        settings = [part for key, value in (env or {}).items() for part in ("--env", f"{key}={value}")]
        command = [*sudo(), "podman", "exec", "--interactive", *settings, self.name, *argv]
        done = subprocess.run(command, input=given or b"", capture_output=True, timeout=LIMIT_S, check=False)
        assert done.returncode == 0, f"{argv} on {self.name} ended with {done.returncode}: {done.stderr.decode()}"
        return done.stdout.decode()

    def put(self, path: str, content: bytes, mode: str = "755") -> None:
        self.run("sh", "-euc", f"cat >{path}.new; chmod {mode} {path}.new; mv {path}.new {path}", given=content)

    def equip(self) -> None:
        """Put the interpreter and what drives it on the host."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(
                Path(__file__).parent / "host",
                f"{HERE}/host",
                filter=lambda one: None if "__pycache__" in one.name else one,
            )
        self.run("sh", "-euc", "mkdir -p /opt/crash; tar -x --no-same-owner -C /opt/crash", given=packed.getvalue())
        self.put(INSTALLED, bundle(COLLECTIONS))
        self._python(f"{DRIVE}.setup", bundle=INSTALLED)

    def bring_engines(self) -> None:
        """Put the engines on the host too, beside the interpreter."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(
                CHECKOUT / "plugins" / "module_utils",
                "engines",
                filter=lambda one: None if "__pycache__" in one.name else one,
            )
        self.run("sh", "-euc", "tar -x --no-same-owner -C /opt/crash", given=packed.getvalue())

    def drive(self, suite: str, *, bundle: str = INSTALLED, **options: Any) -> dict[str, Any]:
        """Run one suite of host/drive.py; return its report."""
        told = self._python(f"{DRIVE}.drive", suite, json.dumps(options), bundle=bundle)
        report: dict[str, Any] = json.loads(told.splitlines()[-1])
        return report

    def reboot(self) -> None:
        """Reboot, and wait until systemd has started everything."""
        began = self.run("cut", "-d", " ", "-f", "22", "/proc/1/stat")
        subprocess.run([*sudo(), "podman", "exec", self.name, "systemctl", "reboot"], check=False, capture_output=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not self._is_up_since(began):
            time.sleep(0.2)
        assert time.monotonic() < deadline, f"{self.name} did not come back"

    def _is_up_since(self, began: str) -> bool:
        script = "cut -d ' ' -f 22 /proc/1/stat; systemctl is-system-running --wait"
        done = subprocess.run(
            [*sudo(), "podman", "exec", self.name, "sh", "-c", script], check=False, capture_output=True, text=True
        )
        lines = done.stdout.splitlines()
        return len(lines) == 2 and lines[0] != began.strip() and lines[1] in ("running", "degraded")

    def _python(self, *arguments: str, bundle: str) -> str:
        settings = {"PYTHONPATH": "/opt/crash", "PYTHONDONTWRITEBYTECODE": "1", "BUNDLE": bundle}
        return self.run("/usr/bin/python3", "-m", *arguments, env=settings)


def bundle(collections: Path) -> bytes:
    """Return the interpreter of the collection that stands below `collections`, as it is installed on a host."""
    done = subprocess.run(
        [sys.executable, "-c", BUNDLE],
        env={**os.environ, "PYTHONPATH": str(collections), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def sudo() -> list[str]:
    """Only root's podman gives containers an address."""
    return [] if os.geteuid() == 0 else ["sudo"]


def lab(state: str, hosts: str = "all", *, inventory: Sequence[str] = INVENTORY) -> None:
    """Make or remove hosts of an inventory the one way the project does."""
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "ansible-playbook"), "playbooks/lab.yml"),
            *(*inventory, "-e", f"lab_state={state}", "-e", f"lab_hosts={hosts}"),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
