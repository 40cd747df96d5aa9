// Copyright: (c) 2026, The groundcrew.fleet founders
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// A panel on the page: it asks its queries, and shows what comes back, nothing, or what went wrong.

import { Chart } from "./charts.js";
import { h } from "./dom.js";
import { legend } from "./format.js";
import { alertList, figures, table } from "./panels.js";
import { people } from "./people.js";
import * as prometheus from "./prometheus.js";

/** One panel of the definition. `page` gives the words of queries, the span, the markers and addresses of other pages. */
export class Box {
  constructor(panel, page) {
    this.panel = panel;
    this.page = page;
    this.body = h("div", { class: "body" });
    this.message = h("p", { class: "message", role: "status" });
    this.box = h(
      "section",
      { class: `panel ${panel.kind}`, "data-state": "waiting", "aria-label": panel.title },
      this.head(),
      this.message,
      this.body,
      this.foot(),
    );
  }

  head() {
    const { title, link } = this.panel;
    // A link to a page about one host or one app stands in its row.
    const onward = link && link !== this.page.name && !["host", "app"].includes(link);
    return h("h3", null, onward ? h("a", { href: this.page.address(`${link}.html`) }, `${title} →`) : title);
  }

  /** What good looks like, and what was asked. */
  foot() {
    const { good, queries } = this.panel;
    this.asked = queries.map(() => h("code"));
    const name = queries.length > 1 ? "queries" : "query";
    const details =
      queries.length > 0 &&
      h(
        "details",
        null,
        h("summary", null, name),
        this.asked.map((code) => h("p", null, code)),
      );
    return h("footer", null, h("p", null, good && `good: ${good}`), details);
  }

  /** Ask anew and show it; says "data", "quiet", "empty" or "error". */
  async refresh() {
    try {
      this.tell(await this.shown());
    } catch (error) {
      if (!(error instanceof prometheus.AskError)) throw error;
      this.tell("error", error.message);
    }
    return this.box.dataset.state;
  }

  tell(state, message) {
    const { quiet, source } = this.panel;
    const said = { quiet, empty: `no data: nothing from ${source}`, error: message }[state] || "";
    this.box.dataset.state = state;
    this.message.textContent = said;
    if (state !== "data") {
      this.chart?.graph?.destroy();
      this.chart = null;
      this.body.replaceChildren();
    }
  }

  async shown() {
    const { kind, queries } = this.panel;
    if (kind === "people") return this.showPeople();
    const asked = queries.map((query) => prometheus.fill(query.promql, this.page.words(kind === "graph")));
    this.asked.forEach((code, index) => {
      code.textContent = asked[index];
    });
    if (kind === "graph") return this.showGraph(asked);
    const answers = await Promise.all(asked.map((query) => prometheus.instant(query)));
    if (!answers.some((samples) => samples.length)) return this.nothing();
    this.put(await this.content(answers));
    return "data";
  }

  async content(answers) {
    const address = (file, parameters) => this.page.address(file, parameters);
    if (this.panel.kind === "table") return table(this.panel, answers, address);
    if (this.panel.kind === "list") return alertList(answers[0], await prometheus.alerts(), address);
    return figures(this.panel, answers[0]);
  }

  async showGraph(asked) {
    const span = this.page.span;
    const answers = await Promise.all(asked.map((query) => prometheus.range(query, span)));
    const series = answers.flatMap((found, index) =>
      found.map((one) => ({ name: legend(this.panel.queries[index].legend, one.labels), points: one.points })),
    );
    if (!series.some((one) => one.points.some(([, value]) => Number.isFinite(value)))) return this.nothing();
    if (!this.chart) {
      this.chart = new Chart(this.panel, (from, to) => this.page.zoom(from, to));
      this.body.replaceChildren(this.chart.box);
    }
    this.chart.show(series, span, this.page.markers);
    return "data";
  }

  async showPeople() {
    const rota = await prometheus.file("oncall.json");
    if (!rota?.teams?.length) return "empty";
    this.put(people(rota, Date.now() / 1000));
    return "data";
  }

  /** Show this in the place of what was there; who goes through it by keyboard stays at the same link. */
  put(element) {
    const held = this.body.contains(document.activeElement) && document.activeElement.getAttribute("href");
    this.body.replaceChildren(element);
    if (held) [...this.body.querySelectorAll("a")].find((one) => one.getAttribute("href") === held)?.focus();
  }

  nothing() {
    return this.panel.quiet ? "quiet" : "empty";
  }
}
