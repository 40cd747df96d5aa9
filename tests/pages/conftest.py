"""The Prometheus whose pages are looked at: one of our own, or that at PAGES_URL, whose fleet is asked which host and app it has."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from ansible_collections.groundcrew.fleet.tests.pages.stack import Stack, running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    url = os.environ.get("PAGES_URL")
    if not url:
        with running(tmp_path_factory.mktemp("stack")) as found:
            yield found
        return
    live = Stack(f"{url.rstrip('/')}/", "", "")
    released = live.ask("groundcrew_release_info")
    assert released, (
        f"no host at {url} says that a release of an app is on it: open the pages of a fleet that has deployed one"
    )
    yield live._replace(host=released[0]["metric"]["host"], app=released[0]["metric"]["app"])
