// Faults by button, the platform's ledger, URL verification and the reset.

import { byId, make, toast } from "./dom.js";
import { say } from "./words.js";
import * as world from "./world.js";

const FAULTS = [
  ["fault-late", { kind: "delay", seconds: 3 }],
  ["fault-502", { kind: "http502" }],
  ["fault-busy", { kind: "errcode", errcode: -1 }],
  ["fault-token", { kind: "token_killed" }],
  ["fault-over-quota", { kind: "errcode", errcode: 45047 }],
  ["fault-closed", { kind: "errcode", errcode: 45015 }],
  ["fault-day", { kind: "errcode", errcode: 45009 }],
  ["fault-hang", { kind: "hang" }],
  ["fault-lost-answer", { kind: "accept_then_hang" }],
  ["fault-reset", { kind: "reset" }],
];
const TIMES = { once: 1, thrice: 3, always: null };
const NOBODY = ["192.0.2.1"]; // an address set aside for documentation: no bot has it
const COUNTS = ["accepted", "outside_window", "over_quota", "duplicates", "out_of_order", "pushes", "notices", "templates", "token_fetches"];
const WRONG = new Set(["outside_window", "over_quota", "duplicates", "out_of_order", "notices"]);

let times = "once";
let drawn = "";

export function drawControls({ faults, settings, ledger }, language, forget) {
  const isOff = settings.whitelist.length > 0;
  const seen = JSON.stringify([language, faults, isOff, ledger, times]);
  if (seen === drawn) return;
  drawn = seen;
  const focused = document.activeElement?.dataset?.control;
  byId("faults").replaceChildren(head("faults", often()), make("div", { class: "buttons" }, ...FAULTS.map(fault), whitelist(isOff)), waiting(faults));
  byId("ledger").replaceChildren(head("ledger", verify(), reset(forget)), counts(ledger));
  if (focused) document.querySelector(`[data-control="${focused}"]`)?.focus();
}

const head = (word, ...more) => make("h2", {}, make("span", {}, say(word)), ...more);

function often() {
  const choice = make("select", { "aria-label": say("fault-times"), "data-control": "times" },
    ...Object.keys(TIMES).map((name) => make("option", { value: name, selected: name === times }, say(name))));
  choice.addEventListener("change", () => { times = choice.value; });
  return choice;
}

function fault([word, what]) {
  const set = () => world.setFault({ path: world.SEND, times: TIMES[times], ...what });
  return make("button", { type: "button", "data-control": word, onclick: set }, say(word));
}

function whitelist(isOff) {
  const flip = async () => {
    await world.setWhitelist(isOff ? [] : NOBODY);
    if (!isOff) await world.setFault({ path: world.SEND, kind: "token_killed", times: 1 });
  };
  return make("button", { type: "button", "data-control": "whitelist", title: say("whitelist-hint"), "aria-pressed": String(isOff), onclick: flip }, say("whitelist"));
}

function waiting(faults) {
  if (!faults.length) return make("p", { class: "quiet" }, say("no-faults"));
  const list = faults.map((one) => `${nameOf(one)} × ${one.times ?? "∞"}`).join(" · ");
  return make("p", { class: "waiting" }, say("waiting", { list }), " ",
    make("button", { type: "button", class: "plain", "data-control": "clear", onclick: world.clearFaults }, say("clear")));
}

function nameOf(one) {
  const known = FAULTS.find(([, what]) => what.kind === one.kind && (what.errcode ?? -1) === one.errcode);
  return known ? say(known[0]) : one.kind;
}

function verify() {
  const ask = async () => {
    const answer = await world.verify();
    if (answer) toast(answer.ok ? say("verify-ok") : say("verify-failed", { error: answer.error ?? answer.status }));
  };
  return make("button", { type: "button", "data-control": "verify", onclick: ask }, say("verify"));
}

function reset(forget) {
  const button = make("button", { type: "button", "data-control": "reset" }, say("reset"));
  const sure = () => { button.textContent = say("reset"); button.onclick = first; };
  const first = () => {
    button.textContent = say("reset-sure");
    button.onclick = async () => { await world.reset(); forget(); };
    button.onblur = sure;
  };
  sure();
  return button;
}

function counts(ledger) {
  const rows = [
    ...COUNTS.map((name) => [say(name), ledger[name], WRONG.has(name)]),
    ...Object.entries(ledger.refused).map(([code, number]) => [say("refused", { code }), number, true]),
  ];
  return make("dl", {}, ...rows.map(([label, number, isWrong]) =>
    make("div", { class: number ? (isWrong ? "wrong" : "") : "zero" }, make("dt", {}, label), make("dd", {}, number))));
}
