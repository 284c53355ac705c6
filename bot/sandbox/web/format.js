// Turns times, sizes and the bot's own markup into what a reader sees.
import { h } from "./dom.js";
import { locale } from "./words.js";

export const ZONE = "Asia/Shanghai"; // the county's clock, wherever the browser is

const shown = (date, options) => new Intl.DateTimeFormat(locale(), { timeZone: ZONE, ...options }).format(date);

/** "08:30" from Unix seconds or a Date. */
export const clockTime = (when) => shown(asDate(when), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** "2024-06-20", also the key of a day. */
export const dayKey = (when) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" }).format(
    asDate(when),
  );

/** "6月20日 星期四" / "Thu, 20 June". */
export const dayName = (when) => shown(asDate(when), { month: "long", day: "numeric", weekday: "short" });

function asDate(when) {
  return when instanceof Date ? when : new Date(when * 1000);
}

export function fileSize(bytes) {
  if (!bytes) return "";
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export const duration = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;

const ALLOWED = new Set(["B", "I", "U", "S", "CODE", "PRE", "A", "BLOCKQUOTE", "BR"]);

/** The server's HTML rebuilt from known tags only, with commands, links and codes made pressable. */
export function rich(html, actions) {
  const source = new DOMParser().parseFromString(html || "", "text/html").body;
  const body = document.createDocumentFragment();
  body.append(...[...source.childNodes].flatMap((node) => rebuilt(node, actions)));
  return body;
}

function rebuilt(node, actions) {
  if (node.nodeType === Node.TEXT_NODE) return [node.data];
  if (node.nodeType !== Node.ELEMENT_NODE) return [];
  const inside = [...node.childNodes].flatMap((child) => rebuilt(child, actions));
  if (node.classList.contains("spoiler")) return [spoiler(inside)];
  if (!ALLOWED.has(node.tagName)) return inside;
  if (node.tagName === "A") return [link(node, inside, actions)];
  const copy = node.tagName === "CODE" || node.tagName === "PRE";
  const props = copy ? { class: "copyable", onclick: () => actions.onCopy(node.textContent) } : {};
  return [h(node.tagName.toLowerCase(), props, inside)];
}

function link(node, inside, actions) {
  const href = node.getAttribute("href") || "";
  if (node.classList.contains("command"))
    return h("button", { type: "button", class: "link", onclick: () => actions.onCommand(node.textContent) }, inside);
  if (!/^https?:/i.test(href)) return h("span", {}, inside);
  const onclick = (event) => {
    event.preventDefault();
    actions.onLink(href);
  };
  return h("a", { href, rel: "noopener noreferrer", target: "_blank", onclick }, inside);
}

function spoiler(inside) {
  const node = h("span", { class: "spoiler", onclick: () => node.classList.remove("spoiler") }, inside);
  return node;
}
