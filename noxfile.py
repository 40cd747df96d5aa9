"""For those whose fingers type `nox`: every session is a part of `script/test`, which makes its own environments."""

from __future__ import annotations

import subprocess

import nox

nox.options.sessions = ["fast"]


def _parts() -> list[str]:
    listing = subprocess.run(["script/test", "--list"], check=True, capture_output=True, text=True)
    return [line.split()[0] for line in listing.stdout.splitlines()]


def _session(name: str) -> None:
    @nox.session(name=name, python=False)
    def part(session: nox.Session) -> None:
        session.run("script/test", name, *session.posargs, external=True)


for _name in _parts():
    _session(_name)
