// Copyright: (c) 2026, The groundcrew.fleet founders
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Figures, tables and lists of alerts: what is not a graph.

import { h, link } from "./dom.js";
import { badness, duration, explain, legend, level, LEVELS, moment, write } from "./format.js";

const SEVERITIES = { page: "bad", critical: "bad", ticket: "warn", warning: "warn" };
const PAGES_OF_LABELS = { host: "host.html", app: "app.html" };

/** How good something is, as a sign, a colour and a word for who hears the page. */
export function mark(how) {
  if (!LEVELS[how]) return null;
  return h(
    "span",
    { class: `mark ${how}`, role: "img", "aria-label": LEVELS[how].word, title: LEVELS[how].word },
    LEVELS[how].mark,
  );
}

/** One figure for each sample. */
export function figures(panel, samples) {
  const query = panel.queries[0];
  const told = samples.map(({ labels, value }) => {
    const how = level(value, panel.limits);
    const name = query.legend ? legend(query.legend, labels) : "";
    return h(
      "p",
      { class: `figure ${how}` },
      h("span", { class: "value", title: explain(value, panel.unit) }, write(value, panel.unit)),
      mark(how),
      name && h("span", { class: "dim" }, name),
    );
  });
  return h("div", { class: "figures" }, told);
}

/** A row for each value of the panel's key; answers has a vector for each query. The worst row comes first. */
export function table(panel, answers, address) {
  const found = gather(panel, answers);
  found.sort((one, other) => other.badness - one.badness || one.name.localeCompare(other.name));
  const names = [...panel.key, ...panel.queries.map((query) => query.legend)];
  const head = h(
    "tr",
    null,
    names.map((name, index) => h("th", { scope: "col", class: index < panel.key.length ? null : "number" }, name)),
  );
  const rows = found.map((row) =>
    h(
      "tr",
      null,
      panel.key.map((label, index) => key(label, row.labels[label], index, address)),
      row.cells,
    ),
  );
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": panel.title },
    h("table", null, h("thead", null, head), h("tbody", null, rows)),
  );
}

function gather(panel, answers) {
  const found = new Map();
  answers.forEach((samples, column) => {
    for (const { labels, value } of samples) {
      const name = panel.key.map((label) => labels[label] ?? "").join("\u0000");
      if (!found.has(name)) found.set(name, { name, labels, columns: panel.queries.map(() => []) });
      found.get(name).columns[column].push({ labels, value });
    }
  });
  return [...found.values()].map((row) => ({ ...row, ...judged(panel, row) }));
}

function judged(panel, row) {
  let worst = 0;
  const cells = panel.queries.map((query, column) => {
    const samples = row.columns[column];
    const how = query.text || !samples.length ? "" : level(samples[0].value, query.limits);
    // What the first column says weighs more than any other: a host that does not answer has little else to tell.
    worst = Math.max(worst, weight(query, samples, how) * (column === 0 ? 10 : 1));
    return h(
      "td",
      {
        class: `number ${how}`,
        "data-label": query.legend,
        title: samples.length ? explain(samples[0].value, query.unit) : null,
      },
      content(query, samples),
      how !== "ok" && how !== "" && mark(how),
    );
  });
  return { cells, badness: worst };
}

function weight(query, samples, how) {
  // What should be known and is not stands above what is well.
  if (!samples.length) return query.optional ? 0 : 50;
  if (query.text) return 0;
  const within = Math.min(9, badness(samples[0].value, query.limits));
  // A row without trouble still comes before those that are further from it, whatever the column.
  const base = { bad: 100, warn: 60 }[how];
  return base ? base + within : Math.min(0.999, within) / 10;
}

function content(query, samples) {
  if (!samples.length) return h("span", { class: "dim" }, query.optional ? "–" : "no data");
  if (!query.text) return write(samples[0].value, query.unit);
  return [...new Set(samples.map((one) => one.labels[query.text]))].sort().join(", ");
}

function key(label, value, index, address) {
  const tag = index === 0 ? "th" : "td";
  return h(
    tag,
    { scope: index === 0 ? "row" : null, class: "key", "data-label": label },
    labelled(label, value, address),
  );
}

function labelled(label, value, address) {
  const page = PAGES_OF_LABELS[label];
  return page && value ? h("a", { href: address(page, { [label]: value }) }, value) : (value ?? "");
}

/** The alerts of the samples, the most severe and the oldest first; details are those that Prometheus has with annotations. */
export function alertList(samples, details, address) {
  const order = ["bad", "warn", ""];
  const severity = (one) => SEVERITIES[one.labels.severity] || "";
  const sorted = [...samples].sort(
    (one, other) => order.indexOf(severity(one)) - order.indexOf(severity(other)) || one.value - other.value,
  );
  return h(
    "ul",
    { class: "alerts" },
    sorted.map((sample) => alert(sample, severity(sample), details, address)),
  );
}

function alert({ labels, value }, how, details, address) {
  const annotations = details.find((one) => same(one.labels, labels))?.annotations || {};
  const where = ["host", "app", "instance", "owner"]
    .filter((label) => labels[label])
    .map((label) =>
      h("span", { class: "where" }, h("span", { class: "dim" }, `${label} `), labelled(label, labels[label], address)),
    );
  return h(
    "li",
    { class: how },
    h(
      "p",
      null,
      mark(how),
      h("b", null, labels.alertname),
      " ",
      h("span", { class: "severity" }, labels.severity || ""),
      " ",
      h(
        "span",
        { class: "dim", title: moment(value) },
        `for ${duration(Math.max(0, Math.round(Date.now() / 1000 - value)))}`,
      ),
    ),
    annotations.summary && h("p", null, annotations.summary),
    annotations.description && h("p", { class: "dim" }, annotations.description),
    h(
      "p",
      null,
      where,
      annotations.runbook_url && h("span", { class: "where" }, link(annotations.runbook_url, "runbook")),
    ),
  );
}

function same(one, other) {
  const told = Object.entries(other).filter(([name]) => name !== "__name__");
  return told.length === Object.keys(one).length && told.every(([name, value]) => one[name] === value);
}
