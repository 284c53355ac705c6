// The bar above the phones: the product's name, the demo's clock, language and help.
import * as api from "./api.js";
import { h, icon } from "./dom.js";
import { clockTime, dayKey, dayName } from "./format.js";
import { t } from "./words.js";

const PUSHES = [
  ["10m", "plus10"],
  ["1h", "plus60"],
  ["morning", "morning"],
  ["7d", "plusweek"],
];

/** The demo's time, kept between two looks at the server by the browser's own clock. */
export class DemoClock {
  constructor() {
    this.offset = 0;
  }

  set(iso) {
    if (iso) this.offset = new Date(iso).getTime() - Date.now();
  }

  now() {
    return new Date(Date.now() + this.offset);
  }
}

export class Topbar {
  /** onLanguage(), onHelp(), onState(state): called on a press, and with each new /demo/state. */
  constructor({ clock, onLanguage, onHelp, onState, say }) {
    Object.assign(this, { clock, onLanguage, onHelp, onState, say, nextDue: null, hasClock: false });
    this.root = h("header", { class: "topbar" });
    this.render();
  }

  render() {
    this.time = h("strong", { class: "clock-time" });
    this.day = h("span", { class: "clock-day" });
    this.due = h("span", { class: "clock-due" });
    this.pushes = PUSHES.map(([push, word]) =>
      h("button", { type: "button", class: "push", testid: `push-${push}`, onclick: () => this.push(push) }, t(word)),
    );
    this.clockBox = h(
      "div",
      { class: "clock", hidden: !this.hasClock },
      h(
        "div",
        { class: "clock-face", testid: "clock", role: "timer", "aria-label": t("clockLabel") },
        this.time,
        h("div", { class: "clock-lines" }, this.day, this.due),
      ),
      h("div", { class: "pushes", role: "group", "aria-label": t("clockLabel") }, this.pushes),
    );
    this.root.replaceChildren(
      h(
        "div",
        { class: "brand" },
        h("img", { src: api.ownUrl("logo.svg"), alt: "", width: 36, height: 36 }),
        h("h1", {}, "村哨 ", h("span", {}, "Cunshao")),
        h("p", {}, t("sandboxNote")),
      ),
      this.clockBox,
      h(
        "div",
        { class: "topbar-tools" },
        h(
          "button",
          {
            type: "button",
            class: "tool",
            testid: "lang",
            "aria-label": t("languageLabel"),
            onclick: () => this.onLanguage(),
          },
          t("language"),
        ),
        h(
          "button",
          { type: "button", class: "tool", testid: "help", onclick: () => this.onHelp() },
          icon("help"),
          t("guideHelp"),
        ),
      ),
    );
    this.tick();
  }

  /** Reads the demo's state; without the demo's routes the clock stays away, in a short loss it stays as it is. */
  async refresh() {
    try {
      this.take(await api.demoState());
    } catch (error) {
      if (error.status === 404) this.hasClock = false;
    }
    this.clockBox.hidden = !this.hasClock;
  }

  take(state) {
    this.hasClock = true;
    this.clock.set(state.now);
    this.nextDue = state.next_due ? new Date(state.next_due) : null;
    this.onState(state);
    this.tick();
  }

  tick() {
    const now = this.clock.now();
    this.time.textContent = clockTime(now);
    this.day.textContent = dayName(now);
    this.due.textContent = this.nextDue ? t("nextDue", { when: this.dueText(now) }) : t("nothingDue");
  }

  dueText(now) {
    const same = dayKey(now) === dayKey(this.nextDue);
    return same ? clockTime(this.nextDue) : `${dayName(this.nextDue)} ${clockTime(this.nextDue)}`;
  }

  async push(push) {
    this.setBusy(true);
    try {
      const { fired } = await api.pushClock(push);
      await this.refresh();
      this.say(fired ? t("fired", { n: fired }) : t("firedNone"));
    } catch (error) {
      this.say(t("sendError", { why: error.message }));
    }
    this.setBusy(false);
  }

  setBusy(busy) {
    this.clockBox.classList.toggle("busy", busy);
    for (const button of this.pushes) button.disabled = busy;
    if (busy) this.due.textContent = t("pushing");
    else this.tick();
  }
}
