"""The Prometheus whose pages are looked at: one of our own, or that at PAGES_URL, which may be https://USER:PASSWORD@HOST/PATH.

PAGES_CA is the file of its certificate or of whoever signed it. Its fleet is asked which host and app it has.
"""

from __future__ import annotations

import os
import urllib.parse
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
    parts = urllib.parse.urlsplit(url.rstrip("/") + "/")
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    live = Stack(address, user=parts.username or "", password=parts.password or "", ca=os.environ.get("PAGES_CA"))
    released = live.ask("groundcrew_release_info")
    assert released, (
        f"no host at {address} says that a release of an app is on it: open the pages of a fleet that has deployed one"
    )
    yield live._replace(host=released[0]["metric"]["host"], app=released[0]["metric"]["app"])
