# Copyright: (c) 2026, The groundcrew.fleet founders
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboards for a Grafana that is already there, made by Grafana's own builders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.groundcrew.fleet.plugins.module_utils._errors import BadInput

from .pages import PAGES
from .pages_model import Limits, Page, Panel, Query, Unit

try:
    from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, text, timeseries
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models import common as looks
    from grafana_foundation_sdk.models import dashboard as models
    from grafana_foundation_sdk.models import prometheus as answers
    from grafana_foundation_sdk.models import text as texts
except ImportError:
    HAS_BUILDERS = False
else:
    HAS_BUILDERS = True

TAG = "groundcrew"
SOURCE = "${datasource}"
UNITS: dict[Unit, str] = {
    "count": "short",
    "ratio": "percentunit",
    "bytes": "bytes",
    "bytes/s": "Bps",
    "1/s": "cps",
    "s": "s",
    "age": "dateTimeFromNow",
    "up": "short",
    "yes": "short",
}
WORDS: dict[str, tuple[str, str]] = {"up": ("down", "up"), "yes": ("no", "yes")}
SPELT = {"window": "$__rate_interval", "range": "${__range_s}s"}
COLUMNS = 24


def grafana_dashboards(pages: Sequence[str] = ()) -> list[dict[str, str]]:
    """Return the dashboards of the pages of these names, or of all: each its file's path, its name and its JSON.

    Raise BadInput for a page that there is not, and where Grafana's builders are not installed on the controller.
    """
    known = {page.name: page for page in PAGES}
    unknown = [name for name in pages if name not in known]
    if unknown:
        raise BadInput(f"no page is named {', '.join(map(str, unknown))}; the pages are {', '.join(known)}")
    if not HAS_BUILDERS:
        raise BadInput(
            "grafana_dashboards needs grafana-foundation-sdk on the controller: pip install grafana-foundation-sdk"
        )
    return [_file(known[name]) for name in pages or known]


def _file(page: Page) -> dict[str, str]:
    made = json.loads(json.dumps(_dashboard(page), cls=JSONEncoder))
    for annotation in made["annotations"]["list"]:
        # What the builders lack: a series' value is where the mark stands, not the moment of its sample.
        annotation.update(useValueForTime=True, titleFormat="{{app}} {{version}}")
    return {
        "path": f"{page.name}.json",
        "name": f"Fleet: {page.title}",
        "content": json.dumps(made, indent=2, sort_keys=True) + "\n",
    }


def _dashboard(page: Page) -> Any:
    builder = (
        dashboard.Dashboard(f"Fleet: {page.title}").uid(_uid(page.name)).description(page.about).tags([TAG]).readonly()
    )
    builder.time("now-1h", "now").refresh("30s").timezone("browser").tooltip(models.DashboardCursorSync.CROSSHAIR)
    builder.link(
        dashboard.DashboardLink("Fleet").type(models.DashboardLinkType.DASHBOARDS).tags([TAG]).keep_time(keep_time=True)
    )
    for variable in _variables(page):
        builder.with_variable(variable)
    builder.annotations([_releases(page)] if page.releases else [])
    for panel in _placed(page):
        builder.with_panel(panel)
    return builder.build()


def _variables(page: Page) -> Iterator[Any]:
    yield dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    if page.parameter:
        yield _choice(page.parameter, f"label_values({page.choices}, {page.parameter})")
    if page.parameter == "app":
        yield _choice("backend", "label_values(haproxy_backend_active_servers, proxy)").multi(multi=True)


def _choice(name: str, query: str) -> Any:
    variable = (
        dashboard.QueryVariable(name).query(query).datasource(_source()).sort(models.VariableSort.ALPHABETICAL_ASC)
    )
    return variable.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)


def _releases(page: Page) -> Any:
    mark = dashboard.AnnotationQuery().name("Releases").datasource(_source()).enable(enable=True).icon_color("purple")
    # Grafana counts moments in thousandths of a second.
    return mark.expr(f"({_spelt(page.releases)}) * 1000")


def _placed(page: Page) -> Iterator[Any]:
    """The panels from left to right, a row of figures or graphs as wide as the page."""
    rows: list[list[Panel]] = []
    for panel in page.panels:
        last = rows[-1] if rows else []
        fits = (
            last
            and last[0].kind == panel.kind
            and last[0].section == panel.section
            and panel.kind in ("number", "graph")
        )
        if fits and len(last) < (6 if panel.kind == "number" else 4):
            last.append(panel)
        else:
            rows.append([panel])
    y = 0
    for row in rows:
        height = {"number": 4, "graph": 8}.get(row[0].kind, 9)
        width = COLUMNS // len(row)
        for column, panel in enumerate(row):
            yield _panel(panel).grid_pos(models.GridPos(h=height, w=width, x=column * width, y=y))
        y += height


def _panel(panel: Panel) -> Any:
    makers = {"number": _number, "graph": _graph, "table": _table, "list": _table, "people": _people}
    builder = makers[panel.kind](panel).title(panel.title)
    if panel.good:
        builder.description(f"Good: {panel.good}.")
    if panel.kind == "people":
        return builder
    builder.datasource(_source()).no_value(panel.quiet or f"no data: nothing from {panel.source}")
    if panel.link and panel.link not in ("host", "app"):
        builder.links([dashboard.DashboardLink(panel.link).url(f"/d/{_uid(panel.link)}").keep_time(keep_time=True)])
    return builder


def _number(panel: Panel) -> Any:
    builder = stat.Panel().unit(UNITS[panel.unit]).thresholds(_thresholds(panel.limits)).mappings(_mappings(panel.unit))
    builder.graph_mode(looks.BigValueGraphMode.NONE).reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    for query in panel.queries:
        builder.with_target(_target(query, panel.unit, "A").instant())
    return builder


def _graph(panel: Panel) -> Any:
    builder = (
        timeseries.Panel()
        .unit(UNITS[panel.unit])
        .thresholds(_thresholds(panel.limits))
        .fill_opacity(10)
        .line_width(2)
        .axis_soft_min(0)
    )
    builder.thresholds_style(common.GraphThresholdsStyleConfig().mode(looks.GraphTresholdsStyleMode.DASHED))
    builder.legend(
        common.VizLegendOptions()
        .show_legend(show_legend=True)
        .calcs(["lastNotNull"])
        .placement(looks.LegendPlacement.BOTTOM)
    )
    builder.tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.MULTI))
    if panel.stacked:
        builder.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL))
    for index, query in enumerate(panel.queries):
        builder.with_target(_target(query, panel.unit, _letter(index)).range())
    return builder


def _table(panel: Panel) -> Any:
    """A table has a column for each query, joined by the labels that all of them have."""
    builder = table.Panel().show_header(show_header=True)
    hidden = {"Time": True}
    names = {}
    for index, query in enumerate(panel.queries):
        letter = _letter(index)
        builder.with_target(
            _target(query, query.unit or "count", letter).instant().format(answers.PromQueryFormat.TABLE)
        )
        value = f"Value #{letter}" if len(panel.queries) > 1 else "Value"
        if query.text:
            hidden[value] = True
            names[query.text] = query.legend
        else:
            names[value] = query.legend
            builder.override_by_name(query.legend, list(_properties(query)))
    if panel.link in ("host", "app") and panel.link in panel.key:
        address = f"/d/{_uid(panel.link)}?var-{panel.link}=${{__value.raw}}&${{__url_time_range}}"
        builder.override_by_name(
            panel.link, [models.DynamicConfigValue("links", [{"title": panel.link, "url": address}])]
        )
    options = {"excludeByName": hidden, "renameByName": names}
    return builder.transformations(
        [models.DataTransformerConfig("merge", options={}), models.DataTransformerConfig("organize", options=options)]
    )


def _people(_panel: Panel) -> Any:
    return (
        text.Panel()
        .mode(texts.TextMode.MARKDOWN)
        .content("Who is on, and who comes next, is on the page `consoles/oncall.html` of Prometheus.")
    )


def _properties(query: Query) -> Iterator[Any]:
    unit = query.unit or "count"
    yield models.DynamicConfigValue("unit", UNITS[unit])
    if unit in WORDS:
        yield models.DynamicConfigValue("mappings", _mappings(unit))
    if query.limits:
        yield models.DynamicConfigValue("thresholds", _thresholds(query.limits).build())
        yield models.DynamicConfigValue("custom.cellOptions", {"type": "color-text"})


def _thresholds(limits: Limits | None) -> Any:
    """Grafana's steps go upwards: where low is bad, the first of them is the bad one."""
    steps: list[tuple[float | None, str]] = [(None, "green" if limits else "text")]
    if limits and limits.low_is_bad:
        steps = [(None, "red" if limits.bad is not None else "orange")]
        steps += [(_above(limits.bad), "orange")] if None not in (limits.bad, limits.warn) else []
        # A limit itself is not yet good.
        steps += [(_above(limits.warn if limits.warn is not None else limits.bad), "green")]
    elif limits:
        steps += [
            (limit, colour) for limit, colour in ((limits.warn, "orange"), (limits.bad, "red")) if limit is not None
        ]
    return (
        dashboard.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value, colour) for value, colour in steps])
    )


def _above(limit: float | None) -> float:
    return (limit or 0) + 1e-9


def _mappings(unit: Unit) -> list[Any]:
    if unit not in WORDS:
        return []
    low, high = WORDS[unit]
    return [models.ValueMap({"0": models.ValueMappingResult(text=low), "1": models.ValueMappingResult(text=high)})]


def _target(query: Query, unit: Unit, letter: str) -> Any:
    spelt = _spelt(query.promql)
    asked = f"({spelt}) * 1000" if unit == "age" else spelt
    return prometheus.Dataquery().expr(asked).legend_format(_legend(query.legend)).ref_id(letter).datasource(_source())


def _spelt(promql: str) -> str:
    return re.sub(r"\$(window|range)\b", lambda match: SPELT[match[1]], promql)


def _legend(legend: str) -> str:
    return re.sub(r"\{(\w+)\}", r"{{\1}}", legend)


def _letter(index: int) -> str:
    return chr(ord("A") + index)


def _source() -> Any:
    return models.DataSourceRef(type_val="prometheus", uid=SOURCE)


def _uid(name: str) -> str:
    return f"{TAG}-{name.replace('_', '-')}"
