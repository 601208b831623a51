// One person's phone: who they are, the account's windows, the chat, and what they can do.

import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { icon, iconButton, make, toast } from "./dom.js";
import { Ring } from "./ring.js";
import { say } from "./words.js";
import { act } from "./world.js";

export function face(number) {
  return make("span", { class: "face-box", "data-look": number % 6 }, icon("person"));
}

export class Phone {
  // `number` counts people from 1; `chosen` is called when this phone gets the focus, `close` puts it away.
  constructor(openid, number, chosen, close) {
    this.openid = openid;
    this.number = number;
    this.busy = 0;
    this.seen = { following: true, tickets: {} };
    this.rings = [new Ring("message"), new Ring("action")];
    this.chat = new Chat(() => face(number), (content, id) => this.act({ type: "text", content, bizmsgmenuid: id }));
    this.composer = new Composer((action) => this.act(action), () => this.seen);
    this.title = make("b", { class: "with" });
    this.name = make("b");
    this.id = make("button", { type: "button", class: "plain openid", onclick: () => this.copy() }, openid);
    this.close = iconButton("close", "", close, { class: "icon-only close" });
    this.sending = make("p", { class: "sending", hidden: true }, make("span", { class: "dots" }), make("span"));
    const bar = make("header", { class: "bar" }, face(number), make("span", { class: "who" }, this.name, this.id), this.title, this.close);
    this.node = make("article", { class: "phone", "data-openid": openid }, bar, make("div", { class: "windows" }, ...this.rings.map((ring) => ring.node)),
      this.chat.node, this.sending, this.composer.node);
    this.node.addEventListener("focusin", chosen);
    this.node.addEventListener("pointerdown", chosen);
  }

  async act(action) {
    this.wait(1);
    try {
      return await act(this.openid, action);
    } finally {
      this.wait(-1);
    }
  }

  wait(change) {
    this.busy += change;
    this.sending.hidden = this.busy === 0;
    this.sending.lastChild.textContent = say("sending");
  }

  async copy() {
    if (navigator.clipboard) await navigator.clipboard.writeText(this.openid);
    toast(navigator.clipboard ? say("copied") : this.openid);
  }

  forget() {
    this.chat.forget();
  }

  // The moment in Unix seconds at which the last open window closes; 0 when none is open.
  get windowEnd() {
    const { message, action } = this.seen.window ?? {};
    return Math.max(message?.until ?? 0, action?.until ?? 0);
  }

  draw(phone, total, { settings, media, tickets, now }, language) {
    this.seen = { ...phone, tickets };
    this.node.setAttribute("aria-label", say("user", { n: this.number }));
    this.name.textContent = say("user", { n: this.number });
    this.title.textContent = phone.typing ? say("typing") : say("account");
    this.id.title = say("copy-openid");
    for (const name of ["title", "aria-label"]) this.close.setAttribute(name, say("hide-phone"));
    this.rings[0].draw(phone.window.message, now);
    this.rings[1].draw(phone.window.action, now);
    this.composer.draw(phone.following, phone.menu, language);
    this.chat.draw(phone.items, total, media, now);
  }
}
