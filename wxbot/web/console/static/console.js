// What the console's pages do by themselves: count down, keep still while hidden, say when the link is lost.
"use strict";

const language = document.documentElement.lang;
let ahead = Number(document.body.dataset.now) - Date.now() / 1000; // seconds the server's clock is ahead of ours

function span(seconds) {
  const minutes = Math.max(Math.floor(seconds / 60), 0);
  const parts = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const units = language === "zh" ? ["天", "小时", "分钟"] : ["d", "h", "m"];
  const told = parts.map((count, place) => (count ? `${count}${units[place]}` : "")).filter(Boolean);
  const less = language === "zh" ? "不到1分钟" : "<1m";
  return told.slice(0, 2).join(language === "zh" ? "" : " ") || less;
}

function countDown() {
  const now = Date.now() / 1000 + ahead;
  for (const one of document.querySelectorAll(".countdown")) {
    const text = span(Number(one.dataset.until) - now);
    if (one.textContent !== text) one.textContent = text;
  }
}

function heard(response) {
  const told = Number(response?.headers?.get("X-Wxbot-Now"));
  if (told) ahead = told - Date.now() / 1000;
}

function connected(isUp) {
  const notice = document.getElementById("offline");
  if (notice) notice.hidden = isUp;
}

document.addEventListener("htmx:before:request", (event) => {
  const isChoosing = event.target.querySelector?.("input:checked"); // what is chosen stays in its place
  if (document.hidden || isChoosing) event.preventDefault(); // nobody looks: ask for nothing
});
document.addEventListener("htmx:after:request", (event) => {
  const response = event.detail.ctx.response;
  heard(response);
  connected(Boolean(response) && response.status < 500);
});
document.addEventListener("htmx:error", () => connected(false));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.querySelectorAll("[hx-get]").forEach((one) => htmx.trigger(one, "every"));
});

const box = document.querySelector("textarea[data-bytes]");
if (box) {
  const shown = document.getElementById("bytes");
  const most = Number(box.dataset.bytes);
  const tell = () => {
    const count = new TextEncoder().encode(box.value).length;
    shown.textContent = count ? shown.dataset.text.replace("{count}", count) : "";
    shown.classList.toggle("why", count > most);
  };
  box.addEventListener("input", tell);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) box.form.requestSubmit();
  });
  tell();
}

if (document.querySelector("form.reply")) {
  let atEnd = true; // what comes in moves the box down: who was at it stays at it
  const toEnd = () => window.scrollTo(0, document.documentElement.scrollHeight);
  document.addEventListener("htmx:before:swap", () => {
    atEnd = window.innerHeight + window.scrollY > document.documentElement.scrollHeight - 80;
  });
  document.addEventListener("htmx:after:swap", () => atEnd && toEnd());
  if (!new URLSearchParams(location.search).has("before")) toEnd();
}

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => setTimeout(() => [...form.elements].filter((one) => one.tagName === "BUTTON").forEach((one) => (one.disabled = true))));
}

function confirmed(event, selector) {
  const one = event.target.closest?.(selector); // also one that came with a live part
  if (one && !window.confirm(one.dataset.confirm)) event.preventDefault();
}
document.addEventListener("click", (event) => confirmed(event, "button[data-confirm]"));
document.addEventListener("submit", (event) => confirmed(event, "form[data-confirm]"), true);

document.addEventListener("change", (event) => {
  const name = event.target.dataset.all;
  if (name) document.querySelectorAll(`input[name="${name}"]:enabled`).forEach((one) => (one.checked = event.target.checked));
});

document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
countDown();
setInterval(countDown, 1000);
