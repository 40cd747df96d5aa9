"""What a part is made of: its commands, its log, its counts, and what it leaves behind when it is ended."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".cache" / "test"
COLLECTIONS = ROOT / ".cache" / "collections"
VENV = ROOT / ".venv"


class Counts(NamedTuple):
    """How many tests passed and failed, and the reason of each one that was skipped."""

    passed: int = 0
    failed: int = 0
    skipped: tuple[str, ...] = ()

    def __add__(self, other: object) -> Counts:
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


ONE_PASSED = Counts(passed=1)


class PartFailedError(Exception):
    """A command of the part ended badly; its log says how."""


class Job:
    """Runs the commands of one part, each in a process group of its own, into the part's log."""

    _stopping = threading.Event()
    _running: dict[int, subprocess.Popen[bytes]] = {}  # noqa: RUF012 - one register for all jobs, which stop_all() reads
    _guard = threading.Lock()

    def __init__(self, name: str, logs: Path = LOGS) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log_path = logs / f"{name}.log"
        self.junit_path = logs / f"{name}.xml"
        self._undo: list[Callable[[], None]] = []
        self._log = self.log_path.open("wb", buffering=0)

    def say(self, text: str) -> None:
        """Write a line to the part's log."""
        self._log.write(f"{text}\n".encode())

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path = ROOT,
        env: Mapping[str, str] | None = None,
        venv: Path = VENV,
        within_s: float = 1500,
    ) -> None:
        """Run a command with the venv's programs first on its PATH; raise PartFailedError unless it ends with 0."""
        if self._stopping.is_set():
            raise PartFailedError("the run was ended")
        rc = self._wait([str(part) for part in argv], cwd, environment(venv, env), within_s)
        if rc != 0:
            raise PartFailedError(f"`{shlex.join(str(part) for part in argv)}` ended with {rc}")

    def pytest(self, *arguments: str | Path, venv: Path = VENV, env: Mapping[str, str] | None = None) -> Counts:
        """Run pytest in the venv and count its tests."""
        pytest = ["python", "-m", "pytest", "-p", "no:cacheprovider", f"--junit-xml={self.junit_path}"]
        return self.counted([*pytest, *arguments], venv=venv, env=env)

    def counted(self, argv: Sequence[str | Path], *, venv: Path = VENV, env: Mapping[str, str] | None = None) -> Counts:
        """Run a command that writes `junit_path` and count its tests; a bad end without a failed test is one failure."""
        self.junit_path.unlink(missing_ok=True)
        try:
            self.run(argv, venv=venv, env=env)
        except PartFailedError as error:
            self.say(str(error))
            counts = read_junit(self.junit_path)
            return counts if counts.failed else counts + Counts(failed=1)
        return read_junit(self.junit_path)

    def at_end(self, undo: Callable[[], None]) -> None:
        """Have `undo` called when the part is over, however it ends."""
        self._undo.append(undo)

    def close(self) -> None:
        """Call what at_end() was given, last one first, and close the log."""
        for undo in reversed(self._undo):
            try:
                undo()
            except (OSError, subprocess.SubprocessError) as error:
                self.say(f"cleaning up failed: {error}")
        self._log.close()

    def quietly(self, argv: Sequence[str | Path], *, within_s: float = 120) -> None:
        """Run a command of the cleaning up: it runs although the run was ended, and its failure is only logged."""
        rc = self._wait([str(part) for part in argv], ROOT, environment(VENV, None), within_s)
        if rc != 0:
            self.say(f"ended with {rc}")

    def _wait(self, argv: list[str], cwd: Path, env: dict[str, str], within_s: float) -> int:
        self.say(f"$ {shlex.join(argv)}")
        try:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
            )
        except OSError as error:
            self.say(str(error))
            return 127
        with self._guard:
            self._running[process.pid] = process
        try:
            return process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.say(f"ended after {within_s:.0f} s, which is its limit")
            _end_group(process)
            return 124
        finally:
            with self._guard:
                del self._running[process.pid]

    @classmethod
    def stop_all(cls) -> None:
        """Interrupt every command that runs now and refuse new ones, but for those of the cleaning up; a second call insists."""
        # pytest and Ansible take their hosts down when they are interrupted, not when they are terminated.
        number = signal.SIGTERM if cls._stopping.is_set() else signal.SIGINT
        cls._stopping.set()
        with cls._guard:
            running = list(cls._running.values())
        for process in running:
            _signal_group(process, number)

    @classmethod
    def is_stopping(cls) -> bool:
        """Whether stop_all() was called."""
        return cls._stopping.is_set()


def environment(venv: Path, extra: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of a part's commands: ours without what belongs to this program, plus `extra`."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    env["PATH"] = f"{venv / 'bin'}:{env.get('PATH', '/usr/sbin:/usr/bin:/sbin:/bin')}"
    env["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
    env["ANSIBLE_NOCOLOR"] = env["NO_COLOR"] = "1"
    env.update(extra or {})
    return env


def read_junit(path: Path) -> Counts:
    """Count the tests of a JUnit file written by pytest; no file counts as nothing."""
    if not path.exists():
        return Counts()
    total = Counts()
    for case in ET.parse(path).getroot().iter("testcase"):
        skipped = case.find("skipped")
        if skipped is not None:
            total += Counts(skipped=(skipped.get("message") or "no reason given",))
        elif case.find("failure") is not None or case.find("error") is not None:
            total += Counts(failed=1)
        else:
            total += ONE_PASSED
    return total


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _end_group(process: subprocess.Popen[bytes]) -> None:
    _signal_group(process, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        _signal_group(process, signal.SIGKILL)
        process.wait()
