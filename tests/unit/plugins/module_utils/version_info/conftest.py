"""Real git repositories, with nothing of whoever runs the tests in them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


class Repository:
    """A git checkout on branch main, without commits at first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.path, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, message: str, *, tag: str = "") -> str:
        """Commit a change of a file and return the revision."""
        with (self.path / "file").open("a") as file:
            file.write(f"{message}\n")
        self.git("add", "file")
        self.git("commit", "-q", "--allow-empty-message", "-m", message)
        if tag:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, start: str = "HEAD") -> None:
        self.git("switch", "-q", "-c", name, start)

    def merge(self, name: str, message: str = "") -> None:
        self.git("merge", "-q", "--no-ff", "-X", "theirs", "-m", message or f"Merge branch '{name}'", name)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    person = {"NAME": "Ann", "EMAIL": "ann@example.org", "DATE": "2026-11-29T10:00:00Z"}
    for who in ("AUTHOR", "COMMITTER"):
        for key, value in person.items():
            monkeypatch.setenv(f"GIT_{who}_{key}", value)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    path = tmp_path / "checkout"
    path.mkdir()
    found = Repository(path)
    found.git("init", "-q", "-b", "main")
    return found
