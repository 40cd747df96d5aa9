"""The same pages as dashboards of Grafana, where its builders are installed; without them, how to get them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import pages_grafana
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages import PAGES
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages_grafana import grafana_dashboards
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages_model import Limits, Page

built = pytest.mark.skipif(not pages_grafana.HAS_BUILDERS, reason="grafana-foundation-sdk is not installed")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def dashboard(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(grafana_dashboards([name])[0]["content"])
    return found


def test_without_the_builders_the_error_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_grafana, "HAS_BUILDERS", False)
    with pytest.raises(BadInput, match="pip install grafana-foundation-sdk"):
        grafana_dashboards()


def test_a_page_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadInput, match="no page is named flet; the pages are fleet, host, app"):
        grafana_dashboards(["flet"])


@built
def test_every_page_is_a_dashboard() -> None:
    assert [one["path"] for one in grafana_dashboards()] == [f"{page.name}.json" for page in PAGES]


@built
@each_page
def test_a_dashboard_asks_what_its_page_asks(page: Page) -> None:
    asked = [target["expr"] for panel in dashboard(page.name)["panels"] for target in panel.get("targets", [])]
    wanted = [query.promql for panel in page.panels for query in panel.queries]
    assert len(asked) == len(wanted)
    for expression, promql in zip(asked, wanted, strict=True):
        assert promql.replace("$window", "$__rate_interval").replace("$range", "${__range_s}s") in expression


@built
@each_page
def test_every_word_in_a_query_of_a_dashboard_is_a_variable_of_it(page: Page) -> None:
    made = dashboard(page.name)
    variables = {one["name"] for one in made["templating"]["list"]} | {"__rate_interval", "__range_s"}
    text = json.dumps([made["panels"], made["annotations"]])
    assert set(re.findall(r"\$\{?(\w+)", text)) - {"__value", "__url_time_range"} <= variables


@built
@each_page
def test_no_panel_lies_upon_another_and_none_reaches_beyond_the_page(page: Page) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard(page.name)["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells


@built
def test_a_release_stands_at_its_moment_and_with_its_name() -> None:
    (mark,) = dashboard("app")["annotations"]["list"]
    assert (mark["useValueForTime"], mark["titleFormat"]) == (True, "{{app}} {{version}}")
    assert mark["expr"].endswith(" * 1000")


@built
def test_a_row_of_hosts_leads_to_the_dashboard_of_its_host() -> None:
    (table,) = (
        panel for panel in dashboard("fleet")["panels"] if panel["title"] == "Hosts" and panel["type"] == "table"
    )
    (link,) = (one for one in table["fieldConfig"]["overrides"] if one["matcher"]["options"] == "host")
    assert link["properties"][0]["value"][0]["url"].startswith("/d/groundcrew-host?var-host=${__value.raw}")


@built
@pytest.mark.parametrize(
    "limits,colours",
    [
        (None, {0.0: "text"}),
        (Limits(1, 2), {0.9: "green", 1: "orange", 2: "red"}),
        (Limits(bad=1), {0.9: "green", 1: "red"}),
        (Limits(warn=1), {0.9: "green", 1: "orange"}),
        (Limits(0.25, 0, low_is_bad=True), {-0.1: "red", 0: "red", 0.1: "orange", 0.25: "orange", 0.3: "green"}),
        (Limits(bad=0, low_is_bad=True), {0: "red", 0.5: "green", 1: "green"}),
        (Limits(warn=1, low_is_bad=True), {1: "orange", 2: "green"}),
    ],
)
def test_a_limit_has_the_colour_that_the_page_gives_it(limits: Limits | None, colours: dict[float, str]) -> None:
    steps = pages_grafana._thresholds(limits).build().steps
    for value, colour in colours.items():
        assert [step.color for step in steps if step.value is None or step.value <= value][-1] == colour, value
