"""The hosts of these tests, made for the first test and removed after the last."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible_collections.groundcrew.fleet.tests.crash.machine import lab
from ansible_collections.groundcrew.fleet.tests.patch_kill.case import HERE, INVENTORY, Normal, machine, measure

HOSTS = ("old", "new")


def _prepare(host: str) -> Normal:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(
            Path(__file__).parent / "host",
            f"{HERE}/host",
            filter=lambda one: None if "__pycache__" in one.name else one,
        )
    machine(host).run("sh", "-euc", "mkdir /opt/kill; tar -x --no-same-owner -C /opt/kill", given=packed.getvalue())
    machine(host).run("sh", f"/opt/kill/{HERE}/host/prepare")
    return measure(host)


@pytest.fixture(scope="session")
def normal() -> Iterator[Mapping[str, Normal]]:
    """Two hosts of two releases, and how an undisturbed update goes on each."""
    lab("absent", inventory=INVENTORY)
    try:
        lab("started", inventory=INVENTORY)
        with ThreadPoolExecutor() as threads:
            yield dict(zip(HOSTS, threads.map(_prepare, HOSTS)))
    finally:
        lab("absent", inventory=INVENTORY)
