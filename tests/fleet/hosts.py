"""The lab's hosts as containers: commands on them that do not go through SSH, so that only Ansible's are counted there."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

PREFIX = "gc-"
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
ROOT = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]


class CommandFailed(Exception):
    """A command on a host or on this machine said no; the message is its own."""


def run(argv: Sequence[str], *, stdin: bytes | None = None, timeout_s: float = 120) -> str:
    """The standard output of `argv`, run as root on this machine; raise CommandFailed with its error output if it fails."""
    done = subprocess.run([*ROOT, *argv], input=stdin, capture_output=True, timeout=timeout_s, check=False)
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(argv)}: {done.stderr.decode(errors='replace').strip() or done.returncode}")
    return done.stdout.decode(errors="replace")


def on(host: str, *argv: str, timeout_s: float = 120) -> str:
    """The standard output of `argv`, run as root on the lab's `host`; raise CommandFailed if it fails."""
    return run(["podman", "exec", PREFIX + host, *argv], timeout_s=timeout_s)


def fetch(host: str, path: str, to: str) -> None:
    """Copy the file `path` of `host` to `to`, a directory on this machine."""
    run(["podman", "cp", f"{PREFIX}{host}:{path}", to])


def unpack(host: str, archive: Path) -> None:
    """Unpack the tar `archive` of this machine below / on `host`."""
    argv = [
        "podman",
        "exec",
        "--interactive",
        PREFIX + host,
        "tar",
        "--extract",
        "--no-same-owner",
        "--directory=/",
        "--file=-",
    ]
    run(argv, stdin=archive.read_bytes())


def running() -> list[str]:
    """The names of the lab's hosts that are up."""
    lines = run(["podman", "ps", "--filter", f"name=^{PREFIX}", "--format", "{{.Names}}"]).split()
    return sorted(line.removeprefix(PREFIX) for line in lines)


def clock(host: str) -> str:
    """The present moment in the journal of `host`, for `executions`."""
    return on(host, "journalctl", "--lines=0", "--show-cursor", "--quiet").removeprefix("-- cursor: ").strip()


def executions(host: str, since: str) -> int:
    """How many commands Ansible ran on `host` after the moment `since`: what sshd at LogLevel VERBOSE logged."""
    lines = on(host, "journalctl", f"--after-cursor={since}", "--quiet", "--output=cat", "--unit=ssh").splitlines()
    return sum(line.startswith("Starting session: command") for line in lines)


def changes(output: str) -> dict[str, int]:
    """How many tasks changed something on each host, from the recap at the end of a play's output."""
    return {match[1]: int(match[2]) for match in RECAP.finditer(output)}
