// Starts the page and joins its parts: three phones, the bar above them, the event stream.
import * as api from "./api.js";
import { Chat } from "./chat.js";
import { h } from "./dom.js";
import { Guide } from "./guide.js";
import { County } from "./map.js";
import { Phone, ROLES } from "./phone.js";
import { matching, openPicker } from "./picker.js";
import { DemoClock, Topbar } from "./topbar.js";
import { botLanguage, language, setLanguage, t } from "./words.js";

const SHOWN_KEY = "cunshao.phones";
const LANGUAGE_KEY = "cunshao.language";
const PEOPLE_MS = 20_000; // how often news of people not on screen is looked for
const STATE_MS = 30_000;

class App {
  constructor() {
    this.people = new Map();
    this.bot = {};
    this.county = new County(null);
    this.clock = new DemoClock();
    this.chats = new Map();
    this.defaults = [];
    this.lost = false;
    this.phones = [];
    this.shown = 0; // the phone on screen when the window is narrow
    this.notice = h("div", { class: "notice", role: "status", testid: "notice", hidden: true });
    this.tabs = h("nav", { class: "phone-tabs" });
    this.desk = h("main", { class: "desk" });
  }

  async start() {
    setLanguage(localStorage.getItem(LANGUAGE_KEY) || "zh");
    this.topbar = new Topbar({
      clock: this.clock,
      onLanguage: () => this.switchLanguage(),
      onHelp: () => this.progress.toggle(),
      onState: (state) => this.takeState(state),
      say: (text) => this.say(text),
    });
    this.progress = new Guide({
      chats: () => this.phones.map((phone) => phone.chat),
      seconds: () => Math.floor(this.clock.now().getTime() / 1000),
    });
    document.body.append(this.topbar.root, this.progress.root, this.tabs, this.desk, this.notice);
    await this.topbar.refresh();
    await this.loadPeople();
    this.phones = ROLES.map((_, index) => new Phone(this, index));
    this.desk.replaceChildren(...this.phones.map((phone) => phone.root));
    this.whoIsShown().forEach((userId, index) => this.phones[index].give(userId));
    this.drawTabs();
    this.events = new api.Events({
      onEvent: (event) => this.chats.get(event.user_id)?.apply(event),
      onOpen: () => this.opened(),
      onLost: () => this.setLost(true),
    });
    this.watch();
    setInterval(() => this.tick(), 1000);
    setInterval(() => document.hidden || this.loadPeople().catch(() => {}), PEOPLE_MS);
    setInterval(() => document.hidden || this.topbar.refresh(), STATE_MS);
    document.addEventListener("visibilitychange", () => this.phones.forEach((phone) => phone.readIfSeen()));
  }

  async loadPeople() {
    const { bot, people } = await api.people();
    this.bot = bot || {};
    this.people = new Map(people.map((person) => [person.user_id, person]));
    this.marks();
  }

  takeState(state) {
    if (state.defaults) this.defaults = state.defaults;
    if (state.map && !this.county.known) this.county = new County(state.map);
    if (!localStorage.getItem(LANGUAGE_KEY) && state.lang) setLanguage(state.lang.startsWith("en") ? "en" : "zh");
  }

  /** Three people: those of this tab's last visit, else the demo's choice, else the first three. */
  whoIsShown() {
    const kept = JSON.parse(sessionStorage.getItem(SHOWN_KEY) || "[]");
    const everybody = [...this.people.keys()];
    return ROLES.map((_, i) =>
      [kept[i], this.defaults[i], everybody[i], everybody[0]].find((id) => this.people.has(id)),
    );
  }

  chatOf(userId) {
    if (!this.chats.has(userId)) this.chats.set(userId, new Chat(userId));
    return this.chats.get(userId);
  }

  watch() {
    const ids = this.phones.map((phone) => phone.userId);
    sessionStorage.setItem(SHOWN_KEY, JSON.stringify(ids));
    for (const id of this.chats.keys()) if (!ids.includes(id)) this.chats.delete(id);
    this.events.watch([...new Set(ids)]);
  }

  /** The stream is open (again): whatever was missed is read afresh. */
  opened() {
    if (this.lost) this.comeBack().catch(() => {});
    this.setLost(false);
    for (const chat of this.chats.values()) chat.load().catch((error) => this.say(error.message));
  }

  /** After a loss it may be another server with other people: then everything is begun anew. */
  async comeBack() {
    this.say(t("back"));
    await Promise.all([this.loadPeople(), this.topbar.refresh()]);
    if (this.phones.some((phone) => !this.people.has(phone.userId))) window.location.reload();
  }

  setLost(lost) {
    this.lost = lost;
    if (lost) this.say(t("lost"), true);
  }

  say(text, stays = false) {
    clearTimeout(this.silence);
    this.notice.textContent = text;
    this.notice.hidden = false;
    this.notice.classList.toggle("worry", stays);
    if (!stays) this.silence = setTimeout(() => (this.notice.hidden = true), 3500);
  }

  tick() {
    this.topbar.tick();
    this.phones.forEach((phone) => phone.tick());
  }

  findPeople(word) {
    return matching([...this.people.values()], word);
  }

  async pick(phone) {
    await this.loadPeople().catch(() => {});
    openPicker({
      people: [...this.people.values()],
      shown: this.phones.map((each) => each.userId),
      current: phone.userId,
      onPick: (userId) => {
        phone.give(userId);
        this.drawTabs();
        this.watch();
      },
    });
  }

  async switchLanguage() {
    setLanguage(language() === "zh" ? "en" : "zh");
    localStorage.setItem(LANGUAGE_KEY, language());
    this.topbar.render();
    this.progress.render();
    this.phones.forEach((phone) => phone.build());
    this.drawTabs();
    const joined = [...this.chats.values()].filter((chat) => chat.started && !chat.blocked);
    const text = `/language ${botLanguage(language())}`;
    await Promise.allSettled(joined.map((chat) => api.send(chat.userId, { type: "text", text })));
  }

  drawTabs() {
    this.tabs.setAttribute("role", "tablist");
    this.tabs.replaceChildren(
      ...this.phones.map((phone, index) =>
        h(
          "button",
          {
            type: "button",
            role: "tab",
            class: "phone-tab",
            testid: `tab-${index}`,
            "aria-selected": String(index === this.shown),
            onclick: () => this.showPhone(index),
          },
          h("strong", {}, phone.role),
          h("span", {}, phone.shortAbout),
          h("span", { class: "badge" }),
        ),
      ),
    );
    this.phones.forEach((phone, index) => phone.root.classList.toggle("front", index === this.shown));
    this.marks();
  }

  showPhone(index) {
    this.shown = index;
    this.drawTabs();
    this.phones[index].log.toEnd();
    this.phones[index].readIfSeen();
  }

  /** Unread marks: on the tabs, and on "change" when somebody not on screen has news. */
  marks() {
    const shown = new Set(this.phones.map((phone) => phone.userId));
    const elsewhere = [...this.people.values()].filter(
      (person) => person.unread && !shown.has(person.user_id),
    ).length;
    this.phones.forEach((phone, index) => {
      const badge = this.tabs.children[index]?.querySelector(".badge");
      if (badge) badge.textContent = phone.chat.unread || "";
      const news = phone.owner?.querySelector(".news");
      if (news) news.hidden = !elsewhere;
    });
  }
}

const app = new App();
app.start().catch((error) => app.say(error.message, true));
