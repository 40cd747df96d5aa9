"""What the demo shows: the step that runs, for how long, and with what; its full output goes to a log file."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

TASK = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(?:[\w.]+ : )?(.+?)\]")
TAIL = 25


class StepFailed(Exception):
    """A step did not hold; the message says what was expected and what was seen."""


class Done(NamedTuple):
    title: str
    seconds: float
    remark: str


class Step:
    """One step as it runs: `run` commands in it, `expect` what must hold, leave a `remark` for the table."""

    def __init__(self, title: str, log: Path) -> None:
        self.title = title
        self.log = log
        self.remark = ""
        self.doing = ""
        self.aside: Callable[[], str] = str
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def run(self, argv: Sequence[str], *, cwd: Path, env: dict[str, str], status: Sequence[int] = (0,)) -> str:
        """The output of `argv`; raise StepFailed unless it exits with one of `status`."""
        lines = [f"$ {' '.join(argv)}\n"]
        with (
            self.log.open("a", encoding="utf-8") as log,
            subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process,
        ):
            log.write(lines[0])
            for line in process.stdout or ():
                log.write(line)
                log.flush()
                lines.append(line)
                task = TASK.match(line)
                self.doing = task[1] if task else self.doing
        if process.returncode not in status:
            raise StepFailed(f"{argv[0]} ended with status {process.returncode}, not {' or '.join(map(str, status))}")
        return "".join(lines[1:])

    def expect(self, claim: bool, otherwise: str) -> None:
        """Raise StepFailed, saying `otherwise`, unless the claim holds."""
        if not claim:
            raise StepFailed(otherwise)

    def line(self) -> Text:
        """The step in one line, as of now."""
        said = " · ".join(filter(None, (self.aside(), self.doing)))
        return Text(f"  … {self.title:<58} {self.seconds:6.1f} s  {said}", no_wrap=True, overflow="ellipsis")


class Screen:
    """A plain terminal or a CI log; keeps what was done for the table at the end."""

    def __init__(self, logs: Path) -> None:
        terminal = Console(highlight=False)
        # A CI log has no width of its own, and is read wide.
        self.console = terminal if terminal.is_terminal else Console(highlight=False, width=160)
        self.done: list[Done] = []
        self._logs = logs
        logs.mkdir(parents=True, exist_ok=True)
        for old in logs.glob("*.log"):
            old.unlink()

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show `title` while the body runs; if it raises, show why, the end of the log and the log's name, and raise StepFailed."""
        number = len(self.done) + 1
        step = Step(title, self._logs / f"{number:02}-{re.sub(r'[^a-z0-9]+', '-', title.lower())}.log")
        if not self.console.is_terminal:
            self.console.print(f"  … {title}")
        try:
            with Live(get_renderable=step.line, console=self.console, refresh_per_second=4, transient=True):
                yield step
        except Exception as error:
            self._show(step, "FAILED", "bold red")
            self._explain(step, error)
            raise StepFailed(str(error)) from error
        self._show(step, "ok", "green")
        self.done.append(Done(title, step.seconds, step.remark))

    def _show(self, step: Step, word: str, style: str) -> None:
        text = Text.assemble((f"{word:>6}", style), f" {step.title:<56} {step.seconds:6.1f} s  {step.remark}")
        self.console.print(text)

    def _explain(self, step: Step, error: Exception) -> None:
        if step.log.exists():
            tail = step.log.read_text(encoding="utf-8").splitlines()[-TAIL:]
            self.console.print(Text("\n".join(f"    | {line}" for line in tail), style="dim"))
        self.console.print(Text(f"  {error}", style="bold red"))
        self.console.print(Text(f"  The whole output of this step: {step.log}"))

    def table(self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print `rows` below `head`; columns whose head ends in a space are numbers, set to the right."""
        table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
        for name in head:
            table.add_column(name.strip(), justify="right" if name.endswith(" ") else "left", overflow="fold")
        for row in rows:
            table.add_row(*row)
        self.console.print()
        self.console.print(table)
