// A window as a ring: the arc is the time that is left of it, the number what may still be sent.

import { drawn, make } from "./dom.js";
import { spanText } from "./times.js";
import { say } from "./words.js";

const LIVES = { message: 172_800, action: 60 }; // seconds
const SHORT = 0.1; // share of the time below which the ring warns

export class Ring {
  constructor(kind) {
    this.kind = kind;
    this.arc = drawn("circle", { class: "arc", cx: 20, cy: 20, r: 17, pathLength: 100, transform: "rotate(-90 20 20)" });
    const track = drawn("circle", { class: "track", cx: 20, cy: 20, r: 17 });
    this.number = make("b");
    this.name = make("span", { class: "name" });
    this.until = make("span", { class: "until" });
    const circle = make("span", { class: "circle" }, drawn("svg", { viewBox: "0 0 40 40", "aria-hidden": "true" }, track, this.arc), this.number);
    this.node = make("div", { class: "ring", role: "img", "data-window": kind }, circle, make("span", { class: "told" }, this.name, this.until));
  }

  // `grant` is null where nothing was ever granted; `left` null in it means no limit.
  draw(grant, now) {
    const remains = grant ? Math.max(0, grant.until - now) : 0;
    const unlimited = remains > 0 && grant.left === null;
    const left = remains > 0 ? grant.left ?? "∞" : 0;
    const life = unlimited ? LIVES.message : LIVES[this.kind];
    const share = Math.min(1, remains / life);
    this.arc.setAttribute("stroke-dasharray", `${(share * 100).toFixed(2)} 100`);
    this.number.textContent = left;
    this.name.textContent = say(`window-${this.kind}`);
    this.until.textContent = remains > 0 ? say("remaining", { time: spanText(remains) }) : say("closed");
    this.node.dataset.state = remains <= 0 ? "closed" : left === 0 ? "spent" : share < SHORT ? "short" : "open";
    const label = say("window-told", { window: this.name.textContent, left, until: this.until.textContent });
    this.node.setAttribute("aria-label", label);
    this.node.title = label;
  }
}
