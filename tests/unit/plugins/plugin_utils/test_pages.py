"""The pages as they are defined, and the files that they become: whole, and safe from two template languages."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput
from ansible_collections.groundcrew.fleet.plugins.plugin_utils import pages
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages import PAGES, console_pages
from ansible_collections.groundcrew.fleet.plugins.plugin_utils.pages_model import Page, Panel, Query

BOTH = [(page, panel) for page in PAGES for panel in page.panels]
PANELS = [pytest.param(page, panel, id=f"{page.name}-{panel.title}") for page, panel in BOTH]
TABLES = [pytest.param(page, panel, id=f"{page.name}-{panel.title}") for page, panel in BOTH if panel.kind == "table"]
NAMES = {page.name for page in PAGES}
WORDS = {"host": {"host"}, "app": {"app", "backend"}, "": set[str]()}


def definition(name: str, slos: list[dict[str, str]] | None = None) -> dict[str, Any]:
    html = contents(slos)[f"consoles/{name}.html"]
    match = re.search(r'<script type="application/json" id="definition">(.*)</script>', html)
    assert match
    found: dict[str, Any] = json.loads(match[1])
    return found


def contents(slos: list[dict[str, str]] | None = None, interval: float | str = 15) -> dict[str, str]:
    return {file["path"]: file["content"] for file in console_pages(slos or [], interval)}


@pytest.mark.parametrize("page,panel", PANELS)
def test_a_query_uses_the_words_that_its_page_gives_a_value(page: Page, panel: Panel) -> None:
    known = WORDS[page.parameter] | {"window", "range"}
    asked = [query.promql for query in panel.queries] + [page.releases]
    assert {word for text in asked for word in re.findall(r"\$(\w+)", text)} <= known


@pytest.mark.parametrize("page,panel", PANELS)
def test_every_query_about_one_thing_names_it(page: Page, panel: Panel) -> None:
    # A panel of one host that shows all hosts looks right, and is not.
    nameless = [query.promql for query in panel.queries if not re.search(r"\$(host|app|backend)\b", query.promql)]
    assert not page.parameter or nameless == []


@pytest.mark.parametrize("page,panel", PANELS)
def test_a_panel_leads_to_a_page_that_there_is(page: Page, panel: Panel) -> None:
    assert panel.link in NAMES | {""}, page.name


@pytest.mark.parametrize("page,panel", PANELS)
def test_a_panel_says_what_makes_its_series(page: Page, panel: Panel) -> None:
    assert panel.source, page.name


@pytest.mark.parametrize("page,panel", TABLES)
def test_a_table_is_keyed_and_each_of_its_columns_is_named(page: Page, panel: Panel) -> None:
    legends = [query.legend for query in panel.queries]
    assert panel.key, page.name
    assert all(legends)
    assert len(set(legends)) == len(legends)


@pytest.mark.parametrize("page,panel", TABLES)
def test_every_number_of_a_table_has_its_unit(page: Page, panel: Panel) -> None:
    assert [query.legend for query in panel.queries if not (query.unit or query.text)] == [], page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_titles_of_a_kind_are_told_apart(page: Page) -> None:
    told = [(panel.title, panel.kind) for panel in page.panels]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("path", sorted(contents()))
def test_nothing_in_a_file_is_taken_for_a_template(path: str) -> None:
    assert [mark for mark in ("{{", "{%", "{#") if mark in contents()[path]] == []


@pytest.mark.parametrize("path", sorted(contents()))
def test_nothing_in_a_file_is_asked_of_the_internet(path: str) -> None:
    text = contents()[path].replace("https://www.gnu.org/licenses/gpl-3.0.txt", "")
    assert re.findall(r"(?:https?:)?//[\w.]+\.\w+", text) == []


def test_what_a_query_has_of_markup_and_templates_reaches_the_browser_unchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = 'a{b="</script>"} < 1 and c{d="{{ e }}{% f %}{# g"}'
    panel = Panel("A", "number", (Query(asked),), "a test")
    monkeypatch.setattr(pages, "PAGES", (Page("fleet", "Fleet", "All.", (panel,)),))
    assert definition("fleet")["page"]["panels"][0]["queries"] == [{"promql": asked}]


def test_an_app_has_the_backends_that_its_objectives_name() -> None:
    slos = [
        {"app": "shop", "backend": "shop-http"},
        {"app": "shop", "backend": "shop-api"},
        {"app": "shop", "backend": "shop-api"},
        {"app": "till"},
    ]
    assert definition("app", slos)["backends"] == {"shop": ["shop-http", "shop-api"]}


@pytest.mark.parametrize("slo", [{}, {"name": "shop"}, {"app": ""}, "shop"])
def test_an_objective_without_its_app_is_refused(slo: Any) -> None:
    with pytest.raises(BadInput, match="lacks its app: give `app`"):
        console_pages([slo])


@pytest.mark.parametrize("interval", [0, -1, "soon", None, "nan"])
def test_an_interval_that_is_none_is_refused(interval: Any) -> None:
    with pytest.raises(BadInput, match=f"scrape_interval_s is {interval!r}"):
        console_pages([], interval)


@pytest.mark.parametrize("interval,window_s", [(15, 60), ("2", 8), (60.0, 240)])
def test_a_rate_is_taken_over_four_scrapes_at_least(interval: float | str, window_s: float) -> None:
    html = contents(interval=interval)["consoles/fleet.html"]
    assert f'"window_s":{float(window_s)}' in html


def test_each_page_finds_its_scripts_where_they_are() -> None:
    files = contents()
    for name in NAMES:
        wanted = re.findall(r'(?:src|href)="\.\./([^"]+)"', files[f"consoles/{name}.html"])
        assert len(wanted) == 4
        assert [path for path in wanted if path not in files and not path.startswith("user/dygraphs/")] == []


def test_a_script_finds_the_scripts_that_it_imports() -> None:
    files = contents()
    for path, text in files.items():
        for imported in re.findall(r'from "\./([\w.-]+)"', text):
            assert f"{path.rpartition('/')[0]}/{imported}" in files, path


def schemes() -> dict[str, dict[str, tuple[int, ...]]]:
    """The colours by name of the light scheme and of the dark one."""
    css = (pages.ASSETS / "pages.css").read_text()
    found = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", block)) for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    ]
    return {
        name: {key: rgb(value) for key, value in colours.items()}
        for name, colours in zip(("light", "dark"), found, strict=True)
    }


def rgb(value: str) -> tuple[int, ...]:
    digits = value[1:] if len(value) == 7 else "".join(one * 2 for one in value[1:])
    return tuple(bytes.fromhex(digits))


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """How WCAG 2 counts it: 1 is none, 21 is black on white."""

    def light(colour: tuple[int, ...]) -> float:
        parts = [part / 255 for part in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((light(one), light(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "colour,grounds,least",
    [
        *[(name, ("panel", "ground"), 4.5) for name in ("text", "dim", "link", "mark")],
        ("ok", ("panel",), 4.5),
        ("warn", ("panel", "warn-ground"), 4.5),
        ("bad", ("panel", "ground", "bad-ground"), 4.5),
        *[(f"c{index}", ("panel",), 3) for index in range(8)],
    ],
)
def test_what_is_shown_stands_out_from_its_ground(
    scheme: str, colour: str, grounds: tuple[str, ...], least: float
) -> None:
    colours = schemes()[scheme]
    assert [ground for ground in grounds if contrast(colours[colour], colours[ground]) < least] == []


def test_a_changed_script_has_another_name_and_so_have_all_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    before = {path for path in contents() if path.startswith("user/")}
    for source in pages.ASSETS.iterdir():
        (tmp_path / source.name).write_text(source.read_text())
    monkeypatch.setattr(pages, "ASSETS", tmp_path)
    assert {path for path in contents() if path.startswith("user/")} == before
    (tmp_path / "page.js").write_text("// changed")
    assert not {path for path in contents() if path.startswith("user/")} & before
