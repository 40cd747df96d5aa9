"""Runs parts side by side and tells how they went."""

from __future__ import annotations

import fcntl
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .job import LOGS, Counts, Job, PartFailedError


class Part(NamedTuple):
    """A named part of the tests.

    `uses` names what only one part may hold at a time, in this run and in any other one of the same checkout.
    The `fast` ones need no container and make a group; what is no `default` runs when it is named. One that measures
    runs `alone`. Lines of the log that match `shows` are shown although the part passed.
    """

    name: str
    about: str
    run: Callable[[Job], Counts]
    uses: str = ""
    default: bool = True
    fast: bool = False
    alone: bool = False
    shows: str = ""


class Result(NamedTuple):
    part: Part
    counts: Counts
    seconds: float


class Board:
    """What is still to run, what runs and what came out; the lanes take parts from it in the given order."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._waiting = list(parts)
        self._in_use: set[str] = set()
        self._running: list[Part] = []
        self._changed = threading.Condition()
        self.results: list[Result] = []

    def take(self) -> Part | None:
        """The first part that may start now; waits for one, and returns None when nothing is left to take."""
        with self._changed:
            while self._waiting and not Job.is_stopping():
                for part in self._waiting:
                    if self._may_start(part):
                        self._waiting.remove(part)
                        self._running.append(part)
                        self._in_use.update({part.uses} - {""})
                        return part
                self._changed.wait(1)
        return None

    def _may_start(self, part: Part) -> bool:
        if part.uses in self._in_use or any(running.alone for running in self._running):
            return False
        return not (part.alone and self._running)

    def put(self, result: Result) -> None:
        """Record how a part ended and free what it used."""
        with self._changed:
            self._running.remove(result.part)
            self._in_use.discard(result.part.uses)
            self.results.append(result)
            self._changed.notify_all()


def run(parts: Sequence[Part], *, lanes: int, logs: Path = LOGS) -> int:
    """Run the parts in so many lanes, print each one's start and end and the summary; return the exit status."""
    board = Board(parts)
    threads = [threading.Thread(target=_lane, args=(board, logs)) for dummy in range(lanes)]
    with _ending_the_parts_on_signals():
        for thread in threads:
            thread.start()
        for thread in threads:
            # A join without a limit would keep the signal handlers from running.
            while thread.is_alive():
                thread.join(0.5)
    return _summary(board.results, len(parts))


@contextmanager
def _ending_the_parts_on_signals() -> Iterator[None]:
    former = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _stop(_number: int, _frame: object) -> None:
    Job.stop_all()


def _lane(board: Board, logs: Path) -> None:
    while part := board.take():
        board.put(_run_part(part, logs))


def _run_part(part: Part, logs: Path) -> Result:
    started = time.monotonic()
    with _held(part.uses or part.name, logs):
        _tell(f"start  {part.name}")
        job = Job(part.name, logs)
        try:
            counts = part.run(job)
        except PartFailedError as error:
            job.say(str(error))
            counts = Counts(failed=1)
        except Exception as error:  # noqa: BLE001 - a mistake in one part must not hide what the others found
            job.say(f"{type(error).__name__}: {error}")
            counts = Counts(failed=1)
        finally:
            job.close()
        result = Result(part, counts, time.monotonic() - started)
    _tell_result(result, job)
    return result


def _tell_result(result: Result, job: Job) -> None:
    verdict = "FAILED" if result.counts.failed else "ok"
    text = f"{verdict:<6} {result.part.name}  {result.seconds:.1f} s  {_tests(result.counts)}"
    log = job.log_path.read_text(errors="replace")
    if result.part.shows:
        text += "".join(f"\n       {line}" for line in log.splitlines() if re.search(result.part.shows, line))
    if result.counts.failed:
        text += f"\n----- {job.log_path}\n{log}-----"
    _tell(text)


def _tests(counts: Counts) -> str:
    return f"{counts.passed} passed, {counts.failed} failed, {len(counts.skipped)} skipped"


def _summary(results: Sequence[Result], expected: int) -> int:
    total = sum((result.counts for result in results), Counts())
    failed = [result.part.name for result in results if result.counts.failed]
    _tell("")
    for reason, times in sorted(Counter(total.skipped).items()):
        _tell(f"skipped {times} time{'s' if times > 1 else ''}: {reason}")
    if len(results) < expected:
        _tell(f"ended before {expected - len(results)} of {expected} parts had run")
    _tell(
        f"{len(results)} parts: {len(results) - len(failed)} passed, {len(failed)} failed"
        + (f": {', '.join(failed)}" if failed else "")
    )
    _tell(_tests(total))
    ran = total.passed + total.failed
    return 0 if ran and not failed and len(results) == expected else 1


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def _held(name: str, logs: Path) -> Iterator[None]:
    """Hold a lock of the checkout, so that two runs at once do not write one log or share one lab."""
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _tell(f"wait   {name}: another script/test uses it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
