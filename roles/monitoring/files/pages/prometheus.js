// Copyright: (c) 2026, The groundcrew.fleet founders
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Questions to the Prometheus that this page came from, and to the files beside it.

// A page is <Prometheus>/consoles/NAME.html, whatever path Prometheus itself has.
const BASE = new URL("../", document.baseURI);
const PATIENCE_MS = 30000;
const RETRY_MS = 300;

/** What Prometheus, or whatever stands in front of it, says instead of an answer. */
export class AskError extends Error {}

/** The vector that an instant query gives: [{labels, value}]. */
export async function instant(query) {
  const data = await api("query", { query });
  if (data.resultType === "scalar") return [{ labels: {}, value: Number(data.result[1]) }];
  return data.result.map((one) => ({ labels: one.metric, value: number(one.value[1]) }));
}

/** The series of a range query: [{labels, points: [[seconds, value]]}]. */
export async function range(query, span) {
  const data = await api("query_range", { query, start: span.start, end: span.end, step: span.step });
  return data.result.map((one) => ({
    labels: one.metric,
    points: one.values.map(([at, value]) => [at, number(value)]),
  }));
}

/** The values of the label in the series that the selector names, sorted. */
export async function values(label, selector) {
  const found = await instant(`count by (${label}) (${selector})`);
  return found
    .map((one) => one.labels[label])
    .filter(Boolean)
    .sort((one, other) => one.localeCompare(other));
}

/** The alerts with their annotations. */
export async function alerts() {
  return (await api("alerts", {})).alerts;
}

/** A file of the user assets as data, and null where there is none. */
export async function file(name) {
  const response = await get(new URL(`user/${name}`, BASE));
  if (response.status === 404) return null;
  if (!response.ok) throw new AskError(`${name}: ${response.status} ${response.statusText}`);
  return response.json().catch(() => {
    throw new AskError(`${name} is not JSON`);
  });
}

/** The query with the words $host, $app, $backend, $window and $range replaced; no value can end the string it stands in. */
export function fill(promql, words) {
  return promql.replace(/\$(\w+)/g, (whole, name) => words[name] ?? whole);
}

/** The text as the inside of a string of PromQL. */
export function quoted(text) {
  return text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

/** The texts as the inside of a string of PromQL that is a regular expression for any one of them. */
export function anyOf(texts) {
  return quoted(texts.map((text) => text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&")).join("|"));
}

async function api(path, parameters) {
  const url = new URL(`api/v1/${path}`, BASE);
  url.search = new URLSearchParams(parameters).toString();
  const response = await get(url);
  const answer = await response.json().catch(() => ({}));
  if (answer.status !== "success") {
    const told = answer.error ? `${answer.errorType}: ${answer.error}` : `${response.status} ${response.statusText}`;
    throw new AskError(`Prometheus says: ${told}`);
  }
  return answer.data;
}

async function get(url, retries = 2) {
  try {
    return await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    if (error.name === "TimeoutError") throw new AskError(`no answer within ${PATIENCE_MS / 1000} s`);
    if (!retries) throw new AskError(`no connection to Prometheus: ${error.message}`);
    // A browser drops everything under way when the machine's network changes, and can ask again at once.
    await new Promise((done) => setTimeout(done, RETRY_MS));
    return get(url, retries - 1);
  }
}

function number(text) {
  return text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text);
}
