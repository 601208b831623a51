// The simulator's state as of the last poll, and everything that changes it.

import { toast } from "./dom.js";

const EVERY = 1000; // milliseconds between two polls
const HIDDEN = 5000; // milliseconds, while nobody looks

export const SEND = "/cgi-bin/message/custom/send";

let wanted = () => ({ phones: [], after: 0 });
let show = () => {};
let failed = () => {};
let last = 0; // number of the poll begun last, so that a slow answer never replaces a newer one
let shown = 0;

async function ask(method, path, body) {
  const answer = await fetch(path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const seen = await answer.json();
  if (!answer.ok) throw new Error(seen.error ?? `${answer.status} ${path}`);
  return seen;
}

async function told(promise) {
  try {
    return await promise;
  } catch (error) {
    toast(error.message);
    return null;
  } finally {
    await poll();
  }
}

export async function poll() {
  const number = ++last;
  const { phones, after } = wanted();
  const query = new URLSearchParams([...phones.map((openid) => ["phone", openid]), ["after", after]]);
  let seen = null;
  try {
    seen = await ask("GET", `/sim/page?${query}`);
  } catch (error) {
    failed(error);
    return;
  }
  if (number < shown) return;
  shown = number;
  try {
    await show(seen);
  } catch (error) {
    reportError(error); // a mistake of the page's own: told, and the next poll comes all the same
  }
}

// `asking` says what to ask for, `showing` takes each answer, `failing` an error.
export async function keepPolling(asking, showing, failing) {
  [wanted, show, failed] = [asking, showing, failing];
  for (;;) {
    await poll();
    await new Promise((resume) => { setTimeout(resume, document.hidden ? HIDDEN : EVERY); });
  }
}

export function act(openid, action) {
  const done = ask("POST", `/sim/users/${encodeURIComponent(openid)}/actions`, action);
  setTimeout(poll, 60); // the person's own words are on the phone before the bot has answered
  return told(done);
}

let before = Promise.resolve();

// One after the other as they were pressed: of two requests at once, the later may arrive first.
function inTurn(method, path, body) {
  const done = before.then(() => ask(method, path, body));
  before = done.catch(() => {});
  return told(done);
}

export const meet = () => told(ask("POST", "/sim/users", { following: false }));
export const advance = (seconds) => inTurn("POST", "/sim/clock", { advance: seconds });
export const setFault = (fault) => inTurn("POST", "/sim/faults", fault);
export const clearFaults = () => inTurn("DELETE", "/sim/faults");
export const setWhitelist = (whitelist) => inTurn("POST", "/sim/settings", { whitelist });
export const verify = () => told(ask("POST", "/sim/verify", {}));
export const reset = () => inTurn("POST", "/sim/reset", {});
export const kinds = () => ask("GET", "/sim/kinds");

export async function upload(file) {
  const answer = await fetch("/sim/media", { method: "POST", body: file, headers: { "Content-Type": file.type } });
  const seen = await answer.json();
  if (!answer.ok) throw new Error(seen.error);
  return seen;
}

export async function commandFor(number) {
  const answer = await fetch(`/sim/exchanges/${number}/curl`);
  if (!answer.ok) throw new Error((await answer.json()).error);
  return answer.text();
}
