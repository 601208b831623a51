// Elements without HTML: every text becomes a text node, so what people and bots wrote never runs.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

// Properties whose name begins with `on` are listeners; null, undefined and false leave one out.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function drawn(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function icon(name, kind = "icon") {
  const use = drawn("use", { href: `/static/phone/icons.svg#${name}` });
  return drawn("svg", { class: kind, "aria-hidden": "true" }, use);
}

export function iconButton(name, label, onclick, more = {}) {
  return make("button", { type: "button", class: "icon-only", "aria-label": label, title: label, onclick, ...more }, icon(name));
}

// A link only to http and https; anything else that calls itself a link stays text.
export function link(text, address, properties = {}) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !["http:", "https:"].includes(url.protocol)) return make("span", properties, text);
  return make("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", ...properties }, text);
}

let fading = 0;

export function toast(text) {
  byId("toast").textContent = text;
  clearTimeout(fading);
  fading = setTimeout(() => { byId("toast").textContent = ""; }, 6000);
}
