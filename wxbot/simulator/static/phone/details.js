// One exchange opened: its query with the signature checks, request and answer, and what can be done with it.

import { icon, make, toast } from "./dom.js";
import { pretty } from "./pretty.js";
import { clockText } from "./times.js";
import { say } from "./words.js";
import { commandFor } from "./world.js";

export class Details {
  // `tries` are the deliveries of one push, or one call and its repeats, oldest first.
  constructor(tries) {
    this.tries = tries;
    this.chosen = tries[tries.length - 1];
    this.node = make("div", { class: "opened" });
    this.draw();
  }

  draw() {
    const one = this.chosen;
    this.node.replaceChildren(
      ...(this.tries.length > 1 ? [this.attempts()] : []),
      query(one),
      make("div", { class: "bodies" },
        body("request", one.request, one.request_plain, one.is_cut),
        body("answer", one.response, one.response_plain, one.is_cut)),
      actions(one),
    );
  }

  attempts() {
    const button = (one, place) => make("button", {
      type: "button", "aria-pressed": String(one === this.chosen),
      onclick: () => { this.chosen = one; this.draw(); this.node.querySelector("[aria-pressed=true]").focus(); },
    }, `${say("try", { n: place + 1 })} · ${clockText(one.at)} · ${one.status || say("no-answer")} · ${one.ms} ms`);
    return make("div", { class: "attempts", role: "group" }, ...this.tries.map(button));
  }
}

function query(one) {
  const asked = new URLSearchParams(one.path.split("?")[1] ?? "");
  const checks = new Map(one.checks.map((check) => [check.name, check]));
  const rows = [...asked].map(([name, value]) => row(name, value, checks.get(name)));
  const others = one.checks.filter((check) => !asked.has(check.name)).map((check) => row(check.name, "", check));
  const note = one.note ? [make("p", { class: "note" }, one.note)] : [];
  return make("div", { class: "query" }, ...note, make("dl", {}, ...rows, ...others));
}

function row(name, value, check) {
  const verdict = check && make("span", { class: check.ok ? "ok" : "bad", title: check.over },
    `${check.ok ? "✓" : "✗"} ${say(check.ok ? "fits" : "fits-not", { name })}`, check.over && make("small", {}, check.over));
  return make("div", {}, make("dt", {}, name), make("dd", {}, value && make("code", {}, value), verdict));
}

function body(word, sent, plain, isCut) {
  const text = make("pre", { tabindex: "0", "aria-label": say(word) });
  const show = (asSent) => {
    const content = asSent ? [sent] : pretty(plain || sent);
    text.replaceChildren(...(sent ? content : [say("nothing")]));
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", String((place === 1) === asSent)));
  };
  const choice = (name, asSent) => make("button", { type: "button", onclick: () => show(asSent) }, say(name));
  const buttons = [choice(plain ? "decrypted" : "readable", false), choice("as-sent", true)];
  show(false);
  const head = make("h3", {}, say(word), sent && make("span", { class: "joined" }, ...buttons));
  return make("section", {}, head, text, isCut && make("p", { class: "quiet" }, say("cut")));
}

function actions(one) {
  const copy = make("button", { type: "button", onclick: () => copyCommand(one.n) }, icon("copy"), say("copy-curl"));
  const save = one.push ? make("a", { class: "button", href: `/sim/exchanges/${one.n}/test`, download: "" }, icon("save"), say("save-test")) : null;
  return make("p", { class: "buttons" }, copy, save);
}

async function copyCommand(number) {
  let command = "";
  try {
    command = await commandFor(number);
    await navigator.clipboard.writeText(command);
    toast(say("copied"));
  } catch (error) {
    if (command) byHand(command);
    else toast(error.message);
  }
}

// A browser gives the clipboard only to pages from this machine or over HTTPS.
function byHand(command) {
  const text = make("textarea", { rows: "8", readonly: true, "aria-label": say("copy-curl") });
  text.value = command;
  const dialog = make("dialog", {}, make("form", { method: "dialog" }, make("p", {}, say("copy-by-hand")), text,
    make("p", { class: "buttons" }, make("button", { class: "main" }, say("got-it")))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  text.select();
}
