// What one message looks like. Each returns elements; the texts in them are whatever somebody sent.

import { icon, link, make } from "./dom.js";
import { say } from "./words.js";

const LINKS = /<a\s[^>]*?href\s*=\s*["']([^"'<>]*)["'][^>]*>([^<]*)<\/a>|(https?:\/\/[^\s<>"'，。；）]+)/gi;
const MENU_LINK = "weixin://bizmsgmenu";
const SIGHT = 10; // seconds, of a short video

// `media` says which media the simulator has, by media_id; `tap` sends what a tap on a choice sends.
export function bubble(item, media, tap) {
  const details = plain(item.details);
  const kind = item.via === "template" ? "template" : item.type;
  return (KINDS[kind] ?? text)({ item, details, media, tap });
}

export const isMessage = (item) => item.direction === "in" || item.type in KINDS || item.type === "device_text";

// The platform spells its elements MediaId, its JSON media_id: one spelling for both.
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name.replaceAll("_", "").toLowerCase(), plain(one)]));
}

const words = (value) => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const list = (value) => (Array.isArray(value) ? value : []);
const box = (kind, ...children) => make("div", { class: `bubble ${kind}` }, ...children);

function text({ item, tap }) {
  return box("text", linked(item.text, tap));
}

// Text with its links: `<a href>` as the platform allows it, addresses, and taps that send a text.
function linked(content, tap) {
  const parts = [];
  let end = 0;
  for (const found of content.matchAll(LINKS)) {
    parts.push(content.slice(end, found.index));
    const [whole, address, name, bare] = found;
    if (address?.startsWith(MENU_LINK)) parts.push(choice(name, new URLSearchParams(address.split("?")[1]), tap));
    else parts.push(link(bare ?? name, bare ?? address));
    end = found.index + whole.length;
  }
  return [...parts, content.slice(end)];
}

function choice(name, query, tap) {
  const [content, id] = [query.get("msgmenucontent") ?? name, query.get("msgmenuid") ?? "1"];
  return make("button", { class: "choice", type: "button", onclick: () => tap(content, id) }, name);
}

function menu({ item, details, tap }) {
  const choices = list(details.list).map((one) =>
    make("button", { class: "choice", type: "button", onclick: () => tap(words(one.content), words(one.id)) }, words(one.content)));
  const [head, tail] = [words(details.headcontent), words(details.tailcontent)];
  return choices.length ? box("text menu", head && make("p", {}, head), ...choices, tail && make("p", {}, tail)) : text({ item, tap });
}

// Only what lies on this server is ever loaded; a picture from elsewhere is a drawing.
function source(media, mediaId, address = "") {
  const path = URL.canParse(address) ? new URL(address).pathname : "";
  const id = media[mediaId] ? mediaId : path.startsWith("/sim/media/") ? path.slice("/sim/media/".length) : "";
  return media[id] ? { address: `/sim/media/${encodeURIComponent(id)}`, kind: media[id] } : null;
}

function picture(media, mediaId, address, label) {
  const found = source(media, mediaId, address);
  if (!found?.kind.startsWith("image/")) return icon("picture", "drawing");
  return make("img", { src: found.address, alt: label });
}

function image({ details, media }) {
  return box("image", picture(media, details.mediaid, words(details.picurl), say("image")));
}

function voice({ item, details, media }) {
  const seconds = Number(details.seconds) || 0;
  const found = source(media, details.mediaid);
  const length = make("span", { class: "length" }, seconds ? `${seconds}″` : "");
  const face = make("button", { class: "face", type: "button", "aria-label": say("voice") }, icon("waves"), length);
  face.style.width = `${64 + Math.min(seconds, 60) * 2}px`;
  if (found?.kind.startsWith("audio/")) face.addEventListener("click", () => play(found.address, length, seconds));
  const recognised = words(details.recognition);
  return make("div", { class: "spoken" }, box(`voice ${item.direction}`, face), recognised && make("p", { class: "recognised" }, recognised));
}

function play(address, length, seconds) {
  const sound = new Audio(address);
  sound.addEventListener("loadedmetadata", () => {
    if (!seconds && Number.isFinite(sound.duration)) length.textContent = `${Math.round(sound.duration)}″`;
  });
  sound.play().catch(() => {}); // AMR is played by no browser
}

function video({ item, details, media }) {
  const found = source(media, details.mediaid);
  const seconds = Number(details.seconds) || (item.type === "shortvideo" ? SIGHT : 0);
  const length = seconds ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "";
  const still = found?.kind.startsWith("video/")
    ? [make("video", { src: found.address, controls: true, preload: "metadata" })]
    : [icon("picture", "drawing"), make("span", { class: "play" }, icon("play")), make("span", { class: "length" }, length)];
  const title = [words(details.title), words(details.description)].filter(Boolean).join(" · ");
  return box(`image ${item.type}`, ...still, title && make("p", { class: "caption" }, title));
}

function place({ details }) {
  const where = `${words(details.locationx)}, ${words(details.locationy)}`;
  return box("card place", make("p", { class: "head" }, words(details.label) || say("location"), make("small", {}, where)), icon("map", "drawing"));
}

function card(sign, title, description, address, kind) {
  const body = make("span", { class: "body" }, make("span", {}, description), icon(sign, "sign"));
  const inside = [make("b", {}, title), body];
  const whole = address ? link("", address, { class: "whole" }) : make("div", { class: "whole" });
  whole.append(...inside);
  return box("card", whole, make("p", { class: "foot" }, kind));
}

const shared = ({ details }) => card("link", words(details.title) || words(details.url), words(details.description), words(details.url), say("link"));
const music = ({ details }) => card("music", words(details.title) || say("music"), words(details.description), words(details.musicurl), say("music"));
const program = ({ details }) => card("app", words(details.title) || say("mini-program"), words(details.pagepath), "", say("mini-program"));
const coupon = ({ details }) => card("card", say("coupon"), words(details.cardid), "", say("coupon"));
const file = ({ details }) => card("file", words(details.title), words(details.description), "", say("file"));
const article = ({ details }) => card("image", say("article"), words(details.articleid) || words(details.mediaid), "", say("article"));

function news({ item, details, media }) {
  const articles = list(details.articles);
  if (!articles.length) return text({ item });
  return box("news", ...articles.map((one, place) => story(one, media, place === 0, articles.length === 1)));
}

function story(one, media, isFirst, isAlone) {
  const title = make("span", { class: "title" }, words(one.title));
  const still = make("span", { class: "still" }, picture(media, "", words(one.picurl), words(one.title)));
  const line = isFirst && isAlone && words(one.description) ? make("span", { class: "description" }, words(one.description)) : null;
  const whole = link("", words(one.url), { class: isFirst ? "story first" : "story" });
  whole.append(...(isFirst ? [still, title, line].filter(Boolean) : [title, still]));
  return whole;
}

function template({ item, details }) {
  const rows = Object.entries(item.details.data ?? {}).map(([name, part]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, words(part?.value))));
  const address = words(details.url);
  return box("card template", make("p", { class: "head" }, icon("bell"), say("notice")), make("dl", {}, ...rows),
    address && make("p", { class: "foot" }, link(say("details"), address)));
}

const KINDS = {
  text, image, voice, video, shortvideo: video, location: place, link: shared, music, news, file, template,
  msgmenu: menu, mpnews: article, mpnewsarticle: article, wxcard: coupon, miniprogrampage: program,
};
