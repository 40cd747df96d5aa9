"""A page in a headless Chromium, and everything that went wrong on it."""

from __future__ import annotations

import contextlib
import datetime as dt
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from ansible_collections.groundcrew.fleet.tests.pages.stack import Stack
from playwright.sync_api import Browser, Error, HttpCredentials, Page, Request, Response, Route
from playwright.sync_api import TimeoutError as NotInTimeError

PATIENCE_MS = 20000
NETWORK_CHANGED = "ERR_NETWORK_CHANGED"
OPENINGS = 4
WHAT_MAKES_A_PAGE = ("document", "script", "stylesheet")
Scheme = Literal["dark", "light"]


class Opened:
    """A page that has shown all it has; `troubles` are errors of scripts, of the console, of requests, and strange requests."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.troubles: list[str] = []
        # Containers that come and go on this machine change its network, and the browser drops what is under way.
        self._dropped = False
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on(
            "console",
            lambda said: self._note(f"console: {said.text}") if said.type in ("error", "warning") else None,
        )
        page.on("requestfailed", self._miss)
        page.on("request", lambda asked: self._look(asked.url, origin))
        page.on("response", self._hear)

    def open(self, url: str) -> None:
        """Open the page; once more where the browser has dropped a part of it. What a page asks for, it asks for again itself."""
        for _again in range(OPENINGS):
            self.page.goto("about:blank")
            self.troubles.clear()
            self._dropped = False
            try:
                self.page.goto(url)
            except Error as error:
                if NETWORK_CHANGED not in str(error):
                    raise
                continue
            if not self._dropped:
                return
        raise AssertionError(f"{url}: this machine's network changed {OPENINGS} times while it was opened")

    def _note(self, trouble: str) -> None:
        if NETWORK_CHANGED not in trouble:
            self.troubles.append(trouble)

    def _miss(self, asked: Request) -> None:
        self._dropped = self._dropped or (
            NETWORK_CHANGED in str(asked.failure) and asked.resource_type in WHAT_MAKES_A_PAGE
        )
        self._note(f"request: {asked.url} {asked.failure}")

    def _look(self, url: str, origin: str) -> None:
        if not url.startswith(("data:", f"{origin}/")):
            self.troubles.append(f"another origin: {url}")

    def _hear(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"{response.status}: {response.url}")

    def wait(self, within_ms: float = PATIENCE_MS) -> None:
        """Wait until it has shown all it has; fail with what the page itself says, and what went wrong."""
        try:
            self.page.wait_for_selector("body[data-state=ready]", timeout=within_ms)
        except NotInTimeError as error:
            raise AssertionError(
                f"not ready in {within_ms} ms: {self.troubles}, {self.page.inner_text('[role=alert]')}"
            ) from error

    def panels(self, *states: str) -> dict[str, str]:
        """The panels in one of these states, each with what it says."""
        found = self.page.query_selector_all(", ".join(f'.panel[data-state="{state}"]' for state in states))
        return {str(one.get_attribute("aria-label")): one.inner_text() for one in found}

    def look(self, width: int, scheme: Scheme) -> None:
        """Look at it at another width, and by day or by night."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": 900})
        # Graphs follow the window's new size when the browser has laid the page out.
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def blank_graphs(self) -> list[str]:
        """The graphs on whose canvas no line in the colour of a series is to be seen."""
        found: list[str] = self.page.evaluate(DRAWN)
        return found


# Lines of limits, releases and the grid have other colours than any series.
DRAWN = """() => {
  const paint = getComputedStyle(document.documentElement);
  const colours = [...Array(8).keys()].map((index) => {
    const digits = paint.getPropertyValue(`--c${index}`).trim().slice(1);
    return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16));
  });
  const drawn = (canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {willReadFrequently: true});
    copy.drawImage(canvas, 0, 0);
    const data = copy.getImageData(0, 0, canvas.width, canvas.height).data;
    let seen = 0;
    for (let at = 0; at < data.length && seen < 40; at += 4) {
      if (data[at + 3] > 150 && colours.some((one) => one.every((value, part) => Math.abs(value - data[at + part]) < 24))) seen += 1;
    }
    return seen >= 40;
  };
  const graphs = [...document.querySelectorAll('.panel.graph[data-state=data]')];
  return graphs.filter((panel) => ![...panel.querySelectorAll('canvas')].some(drawn)).map((panel) => panel.getAttribute('aria-label'));
}"""


def _with(data: Any) -> Callable[[Route], None]:
    return lambda route: route.fulfill(json=data)


@contextlib.contextmanager
def opened(
    browser: Browser,
    stack: Stack,
    url: str,
    *,
    route: Callable[[Route], None] | None = None,
    files: Mapping[str, Any] | None = None,
    patience_ms: float = PATIENCE_MS,
    clock: float | None = None,
) -> Iterator[Opened]:
    """Open the page and wait until it has shown everything.

    `route` answers what is asked of Prometheus in its stead, `files` has data by the pattern of the address that it is at, and
    `clock` is where the browser's clock stands.
    """
    login: HttpCredentials | None = {"username": stack.user, "password": stack.password} if stack.user else None
    # A browser trusts no certificate of a lab; whom to trust is proven where the same server is asked for its data.
    context = browser.new_context(
        viewport={"width": 1400, "height": 900},
        color_scheme="dark",
        reduced_motion="reduce",
        http_credentials=login,
        ignore_https_errors=True,
    )
    try:
        parts = urllib.parse.urlsplit(url)
        found = Opened(context.new_page(), f"{parts.scheme}://{parts.netloc}")
        if clock:
            found.page.clock.set_fixed_time(dt.datetime.fromtimestamp(clock, dt.timezone.utc))
        if route:
            found.page.route("**/api/v1/**", route)
        for pattern, data in (files or {}).items():
            found.page.route(pattern, _with(data))
        found.open(url)
        found.wait(patience_ms)
        yield found
    finally:
        context.close()
