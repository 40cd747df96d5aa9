// Copyright: (c) 2026, The groundcrew.fleet founders
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// How values are written, and how good they are.

const STEPS_S = [
  [86400 * 2, 86400, "d"],
  [3600 * 2, 3600, "h"],
  [120, 60, "min"],
  [1, 1, "s"],
  [1e-3, 1e-3, "ms"],
  [0, 1e-6, "µs"],
];
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

const WRITERS = {
  count: (value) => digits(value),
  ratio: (value) => `${digits(value * 100)} %`,
  bytes: (value) => bytes(value),
  "bytes/s": (value) => `${bytes(value)}/s`,
  "1/s": (value) => `${digits(value)}/s`,
  s: (value) => duration(value),
  age: (value) => age(value),
  up: (value) => (value >= 1 ? "up" : value <= 0 ? "down" : `${digits(value * 100)} % up`),
  yes: (value) => (value > 0 ? "yes" : "no"),
};

export const LEVELS = {
  bad: { mark: "✖\uFE0E", word: "bad" },
  warn: { mark: "▲\uFE0E", word: "look" },
  ok: { mark: "✓\uFE0E", word: "good" },
};

/** The value with its unit. */
export function write(value, unit) {
  // Not a number is what comes of nothing divided by nothing.
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  return WRITERS[unit || "count"](value);
}

/** What the value says beyond itself: the moment of an age. */
export function explain(value, unit) {
  return unit === "age" && Number.isFinite(value) ? moment(value) : null;
}

/** "bad", "warn" or "ok", and "" where there is no limit to hold the value against. */
export function level(value, limits) {
  if (!limits || value === null || value === undefined || Number.isNaN(value)) return "";
  const beyond = (limit) => limit !== null && (limits.low_is_bad ? value <= limit : value >= limit);
  if (beyond(limits.bad)) return "bad";
  return beyond(limits.warn) ? "warn" : "ok";
}

/** How near the value is to being bad: 1 is there. */
export function badness(value, limits) {
  if (!limits || !Number.isFinite(value)) return 0;
  const limit = limits.bad ?? limits.warn;
  if (limits.low_is_bad) return value <= limit ? 1 + limit - value : limit / value;
  return limit ? Math.max(0, value / limit) : value;
}

/** A moment, in seconds since 1970, as the reader's own clock shows it. */
export function moment(seconds) {
  return new Date(seconds * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
}

/** Names of a series' labels in braces are replaced by their values; without a legend all labels are told. */
export function legend(template, labels) {
  if (template) return template.replace(/\{(\w+)\}/g, (_whole, name) => labels[name] ?? "");
  const told = Object.entries(labels).filter(([name]) => name !== "__name__");
  return told.map(([name, value]) => `${name}=${value}`).join(", ");
}

function digits(value) {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.005) return Number(value.toPrecision(1)).toString();
  const places = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return Number(value.toFixed(places)).toLocaleString("en", {
    maximumFractionDigits: places,
    useGrouping: size >= 10000,
  });
}

function bytes(value) {
  let size = value;
  let index = 0;
  while (Math.abs(size) >= 1024 && index < BINARY.length - 1) {
    size /= 1024;
    index += 1;
  }
  return `${digits(size)} ${BINARY[index]}`;
}

/** A span of seconds in its largest fitting unit. */
export function duration(value) {
  if (value === 0) return "0 s";
  const [, size, name] = STEPS_S.find(([from]) => Math.abs(value) >= from);
  const count = value / size;
  return `${digits(size < 60 ? count : Math.abs(count) < 10 ? Math.round(count * 10) / 10 : Math.round(count))} ${name}`;
}

function age(value) {
  const seconds = Date.now() / 1000 - value;
  return seconds < 0 ? `in ${duration(-Math.round(seconds))}` : `${duration(Math.round(seconds))} ago`;
}
