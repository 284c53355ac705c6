// Draws one row of a chat: a bubble or an album with its time, marks and inline buttons.
import { h, icon } from "./dom.js";
import { clockTime, rich } from "./format.js";
import * as media from "./media.js";
import { t } from "./words.js";

const SLOW_MS = 15_000; // a button stops waiting after this, as the chat app does

/** A row for one message or for all messages of one album; `phone` carries out what is pressed. */
export function row(messages, phone) {
  const [first] = messages;
  const last = messages.at(-1);
  const side = first.outgoing ? "mine" : "theirs";
  const bubble = h(
    "div",
    { class: `bubble ${kind(messages)}`, testid: "bubble" },
    quote(first, phone),
    origin(first),
    body(messages, phone),
    words(messages, phone),
    meta(messages),
  );
  const stack = h("div", { class: `stack ${first.photo ? "stack-photo" : ""}` }, bubble, inline(last, phone));
  // One width for picture, words and buttons; a percentage inside would shrink the picture to the words.
  stack.style.setProperty("--wide", bubble.querySelector(".photo")?.style.getPropertyValue("--wide") || "300px");
  return h(
    "article",
    {
      class: `row ${side}`,
      "data-message-id": first.message_id,
      testid: "message",
      "aria-label": first.outgoing ? phone.person.first_name : phone.botName,
      ondblclick: () => phone.replyTo(first),
    },
    stack,
  );
}

function kind(messages) {
  const [first] = messages;
  const written = messages.some((message) => message.text || message.caption);
  const pictured = first.photo || first.location || first.venue;
  return [pictured ? "pictured" : "", written ? "written" : "bare"].join(" ");
}

function body(messages, phone) {
  const [first] = messages;
  if (messages.length > 1 && first.photo) return media.album(messages);
  if (messages.length > 1) return messages.map((message) => body([message], phone));
  if (first.photo) return media.photo(first);
  if (first.venue || first.location) return media.location(first, phone.county);
  if (first.contact) return media.contact(first);
  if (first.document) return media.file(first);
  if (first.voice || first.audio) return media.voice({ voice: first.voice || first.audio });
  return first.text || first.caption ? null : h("p", { class: "text muted" }, t("unsupported"));
}

function words(messages, phone) {
  const message = messages.find((item) => item.html || item.text || item.caption);
  if (!message) return null;
  const plain = h("i", {}, message.text || message.caption || "").innerHTML;
  return h(
    "div",
    { class: "text", testid: "text" },
    rich(message.html || plain, phone.actions),
    h("span", { class: "meta-room" }),
  );
}

function quote(message, phone) {
  const to = message.reply_to_message;
  if (!to) return null;
  const text = to.text || to.caption || (to.photo ? t("photo") : to.location ? t("location") : "…");
  return h(
    "button",
    { type: "button", class: "quote", onclick: () => phone.log.show(to.message_id) },
    h("strong", {}, to.from?.is_bot ? phone.botName : phone.person.first_name),
    h("span", {}, text),
  );
}

function origin(message) {
  const from = message.forward_origin;
  if (!from) return null;
  const name = from.sender_user?.first_name || from.sender_user_name || from.chat?.title || "?";
  return h("p", { class: "forwarded" }, t("forwarded", { name }));
}

function meta(messages) {
  const last = messages.at(-1);
  const edited = messages.some((message) => message.edited || message.edit_date);
  return h(
    "span",
    { class: "meta" },
    edited && h("span", { class: "edited" }, t("edited")),
    h("time", { datetime: new Date(last.date * 1000).toISOString() }, clockTime(last.date)),
    last.outgoing && h("span", { class: "ticks", "aria-hidden": "true" }, icon("check"), icon("check")),
  );
}

function inline(message, phone) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows?.length) return null;
  return h(
    "div",
    { class: "inline", role: "group" },
    rows.map((buttons) =>
      h(
        "div",
        { class: "inline-row" },
        buttons.map((button) => inlineButton(button, message, phone)),
      ),
    ),
  );
}

function inlineButton(button, message, phone) {
  const outward = button.url ? h("span", { class: "corner", "aria-hidden": "true" }, "↗") : null;
  const node = h(
    "button",
    {
      type: "button",
      class: "inline-button",
      testid: "inline",
      "data-data": button.callback_data,
      onclick: () => pressed(node, button, message, phone),
    },
    h("span", { class: "inline-label" }, button.text),
    outward,
  );
  return node;
}

async function pressed(node, button, message, phone) {
  if (button.url) return phone.actions.onLink(button.url);
  if (button.copy_text) return phone.actions.onCopy(button.copy_text.text);
  if (!button.callback_data || node.classList.contains("waiting")) return;
  node.classList.add("waiting");
  node.setAttribute("aria-busy", "true");
  setTimeout(() => answered(node), SLOW_MS);
  try {
    await phone.press(message, button);
  } catch (error) {
    answered(node);
    phone.fail(error);
  }
}

/** The answer to a press has come: the button stops waiting. */
export function answered(node) {
  node.classList.remove("waiting");
  node.removeAttribute("aria-busy");
}
