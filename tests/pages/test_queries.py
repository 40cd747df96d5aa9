"""Every query of every panel is asked of a live Prometheus, and has data."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages import PAGES
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages_model import Page, Panel, Query
from ansible_collections.groundcrew.fleet.tests.pages.stack import Stack


def questions() -> Iterator[tuple[Page, Panel, Query]]:
    for page in PAGES:
        for panel in page.panels:
            for query in panel.queries:
                yield page, panel, query


def filled(query: str, host: str, app: str) -> str:
    words = {"host": host, "app": app, "backend": re.escape(app), "window": "300s", "range": "7200s"}
    return re.sub(r"\$(\w+)", lambda match: words[match[1]], query)


def named(page: Page, panel: Panel, query: Query) -> str:
    return f"{page.name}-{panel.title}-{query.legend or 'value'}"


QUESTIONS = [pytest.param(*one, id=named(*one)) for one in questions()]
# Every host of a live fleet has a real exporter.
OF_ONE_HOST = (
    []
    if "PAGES_URL" in os.environ
    else [pytest.param(*one, id=named(*one)) for one in questions() if one[0].name == "host"]
)


@pytest.mark.parametrize("page,panel,query", QUESTIONS)
def test_a_query_has_data(stack: Stack, page: Page, panel: Panel, query: Query) -> None:
    asked = filled(query.promql, stack.host, stack.app)
    # A live fleet may be so well that nothing fires; ours is not.
    may_be_silent = not stack.real_host and (panel.quiet or query.optional)
    assert may_be_silent or known(stack, asked), f"{page.name}, {panel.title}: no data for {asked}"


@pytest.mark.parametrize("page,panel,query", OF_ONE_HOST)
def test_a_query_has_data_of_a_real_node_exporter(stack: Stack, page: Page, panel: Panel, query: Query) -> None:
    asked = filled(query.promql, stack.real_host, stack.app)
    assert panel.quiet or known(stack, asked), f"{page.name}, {panel.title}: no data for {asked}"


@pytest.mark.parametrize("page", [page for page in PAGES if page.choices], ids=lambda page: page.name)
def test_what_a_page_is_about_can_be_chosen(stack: Stack, page: Page) -> None:
    found = {one["metric"].get(page.parameter) for one in stack.ask(f"count by ({page.parameter}) ({page.choices})")}
    assert {"host": stack.host, "app": stack.app}[page.parameter] in found


@pytest.mark.parametrize("page", [page for page in PAGES if page.releases], ids=lambda page: page.name)
def test_a_release_is_marked_by_its_moment(stack: Stack, page: Page) -> None:
    found = stack.ask(filled(page.releases, stack.host, stack.app))
    assert {"app", "version"} == set(found[0]["metric"])
    assert float(found[0]["value"][1]) > 1e9


def known(stack: Stack, query: str) -> bool:
    """Whether the answer holds a number; a division of nothing by nothing is none."""
    return any(one["value"][1] != "NaN" for one in stack.ask(query))
