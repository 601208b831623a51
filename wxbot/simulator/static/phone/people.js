// Everybody as a row of buttons, and the phones that lie open, side by side.

import { byId, iconButton, make } from "./dom.js";
import { face, Phone } from "./phone.js";
import { locale, say } from "./words.js";
import { meet } from "./world.js";

const KEPT = "phone.open";

export class People {
  constructor() {
    this.phones = new Map(); // openid -> Phone, those that are open
    this.open = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    this.chosen = "";
    this.tabs = "";
  }

  get active() {
    return this.phones.get(this.chosen);
  }

  async draw(seen) {
    const known = seen.users.map((user) => user.openid);
    if (!known.length) { await this.more(); return; }
    this.open = this.open.filter((openid) => known.includes(openid));
    if (!this.open.length) this.open = [known[0]];
    if (!this.open.includes(this.chosen)) this.chosen = this.open[0];
    this.place(seen.users);
    this.drawTabs(seen.users);
    seen.users.forEach((user) => {
      const phone = seen.phones[user.openid];
      if (phone) this.phones.get(user.openid)?.draw(phone, user.items, seen, locale());
    });
  }

  place(users) {
    for (const [openid, phone] of this.phones) {
      if (!this.open.includes(openid)) { phone.node.remove(); this.phones.delete(openid); }
    }
    for (const openid of this.open) {
      if (this.phones.has(openid)) continue;
      const phone = new Phone(openid, users.find((user) => user.openid === openid)?.number, () => this.choose(openid), () => this.putAway(openid));
      this.phones.set(openid, phone);
      byId("phones").append(phone.node);
    }
    for (const [openid, phone] of this.phones) phone.node.classList.toggle("chosen", openid === this.chosen);
    byId("phones").dataset.count = String(this.open.length);
  }

  drawTabs(users) {
    const tabs = JSON.stringify([users.map((user) => [user.openid, user.following]), this.open, this.chosen, locale()]);
    if (tabs === this.tabs) return;
    this.tabs = tabs;
    const focused = document.activeElement?.dataset?.person;
    const buttons = users.map(({ openid, following, number }) => make("button", {
      type: "button", title: openid, "data-person": openid, class: following ? "" : "left",
      "aria-pressed": String(this.open.includes(openid)), "aria-current": openid === this.chosen ? "true" : null,
      onclick: () => this.show(openid),
    }, face(number), say("user", { n: number })));
    byId("people").replaceChildren(...buttons, iconButton("plus", say("more-users"), () => this.more(), { "data-person": "more" }));
    if (focused) byId("people").querySelector(`[data-person="${CSS.escape(focused)}"]`)?.focus();
  }

  choose(openid) {
    if (openid === this.chosen) return;
    this.chosen = openid;
    this.redraw();
  }

  show(openid) {
    if (!this.open.includes(openid)) this.open.push(openid);
    this.keep();
    this.chosen = openid;
    this.redraw();
    this.phones.get(openid)?.node.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  putAway(openid) {
    this.open = this.open.filter((one) => one !== openid);
    this.keep();
    this.redraw();
  }

  async more() {
    const person = await meet();
    if (person) this.show(person.openid);
  }

  keep() {
    localStorage.setItem(KEPT, JSON.stringify(this.open));
  }
}
