// The dialogs behind the buttons for what is not text: each asks, and gives the action to send.

import { make } from "./dom.js";
import { drawPicture } from "./picture.js";
import { say } from "./words.js";
import * as world from "./world.js";

const FILES = { image: "image/png,image/jpeg,image/gif,image/webp", voice: "audio/*", video: "video/mp4,video/webm" };
let events = null; // event type -> its elements, asked for once

function field(word, name, more = {}) {
  return make("label", {}, make("span", {}, say(word)), make("input", { name, autocomplete: "off", ...more }));
}

const fileField = (kind) => field("form-file", "file", { type: "file", accept: FILES[kind] });
const numberField = (word, name, value, more = {}) => field(word, name, { type: "number", step: "any", value, required: true, ...more });

async function kept(file, kind) {
  const given = file?.size ? file : kind === "image" ? await drawPicture() : null;
  return given ? world.upload(given) : null;
}

const media = (kind, own) => async (form) => {
  const found = await kept(form.get("file"), kind);
  const seconds = Number(form.get("seconds")) || undefined;
  return { ...(found && { mediaid: found.media_id, picurl: found.url }), ...(seconds && { phone: { seconds } }), ...own?.(form) };
};

function scanFields({ tickets }) {
  const codes = Object.entries(tickets).reverse().map(([ticket, scene]) => make("option", { value: ticket }, scene));
  const choice = make("select", { name: "ticket" }, ...codes, make("option", { value: "" }, say("form-own-scene")));
  const scene = field("form-scene", "scene", { value: "1" });
  const fit = () => { scene.hidden = Boolean(choice.value); };
  choice.addEventListener("change", fit);
  fit();
  return [codes.length ? make("label", {}, make("span", {}, say("form-ticket")), choice) : null, scene];
}

async function eventFields() {
  events ??= (await world.kinds()).events;
  const fields = make("textarea", { name: "fields", rows: "7", spellcheck: "false" });
  const choice = make("select", { name: "type" }, ...Object.keys(events).map((name) => make("option", {}, name)));
  choice.value = "CLICK";
  const fit = () => { fields.value = JSON.stringify(events[choice.value], null, 2); };
  choice.addEventListener("change", fit);
  fit();
  const label = (word, input) => make("label", {}, make("span", {}, say(word)), input);
  return [label("form-event", choice), label("form-fields", fields)];
}

function anEvent(form) {
  let fields = null;
  try {
    fields = JSON.parse(form.get("fields"));
  } catch { /* told below */ }
  if (fields === null || typeof fields !== "object" || Array.isArray(fields)) throw new Error(say("form-bad-json"));
  return { type: form.get("type"), fields };
}

const FORMS = {
  image: { fields: () => [fileField("image")], action: media("image") },
  voice: {
    fields: () => [numberField("form-seconds", "seconds", 6, { min: 1, max: 60, step: 1 }), field("form-recognition", "recognition"), fileField("voice")],
    action: media("voice", (form) => (form.get("recognition") ? { recognition: form.get("recognition") } : {})),
  },
  video: { fields: () => [numberField("form-seconds", "seconds", 15, { min: 1, step: 1 }), fileField("video")], action: media("video") },
  shortvideo: { fields: () => [fileField("video")], action: media("video") },
  location: {
    fields: () => [
      field("form-label", "label", { value: say("default-place"), required: true }),
      numberField("form-latitude", "locationx", 40.0799, { min: -90, max: 90 }),
      numberField("form-longitude", "locationy", 116.6031, { min: -180, max: 180 }),
    ],
    action: (form) => ({ label: form.get("label"), locationx: Number(form.get("locationx")), locationy: Number(form.get("locationy")) }),
  },
  link: {
    fields: () => [
      field("form-title", "title", { value: say("default-title"), required: true }),
      field("form-description", "description", { value: say("default-description") }),
      field("form-url", "url", { value: "https://example.com/CA1501", required: true }),
    ],
    action: (form) => ({ title: form.get("title"), description: form.get("description"), url: form.get("url") }),
  },
  scan: {
    fields: scanFields,
    action: (form, { following }) =>
      form.get("ticket") ? { type: "qrcode", ticket: form.get("ticket") } : { type: following ? "SCAN" : "subscribe", scene: form.get("scene") },
  },
  event: { fields: eventFields, action: anEvent },
};

// Ask for one kind; `context` has `following` and `tickets`, `send` takes the action.
export async function ask(kind, context, send) {
  const trouble = make("p", { class: "bad", role: "alert" });
  const cancel = make("button", { type: "button", onclick: () => dialog.close() }, say("cancel"));
  const buttons = make("p", { class: "buttons" }, cancel, make("button", { class: "main" }, say("send")));
  const form = make("form", { method: "dialog" }, make("h2", {}, say(kind)), ...(await FORMS[kind].fields(context)).filter(Boolean), trouble, buttons);
  const dialog = make("dialog", { "aria-label": say(kind) }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const action = { type: kind, ...(await FORMS[kind].action(new FormData(form), context)) };
      dialog.close();
      send(action);
    } catch (error) {
      trouble.textContent = error.message;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  if (form.querySelector("input[type=file]:only-of-type") === form.querySelector("input, select")) form.querySelector(".main").focus();
}
