// Keeps what one person sees: messages, keyboard, commands; it draws nothing.
import * as api from "./api.js";

const TYPING_MS = 5000;

export class Chat extends EventTarget {
  constructor(userId) {
    super();
    this.userId = userId;
    this.messages = new Map();
    this.keyboard = null;
    this.keyboardFolded = false;
    this.commands = [];
    this.started = false;
    this.blocked = false;
    this.unread = 0;
    this.typingUntil = 0;
    this.draft = "";
    this.loaded = false;
    this.waiting = null; // events that came while a fresh copy was under way
  }

  /** Messages, oldest first. */
  get list() {
    return [...this.messages.values()].sort((a, b) => a.message_id - b.message_id);
  }

  /** Reads the whole chat afresh; events that arrive meanwhile are applied on top, so none is lost. */
  async load() {
    this.waiting = this.waiting || [];
    const fresh = await api.chat(this.userId);
    this.messages = new Map(fresh.messages.map((message) => [message.message_id, message]));
    this.setKeyboard(fresh.keyboard);
    this.commands = fresh.commands || [];
    Object.assign(this, { started: fresh.started, blocked: fresh.blocked, unread: fresh.unread || 0 });
    this.loaded = true;
    const late = this.waiting;
    this.waiting = null;
    for (const event of late) this.apply(event);
    this.changed("load");
  }

  apply(event) {
    if (this.waiting) return void this.waiting.push(event);
    const { type, data } = event;
    if (type === "message") this.take(data);
    else if (type === "edit") this.messages.set(data.message_id, data);
    else if (type === "delete") this.messages.delete(data.message_id);
    else if (type === "keyboard") this.setKeyboard(data);
    else if (type === "commands") this.commands = data || [];
    else if (type === "typing") this.typingUntil = Date.now() + TYPING_MS;
    else if (type === "state") this.setState(data);
    this.changed(type, data);
  }

  take(message) {
    const known = this.messages.has(message.message_id);
    this.messages.set(message.message_id, message);
    if (message.outgoing) return void (this.unread = 0); // who writes has looked
    this.typingUntil = 0;
    if (!known) this.unread += 1;
  }

  setKeyboard(keyboard) {
    if (JSON.stringify(keyboard) === JSON.stringify(this.keyboard)) return;
    this.keyboard = keyboard || null;
    this.keyboardFolded = false;
  }

  setState(data) {
    for (const key of ["started", "blocked", "unread"]) if (data && key in data) this[key] = data[key];
  }

  changed(type, data) {
    this.dispatchEvent(new CustomEvent("change", { detail: { type, data } }));
  }

  /** Marks everything as read, here at once and on the server. */
  async read() {
    if (!this.unread) return;
    this.unread = 0;
    this.changed("state");
    await api.send(this.userId, { type: "read" }).catch(() => {});
  }
}
