// Copyright: (c) 2026, The groundcrew.fleet founders
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Elements without markup: what a label, an annotation or an error says is text wherever it is put.

/** The element with these attributes and children; what is null or false is left out, and strings become text. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A link that only ever leads to a page: text from elsewhere may hold an address that runs a script. */
export function link(address, text) {
  try {
    const url = new URL(address, document.baseURI);
    if (url.protocol === "http:" || url.protocol === "https:") return h("a", { href: url.href }, text);
  } catch {
    // No address at all: the text remains.
  }
  return h("span", null, text);
}
