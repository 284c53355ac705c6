// Builds DOM nodes and nothing else: it knows neither chats nor words.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "testid") node.setAttribute("data-testid", value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child || child === 0));
  return node;
}

/** An HTML element: h("button", {class: "x", onclick: f, testid: "send"}, "text", child, [children]). */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG elements. */
export function s(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

const ICONS = {
  clip: "M7.5 12.5 14 6a3.2 3.2 0 0 1 4.6 4.6l-8.2 8.2a5.2 5.2 0 0 1-7.4-7.4l7.9-7.9",
  send: "M3.4 20.2 21 12 3.4 3.8l-.1 6.3L14 12 3.3 13.9z",
  mic: "M12 15a3.2 3.2 0 0 0 3.2-3.2V6.2a3.2 3.2 0 0 0-6.4 0v5.6A3.2 3.2 0 0 0 12 15zM6 11.5a6 6 0 0 0 12 0M12 17.5V21",
  keyboard: "M3 6.5h18v11H3zM6.5 10h.01M10 10h.01M14 10h.01M17.5 10h.01M6.5 13.7h.01M17.5 13.7h.01M9.5 13.7h5",
  down: "m6 9 6 6 6-6",
  left: "m14.5 5-7 7 7 7",
  close: "m6 6 12 12M18 6 6 18",
  more: "M12 5.2v.01M12 12v.01M12 18.8v.01",
  image: "M3.5 5h17v14h-17zM4 16.5l5-5.5 4 4 2.5-2.5 4.5 4.5M15.5 9h.01",
  file: "M6 3.5h8l4.5 4.5v12.5H6zM14 3.5V8h4.5",
  pin: "M12 21s7-6.3 7-11.5a7 7 0 1 0-14 0C5 14.7 12 21 12 21zM12 12a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2z",
  person: "M12 12.2a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6",
  play: "M8 5.2v13.6L19 12z",
  pause: "M8 5.5v13M16 5.5v13",
  check: "m4.5 12.5 5 5L20 7",
  search: "M10.8 17.3a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.6 15.6 20.5 20.5",
  swap: "M4 8.5h14l-3.5-3.5M20 15.5H6l3.5 3.5",
  reply: "m9.5 6-5.5 5 5.5 5M4.5 11H14c4 0 6 2.5 6 7",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  menu: "M4 7h16M4 12h16M4 17h16",
  whole: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  help: "M9 9.3a3 3 0 1 1 4.3 2.7c-.9.5-1.3 1.1-1.3 2.2M12 17.5v.01",
};
const FILLED = new Set(["send", "play"]);

/** A 24 px line drawing by name; purely decorative, so hidden from readers. */
export function icon(name) {
  const kind = FILLED.has(name) ? "icon icon-filled" : "icon";
  return s("svg", { class: kind, viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: ICONS[name] }));
}

/** A round button that shows only a drawing; `label` is what a reader hears and a mouse sees. */
export function iconButton(name, label, onclick, props = {}) {
  return h(
    "button",
    {
      type: "button",
      "aria-label": label,
      title: label,
      onclick,
      ...props,
      class: `icon-button ${props.class || ""}`,
    },
    icon(name),
  );
}

/** A coloured disc with the first character of a name; the colour stays the same for one key. */
export function avatar(name, key, size = "") {
  const hue = [...String(key)].reduce((sum, char) => (sum * 31 + char.codePointAt(0)) % 7, 0);
  return h("span", { class: `avatar avatar-${hue} ${size}`, "aria-hidden": "true" }, [...(name || "?")][0]);
}
