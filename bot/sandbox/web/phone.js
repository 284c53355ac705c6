// One phone: whose it is, its screen, and what its owner does with it.
import * as api from "./api.js";
import { Attach } from "./attach.js";
import { Composer } from "./composer.js";
import { avatar, h, icon, iconButton } from "./dom.js";
import { clockTime } from "./format.js";
import { Log } from "./log.js";
import { Stage } from "./stage.js";
import { t } from "./words.js";

export const ROLES = ["worker", "officer", "admin"];

export class Phone {
  /** app gives: people, bot, county, clock, chatOf(userId), pick(phone), findPeople(word), progress. */
  constructor(app, index) {
    this.app = app;
    this.index = index;
    this.chat = null;
    this.root = h("section", { class: "phone", testid: `phone-${index}`, "data-index": index });
    this.onChange = (event) => this.changed(event.detail);
    this.actions = {
      onCommand: (text) => this.send({ type: "text", text }),
      onLink: (href) =>
        this.stage.ask(t("openLink"), {
          note: href,
          yes: t("open"),
          onYes: () => window.open(href, "_blank", "noopener"),
        }),
      onCopy: (text) => this.copy(text),
    };
  }

  get person() {
    return this.app.people.get(this.userId);
  }

  get botName() {
    return this.app.bot.name || t("brand");
  }

  get county() {
    return this.app.county;
  }

  get role() {
    return t(ROLES[this.index]);
  }

  /** Name and village or township, for a narrow tab. */
  get shortAbout() {
    const place = (this.person.group || []).at(-1);
    return [this.person.first_name, place !== "县" && place].filter(Boolean).join(" · ");
  }

  /** Whether its screen can be seen now (on a small window only one phone is shown). */
  get visible() {
    return !document.hidden && this.root.offsetParent !== null;
  }

  /** Gives the phone to a person and draws it. */
  give(userId) {
    this.chat?.removeEventListener("change", this.onChange);
    this.userId = userId;
    this.chat = this.app.chatOf(userId);
    this.chat.addEventListener("change", this.onChange);
    this.build();
  }

  /** Draws everything anew: for another person or another language. */
  build() {
    const screen = h("div", { class: "screen" });
    this.stage = new Stage(screen);
    this.attach = new Attach(this);
    this.log = new Log(this);
    this.composer = new Composer(this);
    this.subtitle = h("span", { class: "subtitle" });
    this.clockNode = h("span", { class: "status-time" });
    this.about = h(
      "div",
      { class: "about" },
      h("strong", {}, t("whatCan")),
      h("p", {}, this.app.bot.description || t("about")),
    );
    screen.append(this.statusBar(), this.header(), this.log.root, this.composer.root);
    this.log.root.append(this.about);
    this.owner = this.ownerBar();
    this.root.setAttribute("aria-label", t("phoneOf", { role: this.role }));
    this.root.replaceChildren(this.owner, h("div", { class: "case" }, screen));
    if (this.chat.loaded) this.log.markUnread();
    this.tick();
    this.render();
  }

  ownerBar() {
    const { person } = this;
    const group = (person.group || []).join(" ");
    const label = [person.label || this.role, group].filter(Boolean);
    const line = label[0].includes(group) ? label[0] : label.join(" · ");
    return h(
      "div",
      { class: "owner" },
      avatar(person.first_name, person.user_id),
      h("div", { class: "owner-lines" }, h("strong", {}, person.first_name), h("span", {}, line)),
      h(
        "button",
        {
          type: "button",
          class: "swap",
          testid: "person-picker",
          "aria-label": t("changeLabel"),
          title: t("changeLabel"),
          onclick: () => this.app.pick(this),
        },
        icon("swap"),
        t("change"),
        h("span", { class: "news", hidden: true }),
      ),
    );
  }

  statusBar() {
    return h(
      "div",
      { class: "status", "aria-hidden": "true" },
      this.clockNode,
      h(
        "span",
        { class: "status-signs" },
        h("i", { class: "signal" }),
        h("b", {}, "5G"),
        h("i", { class: "battery" }),
      ),
    );
  }

  header() {
    const block = () => this.stage.ask(t("blockAsk"), { yes: t("block"), onYes: () => this.send({ type: "block" }) });
    this.moreButton = iconButton("more", t("more"), block, { testid: "more" });
    return h(
      "header",
      { class: "chat-head" },
      h("span", { class: "bot-face", "aria-hidden": "true" }, h("img", { src: api.ownUrl("logo.svg"), alt: "" })),
      h("div", { class: "chat-title" }, h("strong", {}, this.botName), this.subtitle),
      this.moreButton,
    );
  }

  /** The time in the status bar, and "typing…" that fades by itself. */
  tick() {
    this.clockNode.textContent = clockTime(this.app.clock.now());
    const typing = this.chat.typingUntil > Date.now();
    this.subtitle.textContent = typing ? t("typing") : t("bot");
    this.subtitle.classList.toggle("typing", typing);
  }

  changed({ type, data }) {
    if (type === "load") this.log.markUnread();
    if (type === "toast") this.answer(data);
    if (this.pending) return;
    this.pending = true;
    queueMicrotask(() => {
      this.pending = false;
      this.render();
      this.app.progress.look();
    });
  }

  render() {
    if (!this.chat.loaded) return;
    this.log.render();
    this.composer.render();
    this.tick();
    const fresh = !this.chat.started && !this.chat.list.length;
    this.about.hidden = !fresh;
    this.moreButton.hidden = !this.chat.started || this.chat.blocked;
    this.readIfSeen();
    this.app.marks();
  }

  readIfSeen() {
    if (this.visible && this.log.stuck && this.chat.unread && !this.chat.blocked) this.chat.read();
  }

  answer(data) {
    this.log.settle(data.message_id, data.data);
    if (!data.text) return;
    if (data.show_alert) this.stage.alert(data.text);
    else this.stage.toast(data.text);
  }

  async send(body) {
    if (this.log.stuck === false) this.log.toEnd();
    return this.attempt(() => api.send(this.userId, body));
  }

  async sendFiles(type, files, fields) {
    this.log.toEnd();
    return this.attempt(() => api.sendFiles(this.userId, type, files, fields));
  }

  async press(message, button) {
    this.app.progress.pressed(this.index, button.text);
    await api.press(this.userId, message.message_id, button.callback_data);
  }

  async attempt(action) {
    try {
      await action();
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  fail(error) {
    this.stage.toast(t("sendError", { why: error.message }));
  }

  replyTo(message) {
    window.getSelection()?.removeAllRanges();
    this.composer.setReply(message);
  }

  shareContact() {
    this.stage.ask(t("shareContact", { bot: this.botName }), {
      note: t("shareContactNote", { phone: this.person.phone }),
      yes: t("share"),
      onYes: () => this.send({ type: "contact" }),
    });
  }

  copy(text) {
    navigator.clipboard?.writeText(text).catch(() => {});
    this.stage.toast(t("copied"));
  }

  /** Where this person would take a photo: the place written on a sample photo. */
  placeName() {
    const group = this.person.group || [];
    return ["开化县", ...group.filter((name) => name !== "县" && name !== "开化县")].join(" · ");
  }
}
