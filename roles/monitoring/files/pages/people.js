// Copyright: (c) 2026, The groundcrew.fleet founders
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Who is on. The file is as old as the last run that wrote it: whose turn it is, is decided here, by the clock.

import { h } from "./dom.js";
import { moment } from "./format.js";
import { mark } from "./panels.js";

const NAMES = ["team", "layer", "on now", "until", "next"];

/** A row for each layer of each team; rota is what filter oncall_page makes, a layer may have more `turns` than now and next. */
export function people(rota, now) {
  const rows = rota.teams.flatMap((team) => team.layers.map((layer) => row(team.name, layer, rota.at, now)));
  const head = h(
    "tr",
    null,
    NAMES.map((name) => h("th", { scope: "col" }, name)),
  );
  const table = h("table", { class: "words" }, h("thead", null, head), h("tbody", null, rows));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Who is on" }, table);
}

function row(team, layer, written, now) {
  const turns = [layer.now, layer.next, ...(layer.turns || [])].filter(Boolean);
  const current = turns.find((turn) => seconds(turn.from) <= now && now < seconds(turn.to));
  const following = turns
    .filter((turn) => seconds(turn.from) > now)
    .sort((one, other) => seconds(one.from) - seconds(other.from))[0];
  const unknown = [mark("bad"), `not known: the last run that said it was on ${moment(seconds(written))}`];
  return h(
    "tr",
    null,
    h("th", { scope: "row", class: "key", "data-label": "team" }, team),
    h("td", { "data-label": "layer" }, String(layer.layer)),
    h(
      "td",
      { "data-label": "on now", class: current ? null : "bad" },
      current ? h("b", null, current.person) : unknown,
    ),
    h("td", { "data-label": "until" }, current ? moment(seconds(current.to)) : "–"),
    h("td", { "data-label": "next" }, following ? `${following.person}, from ${moment(seconds(following.from))}` : "–"),
  );
}

function seconds(text) {
  return Date.parse(text) / 1000;
}
