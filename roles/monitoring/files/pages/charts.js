// Copyright: (c) 2026, The groundcrew.fleet founders
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Graphs, drawn by dygraphs. It is only given numbers: names of series are ours to show, as text.

import { h } from "./dom.js";
import { level, LEVELS, write } from "./format.js";

// More lines than these cannot be told apart.
const MOST_SERIES = 10;
const DASHES = [null, [9, 4], [2, 3], [9, 4, 2, 4]];
const COLOURS = 8;
const LABEL_WIDTH = 66;

/** A graph in a box of its own: show() draws it anew, `onZoom` hears of a span that was chosen in it. */
export class Chart {
  constructor(panel, onZoom) {
    this.panel = panel;
    this.onZoom = onZoom;
    this.canvas = h("div", { class: "canvas", role: "img" });
    this.legend = h("ul", { class: "legend" });
    this.more = h("p", { class: "dim" });
    this.box = h("div", { class: "chart" }, this.canvas, this.legend, this.more);
  }

  /** Draw series [{name, points}] over the span, with markers [{at, text}] as upright lines. */
  show(series, span, markers) {
    const { chosen, left } = foremost(this.panel.stacked ? series.filter((one) => highestOf(one) > 0) : series);
    const none = this.panel.stacked ? series.filter((one) => !(highestOf(one) > 0)).map((one) => one.name) : [];
    this.series = chosen;
    this.markers = markers;
    this.span = span;
    this.rows = rows(chosen, span);
    this.more.textContent = [left && `${left} more, all of them lower`, none.length && `none of ${none.join(", ")}`]
      .filter(Boolean)
      .join("; ");
    this.canvas.setAttribute("aria-label", this.inWords());
    this.fillLegend();
    this.draw();
  }

  draw() {
    this.graph?.destroy();
    const colours = palette(this.canvas);
    const paint = getComputedStyle(this.canvas);
    this.graph = new Dygraph(this.canvas, this.rows, {
      labels: ["at", ...this.series.map((_one, index) => String(index))],
      colors: this.series.map((_one, index) => colours[index % COLOURS]),
      series: this.dashes(),
      axes: {
        x: { drawGrid: false, axisLabelWidth: 56 },
        y: {
          axisLabelFormatter: (value) => write(value, this.panel.unit),
          axisLabelWidth: LABEL_WIDTH,
          pixelsPerLabel: 36,
        },
      },
      axisLineColor: paint.getPropertyValue("--line"),
      gridLineColor: paint.getPropertyValue("--grid"),
      dateWindow: [this.span.start * 1000, this.span.end * 1000],
      valueRange: this.bounds(),
      labelsKMG2: String(this.panel.unit).startsWith("bytes"),
      stackedGraph: Boolean(this.panel.stacked),
      fillAlpha: 0.35,
      strokeWidth: 1.75,
      drawGapEdgePoints: true,
      legend: "never",
      legendFormatter: () => "",
      interactionModel: forMouse(),
      underlayCallback: (context, area, graph) => this.underlay(context, area, graph, paint),
      highlightCallback: (_event, _at, _points, row) => this.values(row),
      unhighlightCallback: () => this.values(),
      zoomCallback: (from, to) => this.onZoom(from / 1000, to / 1000),
    });
    this.values();
  }

  dashes() {
    if (this.panel.stacked) return {};
    return Object.fromEntries(
      this.series.map((_one, index) => [String(index), { strokePattern: DASHES[index % DASHES.length] }]),
    );
  }

  /** From 0 to a little above the highest value, or to a limit that is near. */
  bounds() {
    const sums = this.rows.map((row) => heights(row.slice(1), this.panel.stacked)).flat();
    const highest = sums.reduce((most, value) => Math.max(most, value), 0);
    const lowest = sums.reduce((least, value) => Math.min(least, value), 0);
    const near = limits(this.panel)
      .map((one) => one.value)
      .filter((value) => value <= highest * 3 && value > highest);
    const top = Math.max(highest, ...near.slice(0, 1));
    const upper = top > 0 ? top * 1.12 : lowest < 0 ? 0 : emptyTop(this.panel.unit);
    // A line at 0 stands clear of the axis.
    return [lowest < 0 ? lowest * 1.1 : upper * -0.02, upper];
  }

  underlay(context, area, graph, paint) {
    context.save();
    context.beginPath();
    context.rect(area.x, area.y, area.w, area.h);
    context.clip();
    context.font = "11px system-ui, sans-serif";
    for (const { value, name } of limits(this.panel)) {
      const y = graph.toDomYCoord(value);
      stroke(context, [area.x, y, area.x + area.w, y], paint.getPropertyValue(`--${name}`), [4, 4]);
      context.textAlign = "right";
      context.fillText(`${LEVELS[name].mark} ${write(value, this.panel.unit)}`, area.x + area.w - 4, y - 4);
    }
    for (const { at, text } of this.markers) {
      const x = graph.toDomXCoord(at * 1000);
      stroke(context, [x, area.y, x, area.y + area.h], paint.getPropertyValue("--mark"), [1, 2]);
      const right = x < area.x + area.w / 2;
      context.textAlign = right ? "left" : "right";
      context.fillText(`▼ ${text}`, x + (right ? 3 : -3), area.y + 11);
    }
    context.restore();
  }

  fillLegend() {
    this.figures = this.series.map(() => h("b"));
    const entries = this.series.map((one, index) => {
      const swatch = h("i", {
        class: `swatch c${index % COLOURS} d${this.panel.stacked ? 0 : index % DASHES.length}`,
        "aria-hidden": "true",
      });
      return h("li", null, swatch, h("span", null, one.name), this.figures[index]);
    });
    this.legend.replaceChildren(...entries);
  }

  /** Show the values of that row beside their names, or the last ones. */
  values(row) {
    this.figures.forEach((figure, index) => {
      const value = row === undefined ? last(this.series[index]) : (this.rows[row]?.[index + 1] ?? null);
      const how = level(value, this.panel.limits);
      figure.textContent = `${write(value, this.panel.unit)}${how === "bad" || how === "warn" ? ` ${LEVELS[how].mark}` : ""}`;
      figure.className = how;
    });
  }

  inWords() {
    const told = this.series.map(
      (one) => `${one.name} ${write(last(one), this.panel.unit)}, at most ${write(highestOf(one), this.panel.unit)}`,
    );
    return `${this.panel.title}: ${told.join("; ")}`;
  }
}

function limits(panel) {
  const found = panel.limits || {};
  return ["warn", "bad"]
    .filter((name) => typeof found[name] === "number")
    .map((name) => ({ name, value: found[name] }))
    .sort((one, other) => one.value - other.value);
}

function foremost(series) {
  if (series.length <= MOST_SERIES) return { chosen: series, left: 0 };
  const chosen = [...series].sort((one, other) => highestOf(other) - highestOf(one)).slice(0, MOST_SERIES);
  return { chosen, left: series.length - MOST_SERIES };
}

function highestOf(one) {
  return one.points.reduce((most, [, value]) => (value > most ? value : most), -Infinity);
}

function last(one) {
  return one.points.length ? one.points[one.points.length - 1][1] : null;
}

/** A row for each step of the span: its moment, and each series' value or null. */
function rows(series, span) {
  const count = Math.floor((span.end - span.start) / span.step) + 1;
  const table = Array.from({ length: count }, (_none, index) => [
    new Date((span.start + index * span.step) * 1000),
    ...series.map(() => null),
  ]);
  series.forEach((one, column) => {
    for (const [at, value] of one.points) {
      const row = table[Math.round((at - span.start) / span.step)];
      if (row && Number.isFinite(value)) row[column + 1] = value;
    }
  });
  return table;
}

function heights(values, stacked) {
  const known = values.filter((value) => value !== null);
  return stacked ? [known.reduce((sum, value) => sum + value, 0)] : known;
}

function emptyTop(unit) {
  return unit === "ratio" ? 0.1 : unit === "s" ? 0.1 : 1;
}

function stroke(context, [x1, y1, x2, y2], colour, dash) {
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = 1;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function palette(element) {
  const paint = getComputedStyle(element);
  return Array.from({ length: COLOURS }, (_none, index) => paint.getPropertyValue(`--c${index}`).trim());
}

/** What a finger does over a graph is to scroll the page. */
function forMouse() {
  const model = { ...Dygraph.defaultInteractionModel };
  for (const name of ["touchstart", "touchmove", "touchend", "touchcancel"]) delete model[name];
  return model;
}
