// Copyright: (c) 2026, The groundcrew.fleet founders
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// The page: its head, its panels, and when they are asked anew.

import { Box } from "./box.js";
import { h } from "./dom.js";
import { duration, moment } from "./format.js";
import * as prometheus from "./prometheus.js";

const RANGES = {
  900: "15 minutes",
  3600: "1 hour",
  10800: "3 hours",
  21600: "6 hours",
  86400: "1 day",
  604800: "7 days",
  2592000: "30 days",
};
const REFRESHES = { 0: "off", 10: "10 s", 30: "30 s", 60: "1 min", 300: "5 min" };
const POINTS = 240;
// Releases that came to several hosts within this time are one marker.
const TOGETHER_S = 900;

class Page {
  constructor(definition) {
    Object.assign(this, { definition, name: definition.page.name, markers: [], round: 0 });
    this.read();
    this.boxes = [];
    this.stamp = h("span", { class: "dim", role: "status" });
    this.note = h("p", { class: "message", role: "alert" });
    this.marked = h("p", { class: "marked" });
    this.main = h("main");
  }

  /** What the address says; a span that was chosen in a graph stands still. */
  read() {
    const asked = new URLSearchParams(location.search);
    const { parameter } = this.definition.page;
    this.about = parameter ? asked.get(parameter) || "" : "";
    this.seconds = positive(asked.get("range"), 3600);
    this.every = asked.has("refresh") ? positive(asked.get("refresh"), 0) : 30;
    this.end = positive(asked.get("end"), 0);
  }

  get span() {
    const step = Math.max(1, Math.round(this.seconds / POINTS));
    // Whole steps, so that a line does not change its form with each refresh.
    const end = Math.floor((this.end || this.now) / step) * step;
    return { start: end - Math.floor(this.seconds / step) * step, end, step };
  }

  /** The words of queries; what is drawn over a long span is also averaged over longer. */
  words(drawn) {
    const backends = this.definition.backends[this.about] || [this.about];
    const window = Math.max(this.definition.window_s, drawn ? this.span.step : 300);
    const about = prometheus.quoted(this.about);
    return {
      host: about,
      app: about,
      backend: prometheus.anyOf(backends),
      window: `${Math.ceil(window)}s`,
      range: `${this.seconds}s`,
    };
  }

  /** Where another page is, with what this one was asked to show. */
  address(file, parameters) {
    const kept = new URLSearchParams(parameters || {});
    if (this.seconds !== 3600) kept.set("range", this.seconds);
    if (this.every !== 30) kept.set("refresh", this.every);
    const query = kept.toString();
    return query ? `${file}?${query}` : file;
  }

  /** Change what the address says, keeping the rest, and look anew. */
  go(changes) {
    const kept = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) kept.delete(name);
      else kept.set(name, value);
    }
    history.replaceState(null, "", `?${kept}`);
    this.read();
    this.fill();
    this.refresh();
  }

  zoom(from, to) {
    this.go({ range: Math.max(60, Math.round(to - from)), end: Math.round(to) });
  }

  async open() {
    document.body.prepend(this.head(), this.note, this.marked, this.main);
    const { parameter, choices } = this.definition.page;
    if (parameter) await this.offer(parameter, choices);
    if (!parameter || this.about) this.lay();
    await this.refresh();
    setInterval(() => this.tick(), 1000);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
      this.boxes.forEach((box) => box.chart?.draw()),
    );
  }

  head() {
    const { page, pages } = this.definition;
    const entries = pages.map((one) =>
      h(
        "li",
        null,
        h(
          "a",
          { href: this.address(`${one.name}.html`), "aria-current": one.name === page.name ? "page" : null },
          one.title,
        ),
      ),
    );
    this.title = h("h1", null, page.title);
    this.controls = h("form", { class: "controls", onsubmit: (event) => event.preventDefault() });
    this.fill();
    return h(
      "header",
      { class: "top" },
      h("nav", { "aria-label": "Pages" }, h("ul", null, entries)),
      h("div", { class: "heading" }, h("div", null, this.title, h("p", { class: "dim" }, page.about)), this.controls),
    );
  }

  /** The controls, as the address has them. */
  fill() {
    const spans =
      RANGES[this.seconds] && !this.end
        ? RANGES
        : { ...RANGES, [this.seconds]: this.end ? `to ${moment(this.end)}` : duration(this.seconds) };
    const ends = this.end
      ? h("button", { type: "button", onclick: () => this.go({ end: null, range: null }) }, "Back to now")
      : null;
    this.controls.replaceChildren(
      ...[
        this.chooser,
        select("Time", spans, this.seconds, (value) => this.go({ range: value, end: null })),
        ends,
        select("Refresh", REFRESHES, this.every, (value) => this.go({ refresh: value })),
        h("button", { type: "button", onclick: () => this.refresh() }, "Refresh now"),
        this.stamp,
      ].filter(Boolean),
    );
  }

  /** What the page can be about, to choose from. */
  async offer(parameter, choices) {
    let known = [];
    try {
      known = await prometheus.values(parameter, choices);
    } catch (error) {
      this.complain(error);
      return;
    }
    this.chooser = select(
      this.definition.page.title,
      Object.fromEntries(["", ...known, this.about].map((name) => [name, name || "choose…"])),
      this.about,
      (value) => {
        location.href = this.address(`${this.name}.html`, value ? { [parameter]: value } : {});
      },
    );
    this.fill();
    if (!this.about)
      this.main.replaceChildren(choice(known, (name) => this.address(`${this.name}.html`, { [parameter]: name })));
    else if (!known.includes(this.about))
      this.note.textContent = `Prometheus knows no ${parameter} named ${this.about}.`;
  }

  lay() {
    if (this.about) {
      this.title.textContent = `${this.definition.page.title} ${this.about}`;
      document.title = `${this.about} · ${this.definition.page.title}`;
    }
    this.boxes = this.definition.page.panels.map((panel) => new Box(panel, this));
    const sections = new Map();
    for (const box of this.boxes) {
      const name = box.panel.section || "";
      if (!sections.has(name)) sections.set(name, []);
      sections.get(name).push(box);
    }
    this.main.replaceChildren(
      ...[...sections].map(([name, boxes]) =>
        h("section", { class: "section", "aria-label": name || "Now" }, name && h("h2", null, name), rowsOf(boxes)),
      ),
    );
  }

  tick() {
    if (this.every && !document.hidden && !this.busy && Date.now() / 1000 - this.now >= this.every) this.refresh();
  }

  /** Ask all panels anew. What a newer round has overtaken does not tell that it is over. */
  async refresh() {
    this.round += 1;
    const round = this.round;
    this.busy = true;
    this.now = Date.now() / 1000;
    document.body.dataset.state = "busy";
    this.markers = await this.releases();
    this.marked.textContent = this.markers.length
      ? `Releases in this time: ${this.markers.map(({ at, text }) => `▼ ${text}, ${moment(at)}`).join("; ")}`
      : "";
    const states = await Promise.all(this.boxes.map((box) => box.refresh()));
    if (round !== this.round) return;
    this.busy = false;
    const failed = states.filter((state) => state === "error").length;
    const clock = new Date(this.now * 1000).toLocaleTimeString([], { hourCycle: "h23" });
    this.stamp.textContent = `as of ${clock}${failed ? `, ${failed} panels failed` : ""}`;
    document.body.dataset.state = "ready";
  }

  async releases() {
    const { releases } = this.definition.page;
    if (!releases || !this.boxes.length) return [];
    try {
      const found = await prometheus.instant(prometheus.fill(releases, this.words(true)));
      return together(
        found.map(({ labels, value }) => ({
          at: value,
          text: this.name === "app" ? labels.version : `${labels.app} ${labels.version}`,
        })),
        this.span,
      );
    } catch (error) {
      this.complain(error);
      return [];
    }
  }

  complain(error) {
    if (!(error instanceof prometheus.AskError)) throw error;
    this.note.textContent = error.message;
  }
}

/** The markers within the span; those of one text that are near each other become the first of them. */
function together(markers, span) {
  const kept = [];
  for (const marker of markers.sort((one, other) => one.at - other.at)) {
    const shown = marker.at >= span.start && marker.at <= span.end;
    if (shown && !kept.some((one) => one.text === marker.text && marker.at - one.at < TOGETHER_S)) kept.push(marker);
  }
  return kept;
}

/** The boxes in rows, each of one kind. */
function rowsOf(boxes) {
  const found = [];
  for (const { panel, box } of boxes) {
    const kind = ["number", "graph"].includes(panel.kind) ? `${panel.kind}s` : "wide";
    if (found.at(-1)?.className !== `row ${kind}`) found.push(h("div", { class: `row ${kind}` }));
    found.at(-1).append(box);
  }
  return found;
}

function choice(names, address) {
  if (!names.length) return h("p", { class: "message" }, "no data: nothing to choose from is known to Prometheus");
  return h(
    "ul",
    { class: "choice" },
    names.map((name) => h("li", null, h("a", { href: address(name) }, name))),
  );
}

function select(name, options, chosen, onChoice) {
  const entries = Object.entries(options).map(([value, text]) =>
    h("option", { value, selected: String(chosen) === value ? "" : null }, text),
  );
  return h(
    "label",
    null,
    h("span", { class: "dim" }, name),
    h("select", { onchange: (event) => onChoice(event.target.value) }, entries),
  );
}

function positive(text, otherwise) {
  const value = Number(text);
  return text !== null && Number.isFinite(value) && value >= 0 ? Math.round(value) : otherwise;
}

const page = new Page(JSON.parse(document.getElementById("definition").textContent));
// Figures that have stopped must not look as if they were still being asked for.
for (const kind of ["error", "unhandledrejection"]) {
  addEventListener(kind, (event) => {
    page.note.textContent = `This page has a fault, and what it shows may be old: ${event.message || event.reason}`;
  });
}
page.open();
