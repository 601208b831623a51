// Moments as the phone tells them: Beijing time, whatever the machine's own zone.

import { locale, say } from "./words.js";

const ZONE = "Asia/Shanghai";
const DAY = 86_400; // seconds
const BEIJING = 8 * 3600; // seconds ahead of UTC

const format = (seconds, options) =>
  new Date(seconds * 1000).toLocaleString(locale(), { timeZone: ZONE, hour12: false, ...options });
const dayOf = (seconds) => Math.floor((seconds + BEIJING) / DAY);

export const clockText = (seconds) => format(seconds, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const fullText = (seconds) =>
  `${format(seconds, { weekday: "short", month: "short", day: "numeric" })} ${clockText(seconds)}`;

// The line between two messages: the time alone today, then yesterday, the weekday, the date.
export function lineText(seconds, now) {
  const time = format(seconds, { hour: "2-digit", minute: "2-digit" });
  const days = dayOf(now) - dayOf(seconds);
  if (days <= 0) return time;
  if (days === 1) return say("yesterday", { time });
  if (days < 7) return `${format(seconds, { weekday: "short" })} ${time}`;
  return `${format(seconds, { month: "short", day: "numeric" })} ${time}`;
}

export function spanText(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
