// XML without its CDATA marks and JSON, with line breaks and indents. Numbers stay as they were written, since msgids are longer than
// JavaScript can count; what cannot be read is shown as it is.

import { make } from "./dom.js";

const STEP = "  ";
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

export function pretty(text) {
  const start = text.trimStart()[0];
  if (start === "<") return xml(text) ?? [text];
  if (start === "{" || start === "[") return json(text) ?? [text];
  return [text];
}

function xml(text) {
  const read = new DOMParser().parseFromString(text, "text/xml");
  if (read.querySelector("parsererror")) return null;
  return element(read.documentElement, "");
}

function element(node, indent) {
  const name = (before) => make("span", { class: "tag" }, `<${before}${node.nodeName}>`);
  const children = [...node.childNodes].filter((child) => child.nodeType === Node.ELEMENT_NODE);
  if (!children.length) return [indent, name(""), node.textContent, name("/"), "\n"];
  return [indent, name(""), "\n", ...children.flatMap((child) => element(child, indent + STEP)), indent, name("/"), "\n"];
}

function json(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const parts = [];
  const tokens = text.match(TOKEN);
  let indent = "";
  tokens.forEach((token, place) => {
    const next = tokens[place + 1];
    if (token === "{" || token === "[") {
      const isEmpty = next === "}" || next === "]";
      indent += STEP;
      parts.push(token, isEmpty ? "" : `\n${indent}`);
    } else if (token === "}" || token === "]") {
      const wasEmpty = tokens[place - 1] === "{" || tokens[place - 1] === "[";
      indent = indent.slice(STEP.length);
      parts.push(wasEmpty ? "" : `\n${indent}`, token);
    } else if (token === ",") parts.push(`,\n${indent}`);
    else if (token === ":") parts.push(": ");
    else parts.push(next === ":" ? make("span", { class: "tag" }, token) : token);
  });
  return parts;
}
