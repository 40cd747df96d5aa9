"""Traffic through the lab's load balancer while something else is done, sent by a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
AT_MOST_S = 1800


class Traffic:
    """Requests to `url` at `rate` a second; `record` keeps the lines of `fleet.load`."""

    def __init__(self, url: str, *, rate: int, record: Path) -> None:
        self._argv = [sys.executable, "-m", "fleet.load", url, "--rate", str(rate), "--seconds", str(AT_MOST_S)]
        self._record = record
        self.summary: dict[str, Any] = {}

    @contextmanager
    def flowing(self, *, at_least: int) -> Iterator[None]:
        """Requests flow while the body runs, and on until `at_least` were sent; `summary` is set also when the body raised."""
        environment = {**os.environ, "PYTHONPATH": str(TESTS)}
        with self._record.open("w", encoding="utf-8") as record:
            process = subprocess.Popen(self._argv, stdout=record, stdin=subprocess.DEVNULL, env=environment)
        try:
            yield
            while process.poll() is None and self._last().get("sent", 0) < at_least:
                time.sleep(0.5)
        finally:
            process.terminate()
            process.wait(timeout=30)
            self.summary = self._last()

    def progress(self) -> str:
        """How many requests were sent and lost until now, for a human."""
        last = self._last()
        return f"{last['sent']:,} sent, {last['lost']} lost" if last else ""

    def _last(self) -> dict[str, Any]:
        lines = [
            line for line in self._record.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")
        ]
        return dict(json.loads(lines[-1])) if lines else {}
