// Things that lie over a phone for a moment: sheets, questions, alerts, toasts, a large photo.
import { h, icon, iconButton } from "./dom.js";
import { t } from "./words.js";

const TOAST_MS = 3500;

/** One layer over one phone's screen; only one sheet or question is open at a time. */
export class Stage {
  constructor(screen) {
    this.screen = screen;
    this.layer = null;
    this.before = null;
  }

  get isOpen() {
    return Boolean(this.layer);
  }

  close() {
    if (!this.layer) return;
    this.layer.dispatchEvent(new Event("gone"));
    this.layer.remove();
    this.layer = null;
    if (this.before?.isConnected) this.before.focus({ preventScroll: true });
  }

  /** Puts a panel over the screen; a press outside or Escape closes it. */
  open(panel, kind) {
    this.close();
    this.before = document.activeElement;
    const outside = (event) => event.target === this.layer && this.close();
    const escape = (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    };
    this.layer = h("div", { class: `layer layer-${kind}`, onclick: outside, onkeydown: escape }, panel);
    this.screen.append(this.layer);
    (panel.querySelector("[data-first]") || panel.querySelector("button, input") || panel).focus?.({
      preventScroll: true,
    });
  }

  sheet(title, body, testid) {
    const head = h(
      "header",
      { class: "sheet-head" },
      h("h2", {}, title),
      iconButton("close", t("close"), () => this.close(), { testid: "sheet-close" }),
    );
    this.open(h("section", { class: "sheet", role: "dialog", "aria-label": title, testid }, head, body), "sheet");
  }

  /** A question with one way on and one way back. */
  ask(text, { note = "", yes = t("ok"), onYes }) {
    const accept = () => {
      this.close();
      onYes();
    };
    this.open(
      h(
        "div",
        { class: "dialog", role: "alertdialog", "aria-label": text, testid: "confirm" },
        h("p", { class: "dialog-text" }, text),
        note && h("p", { class: "dialog-note" }, note),
        h(
          "div",
          { class: "dialog-actions" },
          h("button", { type: "button", class: "text-button quiet", onclick: () => this.close() }, t("cancel")),
          h(
            "button",
            { type: "button", class: "text-button", onclick: accept, testid: "confirm-ok", "data-first": true },
            yes,
          ),
        ),
      ),
      "dialog",
    );
  }

  alert(text) {
    this.open(
      h(
        "div",
        { class: "dialog", role: "alertdialog", "aria-label": text, testid: "alert" },
        h("p", { class: "dialog-text" }, text),
        h(
          "div",
          { class: "dialog-actions" },
          h(
            "button",
            {
              type: "button",
              class: "text-button",
              onclick: () => this.close(),
              testid: "alert-ok",
              "data-first": true,
            },
            t("ok"),
          ),
        ),
      ),
      "dialog",
    );
  }

  toast(text) {
    this.screen.querySelector(".toast")?.remove();
    const toast = h("div", { class: "toast", role: "status", testid: "toast" }, text);
    (this.screen.querySelector(".log-frame") || this.screen).append(toast);
    setTimeout(() => toast.remove(), TOAST_MS);
  }
}

/** A photo as large as the window allows; any press or Escape closes it. */
export function showPhoto(src, caption) {
  const dialog = h(
    "dialog",
    { class: "viewer", "aria-label": t("viewPhoto"), testid: "viewer", onclick: () => dialog.close() },
    h("img", { src, alt: caption || t("photo") }),
    caption && h("p", {}, caption),
    h("button", { type: "button", class: "viewer-close icon-button", "aria-label": t("close") }, icon("close")),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
