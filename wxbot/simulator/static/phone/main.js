// The page: what is polled goes to phones, controls and exchanges; the header's buttons work here.

import { drawControls } from "./controls.js";
import { byId, icon, toast } from "./dom.js";
import { Exchanges } from "./exchanges.js";
import { People } from "./people.js";
import { fullText } from "./times.js";
import { locale, say, switchLanguage, translate } from "./words.js";
import { advance, keepPolling, poll } from "./world.js";

const SCHEMES = ["auto", "light", "dark"];
const people = new People();
const exchanges = new Exchanges();
let seen = null; // the last snapshot

function draw(snapshot) {
  seen = snapshot;
  byId("now").textContent = fullText(seen.now);
  byId("account").textContent = `${seen.settings.appid} · ${seen.settings.mode} · ${seen.settings.webhook}`;
  byId("account").title = seen.settings.webhook;
  exchanges.draw(seen, seen.users);
  drawControls(seen, locale(), forget);
  return people.draw(seen);
}

function forget() {
  exchanges.forget();
  for (const phone of people.phones.values()) phone.forget();
}

people.redraw = () => {
  people.place(seen.users);
  people.drawTabs(seen.users);
  poll();
};

function redraw() {
  translate();
  drawScheme();
  exchanges.redraw();
  for (const phone of people.phones.values()) phone.forget();
  if (seen) draw(seen);
}

function drawScheme() {
  const scheme = SCHEMES.includes(localStorage.getItem("phone.scheme")) ? localStorage.getItem("phone.scheme") : "auto";
  document.documentElement.dataset.scheme = scheme;
  byId("scheme").replaceChildren(icon(scheme));
  for (const name of ["title", "aria-label"]) byId("scheme").setAttribute(name, say(`scheme-${scheme}`));
}

byId("scheme").addEventListener("click", () => {
  const next = SCHEMES[(SCHEMES.indexOf(document.documentElement.dataset.scheme) + 1) % SCHEMES.length];
  localStorage.setItem("phone.scheme", next);
  drawScheme();
});
byId("language").addEventListener("click", () => {
  switchLanguage();
  redraw();
});
for (const button of document.querySelectorAll("[data-advance]")) {
  button.addEventListener("click", () => advance(Number(button.dataset.advance)));
}
byId("to-end").addEventListener("click", () => {
  const left = (people.active?.windowEnd ?? 0) - (seen?.now ?? 0);
  if (left > 0) advance(left);
  else toast(say("no-window"));
});
byId("welcome").hidden = localStorage.getItem("phone.welcomed") === "yes";
byId("welcome-done").addEventListener("click", () => {
  localStorage.setItem("phone.welcomed", "yes");
  byId("welcome").hidden = true;
});
for (const button of document.querySelectorAll("#views button")) {
  button.addEventListener("click", () => showView(button.dataset.view));
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select, dialog")) return;
  event.preventDefault();
  showView("phone");
  people.active?.composer.input?.focus();
});

function showView(view) {
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll("#views button")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
}

showView("phone");
redraw();
keepPolling(
  () => ({ phones: people.open, after: exchanges.last }),
  draw,
  () => { byId("now").textContent = say("stopped"); },
);
