// The chat of one phone: messages with their faces, time lines between them, and what the person did.

import { bubble, isMessage } from "./bubbles.js";
import { icon, make } from "./dom.js";
import { lineText } from "./times.js";
import { knows, say } from "./words.js";

const PAUSE = 300; // seconds after which the next message gets a time line
const NEAR_END = 80; // pixels from the end within which the chat follows what comes

export class Chat {
  // `face` is how the person looks, `tap` sends what a tap on a choice sends.
  constructor(face, tap) {
    this.face = face;
    this.tap = tap;
    this.node = make("div", { class: "chat", role: "log", tabindex: "0" });
    this.wasAtEnd = true;
    this.node.addEventListener("scroll", () => { this.wasAtEnd = this.isAtEnd(); });
    new ResizeObserver(() => { if (this.wasAtEnd) this.toEnd(); }).observe(this.node); // a panel opens below it
    this.forget();
  }

  forget() {
    this.drawn = 0;
    this.lastAt = -Infinity;
    this.node.replaceChildren();
  }

  // `items` are the newest of `total`; those that are there already stay as they are, and keep the focus.
  draw(items, total, media, now) {
    if (total < this.drawn || total - this.drawn > items.length) this.forget();
    const fresh = items.slice(Math.max(0, items.length - (total - this.drawn)));
    this.drawn = total;
    if (fresh.length) {
      const follows = this.isAtEnd() || fresh.some((item) => item.direction === "out");
      this.node.append(...fresh.flatMap((item) => this.rows(item, media)));
      if (follows) this.toEnd();
    }
    for (const line of this.node.querySelectorAll("time")) line.textContent = lineText(Number(line.dataset.at), now);
    this.node.setAttribute("aria-label", say("account"));
  }

  isAtEnd() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_END;
  }

  toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
    for (const still of this.node.querySelectorAll("img")) {
      if (!still.complete) still.addEventListener("load", () => { this.node.scrollTop = this.node.scrollHeight; }, { once: true });
    }
  }

  rows(item, media) {
    const line = item.at - this.lastAt > PAUSE ? [make("time", { "data-at": item.at })] : [];
    this.lastAt = item.at;
    if (item.via === "notice") return [...line, make("p", { class: "system notice" }, say("failure"))];
    if (!isMessage(item)) return [...line, make("p", { class: "system" }, deed(item))];
    const look = item.direction === "out" ? this.face() : make("span", { class: "face-box account" }, icon("account"));
    const channel = `via-${item.via}`;
    const said = make("div", { class: "said" }, bubble(item, media, this.tap), knows(channel) && make("small", {}, say(channel)));
    return [...line, make("div", { class: `message ${item.direction}`, "data-type": item.type, "data-via": item.via }, look, said)];
  }
}

// The line for what a person did that is no message.
function deed({ type, details }) {
  const key = String(details.EventKey ?? "");
  if (type === "subscribe" && key) return say("did-subscribe-scene", { key: key.replace(/^qrscene_/, "") });
  return knows(`did-${type}`) ? say(`did-${type}`, { key }) : say("did-other", { type, key });
}
