"use strict";
// One page, polled once a second. Everything that people wrote goes in by textContent, never as HTML.

const SEND = "/cgi-bin/message/custom/send";
const LEDGER = {
  accepted: "已接受", outside_window: "窗口外", over_quota: "超额", duplicates: "重复",
  out_of_order: "乱序", token_fetches: "取令牌", templates: "模板", pushes: "推送", notices: "故障提示",
};
const VIA = { passive: "被动回复", custom: "客服消息", template: "模板消息", notice: "提示", user: "" };

const byId = (id) => document.getElementById(id);
let chosen = "";      // openid of the person on the screen
let lastExchange = 0; // number of the newest exchange shown
let drawnChat = "";   // what the chat shows now, so that it is drawn again only when it changed
let drawnMenu = "";
let windowEnd = 0;    // when the later of the two windows closes
let now = 0;          // simulated Unix seconds at the last poll

async function ask(method, path, body) {
  const answer = await fetch(path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  return answer.json();
}

function make(tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}

function clockText(seconds, withDate) {
  const options = { timeZone: "Asia/Shanghai", hour12: false };
  const date = new Date(seconds * 1000);
  return withDate ? date.toLocaleString("zh-CN", options) : date.toLocaleTimeString("zh-CN", options);
}

async function act(action) {
  await ask("POST", `/sim/users/${encodeURIComponent(chosen)}/actions`, action);
  await poll();
}

async function drawPeople() {
  let { users } = await ask("GET", "/sim/users");
  if (users.length === 0) {
    await ask("POST", "/sim/users", {});
    ({ users } = await ask("GET", "/sim/users"));
  }
  if (!users.some((user) => user.openid === chosen)) chosen = users[0].openid;
  const tabs = users.map((user, index) => {
    const tab = make("button", `用户 ${index + 1}`, user.following ? "" : "left");
    tab.title = user.openid;
    tab.setAttribute("aria-pressed", String(user.openid === chosen));
    tab.onclick = () => { chosen = user.openid; poll(); };
    return tab;
  });
  const add = make("button", "＋");
  add.title = "one more user";
  add.onclick = async () => { chosen = (await ask("POST", "/sim/users", {})).openid; poll(); };
  byId("people").replaceChildren(...tabs, add);
}

function bubble(item) {
  const box = make("div", "", `item ${item.via}`);
  const isMenu = item.type === "msgmenu";
  box.append(make("p", isMenu ? item.details.head_content : item.text));
  for (const choice of isMenu ? item.details.list : []) {
    const button = make("button", choice.content, "choice");
    button.onclick = () => act({ type: "text", content: choice.content, bizmsgmenuid: choice.id });
    box.append(button);
  }
  box.append(make("small", `${clockText(item.at, false)} ${VIA[item.via]}`.trim()));
  return box;
}

function drawWindow(name, grant) {
  const left = grant && grant.until > now ? grant.left : 0;
  byId(`${name}-left`).textContent = left === null ? "∞" : left;
  byId(`${name}-until`).textContent = grant && grant.until > now ? remaining(grant.until - now) : "已关闭";
}

function remaining(seconds) {
  const whole = Math.floor(seconds);
  const pad = (number) => String(number).padStart(2, "0");
  return `还剩 ${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
}

async function drawPhone() {
  const phone = await ask("GET", `/sim/users/${encodeURIComponent(chosen)}/phone`);
  now = phone.now;
  byId("now").textContent = clockText(now, true);
  drawWindow("message", phone.window.message);
  drawWindow("action", phone.window.action);
  windowEnd = Math.max(phone.window.message?.until ?? 0, phone.window.action?.until ?? 0);
  const seen = `${chosen} ${phone.items.length} ${phone.typing}`;
  if (seen === drawnChat) return;
  drawnChat = seen;
  const bubbles = phone.items.map(bubble);
  if (phone.typing) bubbles.push(make("small", "对方正在输入…", "quiet"));
  byId("chat").replaceChildren(...bubbles);
  byId("chat").scrollTop = byId("chat").scrollHeight;
}

function menuButton(entry) {
  const button = make("button", entry.name);
  const type = { click: "CLICK", view: "VIEW", miniprogram: "view_miniprogram" }[entry.type] ?? entry.type;
  button.onclick = () => act({ type, eventkey: entry.key ?? entry.url ?? "" });
  return button;
}

function menuEntry(entry) {
  if (!entry.sub_button?.length) return menuButton(entry);
  const box = make("details");
  const below = make("div");
  below.append(...entry.sub_button.map(menuButton));
  box.append(make("summary", entry.name), below);
  return box;
}

async function drawSettings() {
  const settings = await ask("GET", "/sim/settings");
  byId("account").textContent = `${settings.appid} · ${settings.mode} · → ${settings.webhook}`;
  const seen = JSON.stringify(settings.menu);
  if (seen === drawnMenu) return;
  drawnMenu = seen;
  byId("menu").replaceChildren(...(settings.menu ?? []).map(menuEntry));
}

async function drawLedger() {
  const ledger = await ask("GET", "/sim/ledger");
  const refused = Object.entries(ledger.refused).map(([code, times]) => [`拒绝 ${code}`, times]);
  const rows = [...Object.entries(LEDGER).map(([name, label]) => [label, ledger[name]]), ...refused];
  byId("ledger").replaceChildren(...rows.map(([label, count]) => {
    const row = make("div");
    row.append(make("dt", label), make("dd", count));
    return row;
  }));
  const { faults } = await ask("GET", "/sim/faults");
  byId("waiting").textContent = faults.map((fault) => `${fault.kind} × ${fault.times ?? "∞"}`).join(" · ");
}

function exchangeBox(one) {
  const box = make("details", "", one.direction);
  const bad = one.status !== 200 || one.note;
  const summary = make("summary");
  summary.append(
    make("span", one.direction === "to_bot" ? "平台 → 机器人" : "机器人 → 平台", "arrow"),
    make("span", `${one.method} ${one.path}`, "where"),
    make("span", one.note, "bad"),
    make("span", `${one.status || "—"}`, bad ? "bad" : ""),
    make("span", `${one.ms} ms`, "quiet"),
    make("span", clockText(one.at, false), "quiet"),
  );
  box.append(summary);
  for (const name of ["request", "request_plain", "response", "response_plain"]) {
    if (one[name]) box.append(make("pre", one[name]));
  }
  return box;
}

async function drawExchanges() {
  const { exchanges } = await ask("GET", `/sim/exchanges?after=${lastExchange}`);
  for (const one of exchanges) {
    lastExchange = Math.max(lastExchange, one.n);
    byId("exchanges").prepend(exchangeBox(one));
  }
  while (byId("exchanges").childElementCount > 200) byId("exchanges").lastElementChild.remove();
}

async function poll() {
  await drawPeople();
  await Promise.all([drawPhone(), drawSettings(), drawLedger(), drawExchanges()]);
}

byId("say").onsubmit = (event) => {
  event.preventDefault();
  const content = byId("text").value;
  byId("text").value = "";
  if (content) act({ type: "text", content });
};
byId("scan").onclick = () => {
  const scene = prompt("二维码场景值 (scene)", "1");
  if (scene) act({ type: "SCAN", scene });
};
byId("to-end").onclick = async () => {
  if (windowEnd > now) await ask("POST", "/sim/clock", { advance: windowEnd - now });
  poll();
};
byId("verify").onclick = async () => {
  const answer = await ask("POST", "/sim/verify", {});
  byId("verify").textContent = answer.ok ? "验证 URL ✓" : "验证 URL ✗";
};
byId("reset").onclick = async () => {
  await ask("POST", "/sim/reset", {});
  byId("exchanges").replaceChildren();
  drawnChat = "";
  poll();
};
byId("clear-faults").onclick = async () => { await ask("DELETE", "/sim/faults"); poll(); };
for (const button of document.querySelectorAll("[data-advance]")) {
  button.onclick = async () => { await ask("POST", "/sim/clock", { advance: Number(button.dataset.advance) }); poll(); };
}
for (const button of document.querySelectorAll("[data-action]")) {
  button.onclick = () => act(JSON.parse(button.dataset.action));
}
for (const button of document.querySelectorAll("[data-fault]")) {
  button.onclick = async () => {
    await ask("POST", "/sim/faults", { path: SEND, times: 1, ...JSON.parse(button.dataset.fault) });
    poll();
  };
}

async function keepPolling() {
  try {
    await poll();
  } catch {
    byId("now").textContent = "模拟器已停止";
  }
  setTimeout(keepPolling, 1000);
}
keepPolling();
