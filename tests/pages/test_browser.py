"""Every page is opened in a real browser: no error, nothing empty, nothing from elsewhere, and a picture of it is kept."""

from __future__ import annotations

import json
import os
import shutil
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages import PAGES
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages_model import Page
from ansible_collections.groundcrew.fleet.tests.pages.browser import Opened, Scheme, opened
from ansible_collections.groundcrew.fleet.tests.pages.stack import CHECKOUT, Stack, rota
from playwright.sync_api import Browser, Route, sync_playwright

ARTEFACTS = CHECKOUT / ".cache/test/pages"
PICTURES = CHECKOUT / "docs/pictures"
CHROMIUM = shutil.which("chromium")
HOSTILE = '"><img src=x onerror="window.injected = true"><b>'
VIEWS: tuple[tuple[str, int, Scheme], ...] = (
    ("wide-dark", 1400, "dark"),
    ("wide-light", 1400, "light"),
    ("phone", 400, "light"),
)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Root may only start it without its sandbox, and what it opens is ours.
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


def address(stack: Stack, page: Page, **parameters: str) -> str:
    about = {"host": stack.host, "app": stack.app, "": ""}[page.parameter]
    # A live fleet may be minutes old, and a line of theirs in an hour's graph a dot.
    young = {} if stack.real_host else {"range": "900"}
    query = urllib.parse.urlencode({page.parameter or "about": about, "refresh": "0", **young, **parameters})
    return f"{stack.url}consoles/{page.name}.html?{query}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_whole_in_the_dark_in_the_light_and_on_a_phone(stack: Stack, browser: Browser, page: Page) -> None:
    with opened(browser, stack, address(stack, page)) as found:
        assert found.panels("error", "waiting", "empty") == {}
        if stack.real_host:
            assert found.panels("quiet") == {}
        for name, width, scheme in VIEWS:
            found.look(width, scheme)
            keep(found, f"{page.name}-{name}")
            assert found.blank_graphs() == []
            assert found.page.evaluate("document.documentElement.scrollWidth") <= width
        assert found.troubles == []


def keep(found: Opened, name: str) -> None:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    found.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


@pytest.mark.parametrize("name", ["host", "app"])
def test_a_page_about_nothing_offers_what_there_is(stack: Stack, browser: Browser, name: str) -> None:
    with opened(browser, stack, f"{stack.url}consoles/{name}.html") as found:
        found.page.click(f".choice a >> text={ {'host': stack.host, 'app': stack.app}[name] }")
        found.wait()
        assert "data" in {str(one.get_attribute("data-state")) for one in found.page.query_selector_all(".panel")}
        assert found.troubles == []


def test_a_row_leads_to_the_page_of_its_host_and_the_chosen_time_goes_along(stack: Stack, browser: Browser) -> None:
    with opened(browser, stack, f"{stack.url}consoles/fleet.html?range=21600") as found:
        found.page.click(f"tbody th a >> text={stack.host}")
        found.page.wait_for_url("**/host.html?*")
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(found.page.url).query))
        assert asked == {"host": stack.host, "range": "21600"}


def test_who_goes_by_keyboard_stays_where_they_are_when_figures_are_asked_anew(stack: Stack, browser: Browser) -> None:
    with opened(browser, stack, f"{stack.url}consoles/fleet.html?refresh=1") as found:
        found.page.focus(f"tbody th a >> text={stack.host}")
        before = found.page.inner_text("text=as of")
        found.page.wait_for_function("before => !document.body.innerText.includes(before)", arg=before)
        assert found.page.evaluate("document.activeElement.textContent") == stack.host


def test_the_time_that_is_shown_can_be_chosen(stack: Stack, browser: Browser) -> None:
    with opened(browser, stack, f"{stack.url}consoles/app.html?app={stack.app}") as found:
        found.page.select_option("label:has-text('Time') select", label="15 minutes")
        found.wait()
        assert "range=900" in found.page.url
        assert found.troubles == []


def test_a_span_that_is_drawn_in_a_graph_is_shown_by_all_of_them_until_one_goes_back(
    stack: Stack, browser: Browser
) -> None:
    with opened(browser, stack, address(stack, PAGES[2], range="3600")) as found:
        found.page.wait_for_timeout(50)
        place = found.page.locator(".panel.graph .canvas").nth(1).bounding_box()
        assert place
        found.page.mouse.move(place["x"] + place["width"] * 0.5, place["y"] + 60)
        found.page.mouse.down()
        found.page.mouse.move(place["x"] + place["width"] * 0.8, place["y"] + 60, steps=5)
        found.page.mouse.up()
        found.wait()
        chosen = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(found.page.url).query))
        assert 600 < int(chosen["range"]) < 1800
        assert int(chosen["end"]) < time.time() - 300
        found.page.click("text=Back to now")
        found.wait()
        assert "end=" not in found.page.url
        assert found.troubles == []


def test_the_host_that_does_not_answer_comes_first(stack: Stack, browser: Browser) -> None:
    if not stack.real_host:
        pytest.skip("a live fleet may have none")
    with opened(browser, stack, f"{stack.url}consoles/fleet.html") as found:
        assert found.page.inner_text('.panel[aria-label="Hosts"] tbody tr >> nth=0').startswith("app3")


@pytest.mark.parametrize(
    "later_s,on,next_",
    [
        (0, "Ada", "Grace"),
        (41 * 3600, "Grace", "\N{EN DASH}"),
        (30 * 86400, "not known: the last run that said it was on", "\N{EN DASH}"),
    ],
)
def test_who_is_on_goes_by_the_clock_and_not_by_the_age_of_the_file(
    stack: Stack, browser: Browser, later_s: int, on: str, next_: str
) -> None:
    told = rota(time.time() - later_s)
    with opened(browser, stack, address(stack, PAGES[4]), files={"**/user/oncall.json": told}) as found:
        cells = [
            one.inner_text()
            for one in found.page.query_selector_all('[aria-label="Who is on"] tbody tr >> nth=0 >> td')
        ]
        assert (on in cells[1], next_ in cells[3]) == (True, True), cells


def test_without_an_on_call_file_the_page_says_so(stack: Stack, browser: Browser) -> None:
    with opened(browser, stack, address(stack, PAGES[4]), files={"**/user/oncall.json": {"teams": []}}) as found:
        assert "no data: nothing from oncall.json" in found.panels("empty")["Who is on"]


def test_a_fault_of_the_page_itself_is_told(stack: Stack, browser: Browser) -> None:
    odd = {"at": "now", "teams": [{"name": "ops"}]}
    with (
        pytest.raises(AssertionError, match="This page has a fault"),
        opened(browser, stack, address(stack, PAGES[4]), files={"**/user/oncall.json": odd}, patience_ms=4000),
    ):
        pass


def test_a_name_that_is_markup_stays_text(stack: Stack, browser: Browser) -> None:
    with opened(
        browser, stack, f"{stack.url}consoles/host.html?{urllib.parse.urlencode({'host': HOSTILE})}", route=hostile
    ) as found:
        assert HOSTILE in found.page.inner_text("h1")
        assert HOSTILE in found.page.inner_text(".legend >> nth=0")
        assert found.page.evaluate("window.injected") is None
        assert found.page.query_selector_all("main img, header img") == []
        assert found.page.query_selector_all('a[href^="javascript:"]') == []
        assert found.troubles == []


def hostile(route: Route) -> None:
    """Answer any question with one series all of whose labels are markup."""
    labels = dict.fromkeys(
        (
            "host",
            "app",
            "mode",
            "mountpoint",
            "device",
            "groupname",
            "module",
            "result",
            "unit",
            "alertname",
            "severity",
            "version",
        ),
        HOSTILE,
    )
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(route.request.url).query))
    result: dict[str, Any] = {"metric": labels}
    if "/query_range" in route.request.url:
        result["values"] = [[float(asked["start"]) + index * float(asked["step"]), "0.5"] for index in range(200)]
    else:
        result["value"] = [0, "1"]
    annotations = {"summary": HOSTILE, "runbook_url": "javascript:alert(1)"}
    data = {"resultType": "vector", "result": [result], "alerts": [{"labels": labels, "annotations": annotations}]}
    route.fulfill(json={"status": "success", "data": data})


def test_an_error_of_prometheus_is_shown_where_it_happened(stack: Stack, browser: Browser) -> None:
    def refuse(route: Route) -> None:
        if "/query_range" in route.request.url:
            route.fulfill(
                status=422, body=json.dumps({"status": "error", "errorType": "execution", "error": "too many samples"})
            )
        else:
            route.continue_()

    with opened(browser, stack, address(stack, PAGES[1]), route=refuse) as found:
        graphs = [panel.title for panel in PAGES[1].panels if panel.kind == "graph"]
        said = found.panels("error")
        assert sorted(said) == sorted(graphs)
        assert all("execution: too many samples" in text for text in said.values())
        assert "panels failed" in found.page.inner_text(".controls")


def test_what_is_not_prometheus_is_told_too(stack: Stack, browser: Browser) -> None:
    with opened(
        browser,
        stack,
        address(stack, PAGES[0]),
        route=lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"),
    ) as found:
        assert all("502" in text for text in found.panels("error").values())
        assert len(found.panels("error")) == len({panel.title for panel in PAGES[0].panels})


def test_a_connection_that_drops_is_tried_once_more(stack: Stack, browser: Browser) -> None:
    dropped: set[str] = set()

    def drop(route: Route) -> None:
        if route.request.url in dropped:
            route.continue_()
        else:
            dropped.add(route.request.url)
            route.abort()

    with opened(browser, stack, address(stack, PAGES[3]), route=drop) as found:
        assert found.panels("error", "empty") == {}
        assert len(dropped) > len(PAGES[3].panels)


def test_a_prometheus_that_is_gone_is_told(stack: Stack, browser: Browser) -> None:
    with opened(browser, stack, address(stack, PAGES[3]), route=lambda route: route.abort()) as found:
        assert len(found.panels("error")) == len(PAGES[3].panels)
        assert all("no connection to Prometheus" in text for text in found.panels("error").values())


def test_no_data_says_what_would_make_it(stack: Stack, browser: Browser) -> None:
    with opened(browser, stack, f"{stack.url}consoles/host.html?host=nobody") as found:
        assert "Prometheus knows no host named nobody." in found.page.inner_text("body")
        assert "no data: nothing from node exporter on this host" in found.panels("empty")["CPU utilisation"]
        assert "No alert fires." in found.panels("quiet")["Alerts of this host"]


@pytest.mark.skipif(
    "PAGES_PICTURES" not in os.environ, reason="the pictures of the README are made anew where PAGES_PICTURES is set"
)
@pytest.mark.parametrize("name,height", [("fleet", 900), ("host", 930), ("app", 930)])
def test_the_pictures_of_the_readme_are_small(stack: Stack, browser: Browser, name: str, height: int) -> None:
    page = next(page for page in PAGES if page.name == name)
    path: Path = PICTURES / f"{name}.png"
    # Of the last minutes there are more samples than of those before, and a rate over both is too low.
    with opened(browser, stack, address(stack, page), clock=time.time() - 180) as found:
        found.look(1200, "light")
        path.parent.mkdir(exist_ok=True)
        found.page.set_viewport_size({"width": 1200, "height": height})
        found.page.screenshot(path=path)
        assert found.panels("error", "empty") == {}
    assert path.stat().st_size < 150_000
