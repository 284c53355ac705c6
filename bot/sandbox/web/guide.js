// The first steps for a newcomer, ticked off as they are seen in the chats; it never does them itself.
import { h, icon, iconButton } from "./dom.js";
import { t } from "./words.js";

const KEY = "cunshao.guide";
const ACCEPT = /受理|接单|accept/i;

export class Guide {
  /** chats(): the chats on the three phones; seconds(): the demo's time. */
  constructor({ chats, seconds }) {
    Object.assign(this, { chats, seconds });
    this.root = h("section", { class: "guide", testid: "guide" });
    this.state = { hidden: false, done: [false, false, false, false], since: 0, placed: false, ...stored() };
    this.render();
  }

  /** An inline button was pressed on one of the phones. */
  pressed(phone, label) {
    if (phone === 0 && this.state.placed) this.tickOff(2);
    if (phone === 1 && this.state.done[2] && ACCEPT.test(label)) this.tickOff(3);
  }

  /** Looks at the chats again. */
  look() {
    const [worker] = this.chats();
    if (!worker?.loaded) return;
    const own = worker.list.filter((message) => message.outgoing);
    const recent = own.filter((message) => message.date >= this.state.since);
    if (own.some((message) => message.contact)) this.tickOff(0);
    if (recent.some((message) => message.photo)) this.tickOff(1);
    if (!this.state.placed && recent.some((message) => message.location)) this.keep({ placed: true });
  }

  tickOff(step) {
    if (this.state.done[step]) return;
    const done = [...this.state.done];
    done[step] = true;
    this.keep({ done });
    this.render();
  }

  keep(change) {
    Object.assign(this.state, change);
    localStorage.setItem(KEY, JSON.stringify(this.state));
  }

  /** Shows the card again, from the beginning. */
  again() {
    this.keep({ hidden: false, done: [false, false, false, false], placed: false, since: this.seconds() });
    this.render();
    this.look();
  }

  toggle() {
    this.keep({ hidden: !this.state.hidden });
    this.render();
  }

  render() {
    const { hidden, done } = this.state;
    const next = done.indexOf(false);
    this.root.hidden = hidden;
    document.body.dataset.step = hidden ? "" : String(next + 1);
    const step = (n) =>
      h(
        "li",
        {
          class: `step ${done[n] ? "done" : n === next ? "next" : ""}`,
          testid: `guide-step-${n + 1}`,
          "data-done": String(done[n]),
          "aria-current": n === next ? "step" : null,
        },
        h("span", { class: "step-mark", "aria-hidden": "true" }, done[n] ? icon("check") : n + 1),
        h("div", {}, h("strong", {}, t(`step${n + 1}`)), h("p", {}, t(`step${n + 1}b`))),
      );
    this.root.setAttribute("aria-label", t("guide"));
    this.root.replaceChildren(
      h("ol", { class: "steps" }, [0, 1, 2, 3].map(step)),
      next < 0 ? h("p", { class: "guide-done" }, t("guideDone")) : "",
      h(
        "div",
        { class: "guide-tools" },
        h(
          "button",
          { type: "button", class: "text-button", testid: "guide-again", onclick: () => this.again() },
          t("guideAgain"),
        ),
        iconButton("close", t("close"), () => this.toggle(), { testid: "guide-close" }),
      ),
    );
    this.root.classList.toggle("all-done", next < 0);
  }
}

function stored() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || {};
  } catch {
    return {};
  }
}
