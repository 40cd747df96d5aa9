"""Ask the shop until SIGTERM, then write to the file of the first argument which versions answered, in their order, and what was lost."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
import urllib.request
from pathlib import Path

answers: list[list[object]] = []
lost: list[str] = []
slow = [0]
end = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: end.set())


def ask(path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:8000{path}", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError as error:
        lost.append(f"{path}: {error}")
        return "lost"


def ask_for_the_version() -> None:
    while not end.is_set():
        version = ask("/version")
        if not answers or answers[-1][0] != version:
            answers.append([version, 0])
        answers[-1][1] = int(str(answers[-1][1])) + 1
        time.sleep(0.01)


def ask_for_what_takes_long() -> None:
    while not end.is_set():
        ask("/slow")
        slow[0] += 1


threads = [threading.Thread(target=one) for one in (ask_for_the_version, *[ask_for_what_takes_long] * 3)]
for thread in threads:
    thread.start()
end.wait()
for thread in threads:
    thread.join()
Path(sys.argv[1]).write_text(json.dumps({"answers": answers, "slow": slow[0], "lost": lost}))
