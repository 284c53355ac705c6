// The bottom of a phone: writing, the reply keyboard, the menu of commands, START.
import { h, icon, iconButton } from "./dom.js";
import { t } from "./words.js";

const TALLEST = 120; // px of the writing field before it scrolls

export class Composer {
  constructor(phone) {
    this.phone = phone;
    this.reply = null;
    this.field = h("textarea", {
      class: "field",
      rows: "1",
      testid: "composer",
      "aria-label": t("message"),
      enterkeyhint: "send",
      oninput: () => this.typed(),
      onkeydown: (event) => this.key(event),
    });
    this.menuButton = h(
      "button",
      {
        type: "button",
        class: "menu-button",
        testid: "menu",
        "aria-expanded": "false",
        onclick: () => this.toggleMenu(),
      },
      icon("menu"),
      h("span", {}, t("menu")),
    );
    this.attach = iconButton("clip", t("attach"), () => this.phone.attach.open(), { testid: "attach" });
    this.fold = iconButton("keyboard", t("keyboardHide"), () => this.toggleKeyboard(), { testid: "keyboard-toggle" });
    this.mic = iconButton("mic", t("voice"), () => this.phone.attach.open("voice"), {
      testid: "voice",
      class: "strong",
    });
    this.sendButton = iconButton("send", t("send"), () => this.send(), { testid: "send", class: "strong" });
    this.bar = h(
      "div",
      { class: "bar" },
      this.menuButton,
      this.attach,
      this.field,
      this.fold,
      this.mic,
      this.sendButton,
    );
    this.startButton = h("button", {
      type: "button",
      class: "start",
      testid: "start",
      onclick: () => this.phone.send({ type: "start" }),
    });
    this.replyBar = h("div", { class: "reply-bar" });
    this.commands = h("div", { class: "commands", testid: "commands" });
    this.keys = h("div", { class: "keys", testid: "reply-keyboard" });
    this.root = h("footer", { class: "bottom" }, this.commands, this.replyBar, this.bar, this.keys, this.startButton);
    this.drawn = "";
    this.menuOpen = false;
  }

  get chat() {
    return this.phone.chat;
  }

  render() {
    const { started, blocked, keyboard, keyboardFolded, commands } = this.chat;
    const open = started && !blocked;
    this.root.classList.toggle("closed", !open);
    this.startButton.textContent = t(blocked ? "restart" : "start");
    this.menuButton.hidden = !commands.length;
    this.fold.hidden = !keyboard?.keyboard;
    this.keys.hidden = !keyboard?.keyboard || keyboardFolded || !open;
    this.fold.classList.toggle("on", !this.keys.hidden);
    this.fold.setAttribute("aria-expanded", String(!this.keys.hidden));
    const label = t(this.keys.hidden ? "keyboardShow" : "keyboardHide");
    this.fold.title = label;
    this.fold.setAttribute("aria-label", label);
    this.field.placeholder = keyboard?.input_field_placeholder || t("message");
    if (this.field.value !== this.chat.draft) this.field.value = this.chat.draft;
    this.drawKeys(keyboard);
    this.typed();
  }

  drawKeys(keyboard) {
    const signature = JSON.stringify(keyboard?.keyboard || null);
    if (signature === this.drawn) return;
    this.drawn = signature;
    const key = (item) => {
      const button = typeof item === "string" ? { text: item } : item;
      return h(
        "button",
        { type: "button", class: "key", testid: "key", onclick: () => this.tap(button) },
        button.text,
      );
    };
    this.keys.replaceChildren(
      ...(keyboard?.keyboard || []).map((line) => h("div", { class: "keys-row" }, line.map(key))),
    );
  }

  tap(button) {
    if (this.chat.keyboard?.one_time_keyboard) this.chat.keyboardFolded = true;
    if (button.request_contact) return this.phone.shareContact();
    if (button.request_location) return this.phone.attach.open("location");
    return this.phone.send({ type: "text", text: button.text });
  }

  toggleKeyboard() {
    this.chat.keyboardFolded = !this.chat.keyboardFolded;
    this.render();
    this.phone.log.toEnd();
  }

  typed() {
    this.chat.draft = this.field.value;
    const empty = !this.field.value.trim();
    this.mic.hidden = !empty;
    this.sendButton.hidden = empty;
    this.field.style.height = "auto"; // one line when empty: a long placeholder must not make it taller
    if (!empty) this.field.style.height = `${Math.min(TALLEST, this.field.scrollHeight)}px`;
    this.drawCommands();
  }

  key(event) {
    if (event.key === "Escape") (this.setReply(null), this.setMenu(false));
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.send();
  }

  async send() {
    const text = this.field.value.trim();
    if (!text) return;
    const reply = this.reply;
    this.field.value = "";
    this.typed();
    this.setReply(null);
    const sent = await this.phone.send({ type: "text", text, reply_to: reply?.message_id });
    if (!sent && !this.field.value) ((this.field.value = text), this.typed());
  }

  setReply(message) {
    this.reply = message;
    this.root.classList.toggle("replying", Boolean(message));
    if (!message) return this.replyBar.replaceChildren();
    const text = message.text || message.caption || t(message.photo ? "photo" : "message");
    this.replyBar.replaceChildren(
      icon("reply"),
      h("span", {}, h("strong", {}, t("replying")), text),
      iconButton("close", t("cancel"), () => this.setReply(null)),
    );
    this.field.focus();
  }

  toggleMenu() {
    this.setMenu(!this.menuOpen);
  }

  setMenu(open) {
    this.menuOpen = open;
    this.drawCommands();
  }

  /** The list of commands: after Menu, or while a command is being typed. */
  drawCommands() {
    const typed = this.field.value;
    const typing = /^\/[a-z0-9_]*$/i.test(typed);
    const fitting = this.chat.commands.filter(({ command }) => !typing || `/${command}`.startsWith(typed));
    const open = (this.menuOpen || typing) && fitting.length > 0;
    this.menuButton.setAttribute("aria-expanded", String(this.menuOpen));
    this.commands.hidden = !open;
    if (open) this.commands.replaceChildren(...fitting.map((item) => this.commandLine(item)));
  }

  commandLine({ command, description }) {
    const onclick = () => {
      this.field.value = "";
      this.setMenu(false);
      this.typed();
      this.phone.send({ type: "text", text: `/${command}` });
    };
    return h(
      "button",
      { type: "button", class: "command", testid: "command", onclick },
      h("span", {}, description),
      h("code", {}, `/${command}`),
    );
  }
}
