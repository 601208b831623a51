// The bottom of a phone: the account's menu or the keyboard, the panel of what else can be sent, or "follow".

import { icon, iconButton, make, toast } from "./dom.js";
import { ask } from "./forms.js";
import { say } from "./words.js";

const PANEL = ["image", "voice", "video", "shortvideo", "location", "link", "scan", "event"];
const EVENTS = { click: "CLICK", view: "VIEW", miniprogram: "view_miniprogram" };
const PUSHED = new Set(["scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select"]);

export class Composer {
  // `act` sends one action; `context` tells `following` and `tickets`.
  constructor(act, context) {
    this.act = act;
    this.context = context;
    this.menu = null;
    this.showsMenu = false;
    this.node = make("div", { class: "composer" });
    this.seen = "";
    this.node.addEventListener("keydown", (event) => { if (event.key === "Escape") this.fold(); });
  }

  // Draw anew only when something changed, so that half a message is never lost.
  draw(following, menu, language) {
    const seen = JSON.stringify([following, menu, language]);
    if (seen === this.seen) return;
    const half = this.input?.value ?? "";
    if (!this.menu && menu) this.showsMenu = false;
    [this.seen, this.menu] = [seen, menu];
    this.node.replaceChildren(...(following ? this.bars() : [this.followBar()]));
    if (following) this.input.value = half;
    this.fit();
  }

  followBar() {
    return make("div", { class: "follow" }, make("button", { class: "main", type: "button", onclick: () => this.act({ type: "subscribe" }) }, say("follow")),
      iconButton("scan", say("scan"), () => ask("scan", this.context(), this.act)));
  }

  bars() {
    this.input = make("textarea", { rows: "1", "aria-label": say("message"), placeholder: say("message-hint"), enterkeyhint: "send" });
    this.sendButton = make("button", { class: "main", type: "submit" }, say("send"));
    this.plus = iconButton("plus", say("more"), () => this.unfold(), { "aria-expanded": "false" });
    const toMenu = this.menu && iconButton("menu", say("to-menu"), () => this.flip(true));
    this.form = make("form", {}, toMenu, this.input, this.sendButton, this.plus);
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.say(); });
    this.input.addEventListener("input", () => this.fit());
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.say(); }
    });
    this.panel = make("div", { class: "panel", hidden: true }, ...PANEL.map((kind) => this.tool(kind, say(kind), () => ask(kind, this.context(), this.act))),
      this.tool("leave", say("unfollow"), () => this.act({ type: "unsubscribe" })));
    this.menuBar = make("div", { class: "menu-bar", role: "group", "aria-label": say("menu-bar") },
      iconButton("keyboard", say("to-keyboard"), () => this.flip(false)), ...(this.menu ?? []).map((entry) => this.entry(entry)));
    return [this.form, this.menuBar, this.panel];
  }

  tool(name, label, onclick) {
    return make("button", { type: "button", "data-tool": name, onclick: () => { this.fold(); onclick(); } }, make("span", { class: "tile" }, icon(name)), label);
  }

  say() {
    const content = this.input.value;
    if (!content.trim()) return;
    this.input.value = "";
    this.fit();
    this.act({ type: "text", content });
  }

  fit() {
    if (!this.form?.isConnected) return;
    const hasText = Boolean(this.input.value.trim());
    this.sendButton.hidden = !hasText;
    this.plus.hidden = hasText;
    this.form.hidden = this.showsMenu;
    this.menuBar.hidden = !this.showsMenu;
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight + 2, 120)}px`;
  }

  flip(showsMenu) {
    this.showsMenu = showsMenu;
    this.panel.hidden = true;
    this.fit();
    (showsMenu ? this.menuBar : this.input).querySelector?.("button")?.focus();
    if (!showsMenu) this.input.focus();
  }

  unfold() {
    this.panel.hidden = !this.panel.hidden;
    this.plus.setAttribute("aria-expanded", String(!this.panel.hidden));
    if (!this.panel.hidden) this.panel.querySelector("button").focus();
  }

  fold() {
    const wasOpen = this.node.querySelector(".sub-menu") || (this.panel && !this.panel.hidden);
    this.node.querySelector(".sub-menu")?.remove();
    for (const button of this.node.querySelectorAll("[aria-expanded]")) {
      if (wasOpen && button.getAttribute("aria-expanded") === "true") button.focus();
      button.setAttribute("aria-expanded", "false");
    }
    if (this.panel) this.panel.hidden = true;
  }

  entry(entry) {
    if (!entry.sub_button?.length) return make("div", { class: "entry" }, this.choice(entry));
    const holder = make("div", { class: "entry" });
    const open = () => {
      const wasOpen = holder.querySelector(".sub-menu");
      this.fold();
      if (wasOpen) return;
      button.setAttribute("aria-expanded", "true");
      const below = make("div", { class: "sub-menu" }, ...entry.sub_button.map((one) => this.choice(one)));
      holder.prepend(below);
      below.querySelector("button").focus();
    };
    const button = make("button", { type: "button", "aria-expanded": "false", onclick: open }, icon("menu"), entry.name);
    holder.append(button);
    return holder;
  }

  choice(entry) {
    return make("button", { type: "button", onclick: () => { this.fold(); this.choose(entry); } }, entry.name);
  }

  // What a tap on a menu button pushes; pictures and places follow as messages of their own.
  async choose(entry) {
    const type = EVENTS[entry.type] ?? (PUSHED.has(entry.type) ? entry.type : null);
    if (!type) { toast(say("no-push")); return; }
    await this.act({ type, eventkey: entry.key ?? entry.pagepath ?? entry.url ?? "" });
    if (type.startsWith("pic_")) await this.act({ type: "image" });
    if (type === "location_select") await this.act({ type: "location" });
  }
}
