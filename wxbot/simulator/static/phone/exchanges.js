// Every HTTP exchange, newest first; the deliveries of one push, and a call repeated after trouble, stand together.

import { byId, icon, make } from "./dom.js";
import { Details } from "./details.js";
import { clockText } from "./times.js";
import { say } from "./words.js";

const KEPT = 200; // groups on the page
const FILTERS = { all: () => true, "only-pushes": (one) => one.direction === "to_bot", "only-calls": (one) => one.direction === "to_platform", "only-trouble": isTrouble };

export function errcode(one) {
  return one.direction === "to_platform" ? Number(/"errcode"\s*:\s*(-?\d+)/.exec(one.response)?.[1] ?? 0) : 0;
}

export function isTrouble(one) {
  return one.status !== 200 || Boolean(one.note) || errcode(one) !== 0 || one.checks.some((check) => !check.ok);
}

export class Exchanges {
  constructor() {
    this.last = 0; // number of the newest exchange seen
    this.groups = []; // newest first
    this.filter = "all";
    this.list = byId("exchanges");
    this.list.addEventListener("keydown", (event) => this.step(event));
  }

  forget() {
    this.groups = [];
    this.list.replaceChildren();
  }

  draw({ exchanges, oldest }, users) {
    this.users = users;
    const gone = this.groups.filter((group) => group.newest.n < oldest);
    for (const group of gone) group.node.remove();
    this.groups = this.groups.filter((group) => !gone.includes(group));
    for (const one of exchanges.filter((each) => each.n > this.last)) this.add(one);
    for (const group of this.groups.splice(KEPT)) group.node.remove();
    this.drawEmpty();
  }

  add(one) {
    this.last = one.n;
    let group = this.groups.find((each) => each.takes(one));
    if (group) this.groups.splice(this.groups.indexOf(group), 1);
    else group = new Group(this);
    group.add(one);
    this.groups.unshift(group);
    this.keepFocus(() => this.list.prepend(group.node));
    group.node.hidden = !FILTERS[this.filter](group.newest);
  }

  // An element that moves loses the focus.
  keepFocus(move) {
    const focused = document.activeElement;
    move();
    if (this.list.contains(focused)) focused.focus({ preventScroll: true });
  }

  drawFilters() {
    byId("filters").replaceChildren(make("h2", {}, say("exchanges")), ...Object.keys(FILTERS).map((name) =>
      make("button", { type: "button", "aria-pressed": String(name === this.filter), "data-filter": name, onclick: () => this.choose(name) }, say(name))));
  }

  choose(name) {
    this.filter = name;
    for (const group of this.groups) group.node.hidden = !FILTERS[name](group.newest);
    this.drawFilters();
    byId("filters").querySelector(`[data-filter="${name}"]`).focus();
    this.drawEmpty();
  }

  // Draw everything anew, in another language.
  redraw() {
    this.drawFilters();
    for (const group of this.groups) group.draw();
    this.drawEmpty();
  }

  drawEmpty() {
    this.list.querySelector(".empty")?.remove();
    if (!this.groups.some((group) => !group.node.hidden)) this.list.append(make("p", { class: "empty quiet" }, say("no-exchanges")));
  }

  nameOf(openid) {
    const found = (this.users ?? []).find((user) => user.openid === openid);
    return found ? say("user", { n: found.number }) : "";
  }

  step(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || event.target.tagName !== "SUMMARY") return;
    event.preventDefault();
    const all = [...this.list.querySelectorAll("details:not([hidden]) > summary")];
    all[all.indexOf(event.target) + by]?.focus();
  }
}

class Group {
  constructor(page) {
    this.page = page;
    this.tries = [];
    this.summary = make("summary");
    this.body = make("div", { class: "inside" });
    this.node = make("details", { class: "exchange" }, this.summary, this.body);
    this.node.addEventListener("toggle", () => {
      this.fill();
      if (this.node.open) this.node.scrollIntoView({ block: "nearest" });
    });
  }

  get newest() {
    return this.tries[this.tries.length - 1];
  }

  // A push's next delivery, or the same call once more after one that met trouble.
  takes(one) {
    const last = this.newest;
    if (one.push || last.push) return one.push === last.push;
    return isTrouble(last) && one.method === last.method && pathOf(one) === pathOf(last) && one.request === last.request && Boolean(one.request);
  }

  add(one) {
    this.tries.push(one);
    this.draw();
  }

  draw() {
    const one = this.newest;
    const isPush = one.direction === "to_bot";
    const code = errcode(one);
    const status = one.status ? String(one.status) : say("no-answer");
    this.node.dataset.direction = one.direction;
    this.node.classList.toggle("trouble", isTrouble(one));
    this.summary.replaceChildren(
      make("time", {}, clockText(one.at)),
      make("span", { class: "kind" }, icon(isPush ? "arrow-right" : "arrow-left"), make("span", {}, say(isPush ? "push" : "call"))),
      make("span", { class: "where" }, make("span", { class: "path", title: pathOf(one) }, `${one.method} ${pathOf(one)}`), make("span", { class: "gist" }, this.gist(one))),
      make("span", { class: "tries" }, this.tries.length > 1 ? say("tries", { n: this.tries.length }) : ""),
      make("span", { class: "status" }, code ? `${status} · ${code}` : status),
      make("span", { class: "ms" }, `${one.ms} ms`),
    );
    if (this.node.open) this.fill();
  }

  gist(one) {
    const body = one.request_plain || one.request;
    const openid = one.openid || /"touser"\s*:\s*"([^"]+)"/.exec(body)?.[1];
    const kind = one.kind || /"msgtype"\s*:\s*"([^"]+)"/.exec(body)?.[1];
    const said = /<(?:Content|EventKey)><!\[CDATA\[([\s\S]*?)\]\]>/.exec(body)?.[1] ?? /"content"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(body)?.[1];
    return [one.note, this.page.nameOf(openid), kind, said].filter(Boolean).join(" · ");
  }

  fill() {
    if (this.node.open) this.body.replaceChildren(new Details(this.tries).node);
    else this.body.replaceChildren();
  }
}

export const pathOf = (one) => one.path.split("?")[0];
