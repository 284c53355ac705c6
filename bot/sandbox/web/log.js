// Keeps the list of bubbles on screen equal to the chat, changing only the rows that changed.
import { answered, row } from "./bubbles.js";
import { h, icon } from "./dom.js";
import { dayKey, dayName } from "./format.js";
import { t } from "./words.js";

const SHOWN = 250; // newest messages drawn; a demo chat rarely has more
const NEAR = 80; // px from the end that still count as "at the end"

export class Log {
  constructor(phone) {
    this.phone = phone;
    this.rows = new Map(); // key → {node, signature}
    this.unreadAt = null; // first unread message when the chat was opened
    this.list = h("div", { class: "log-list" });
    this.view = h(
      "div",
      {
        class: "log",
        role: "log",
        "aria-label": t("chatLog"),
        tabindex: "0",
        testid: "log",
        onscroll: () => this.scrolled(),
      },
      this.list,
    );
    this.badge = h("span", { class: "badge" });
    this.jump = h(
      "button",
      {
        type: "button",
        class: "jump",
        "aria-label": t("toBottom"),
        testid: "to-bottom",
        onclick: () => this.toEnd("smooth"),
      },
      icon("down"),
      this.badge,
    );
    this.root = h("div", { class: "log-frame" }, this.view, this.jump);
    new ResizeObserver(() => this.stuck && this.toEnd()).observe(this.view);
    new ResizeObserver(() => this.stuck && this.toEnd()).observe(this.list);
    this.stuck = true;
  }

  get atEnd() {
    return this.view.scrollHeight - this.view.scrollTop - this.view.clientHeight < NEAR;
  }

  toEnd(behavior = "instant") {
    this.stuck = true;
    this.extent = this.view.scrollHeight - this.view.clientHeight;
    this.view.scrollTo({ top: this.view.scrollHeight, behavior });
  }

  scrolled() {
    // The view changed its size under us (a keyboard opened, a photo came): nobody scrolled, stay at the end.
    if (this.stuck && this.extent !== this.view.scrollHeight - this.view.clientHeight) return this.toEnd();
    this.stuck = this.atEnd;
    this.marks();
    if (this.stuck) this.phone.readIfSeen();
  }

  /** Scrolls to a message and lights it up. */
  show(messageId) {
    const node = this.list.querySelector(`[data-message-id="${messageId}"]`);
    node?.scrollIntoView({ block: "center", behavior: "smooth" });
    if (node) light(node);
  }

  marks() {
    const { unread } = this.phone.chat;
    this.jump.classList.toggle("shown", !this.stuck);
    this.badge.textContent = unread || "";
  }

  /** Remembers where the unread part begins, once, when a chat is opened. */
  markUnread() {
    const { list, unread } = this.phone.chat;
    const incoming = list.filter((message) => !message.outgoing);
    this.unreadAt = unread && unread < list.length ? (incoming.at(-unread)?.message_id ?? null) : null;
  }

  render() {
    const stuck = this.stuck;
    const wanted = this.wanted();
    const keep = new Set(wanted.map((item) => item.key));
    for (const [key, { node }] of this.rows) if (!keep.has(key)) (this.rows.delete(key), node.remove());
    let after = null;
    for (const item of wanted) {
      const node = this.place(item);
      const next = after ? after.nextSibling : this.list.firstChild;
      if (node !== next) this.list.insertBefore(node, next);
      after = node;
    }
    if (stuck) this.toEnd();
    this.marks();
  }

  place({ key, signature, draw, seen }) {
    const had = this.rows.get(key);
    let node = had?.node;
    if (!had || had.signature !== signature) {
      node = draw();
      if (had) (had.node.replaceWith(node), light(node));
      this.rows.set(key, { node, signature });
    }
    if (seen !== undefined) node.classList.toggle("seen", seen);
    return node;
  }

  /** What should be on screen, top to bottom. */
  wanted() {
    const messages = this.phone.chat.list.slice(-SHOWN);
    const lastIn = messages.findLast((message) => !message.outgoing)?.message_id ?? 0;
    const out = [];
    let day = "";
    for (const group of grouped(messages)) {
      const [first] = group;
      const today = dayKey(first.date);
      if (today !== day)
        out.push({
          key: `day-${today}`,
          signature: "",
          draw: () => h("p", { class: "day" }, h("span", {}, dayName(first.date))),
        });
      day = today;
      if (group.some((message) => message.message_id === this.unreadAt))
        out.push({ key: "unread", signature: "", draw: () => h("p", { class: "unread-line" }, t("unread")) });
      // What the person sent has been seen by the bot once the bot has spoken after it.
      out.push({
        key: `m-${first.message_id}`,
        signature: JSON.stringify(group),
        seen: first.message_id < lastIn,
        draw: () => row(group, this.phone),
      });
    }
    return out;
  }

  /** The answer to a press has come: the button of that message stops waiting. */
  settle(messageId, data) {
    const row = this.list.querySelector(`[data-message-id="${messageId}"]`);
    for (const button of row?.querySelectorAll(".waiting") || [])
      if (data === undefined || button.dataset.data === data) answered(button);
  }
}

function grouped(messages) {
  const groups = [];
  for (const message of messages) {
    const album = message.media_group_id;
    if (album && groups.at(-1)?.[0].media_group_id === album) groups.at(-1).push(message);
    else groups.push([message]);
  }
  return groups;
}

function light(node) {
  node.classList.remove("lit");
  void node.offsetWidth; // restarts the animation
  node.classList.add("lit");
}
