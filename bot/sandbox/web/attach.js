// The sheet behind the paper clip: photos, a file, a place, a contact, a voice note.
import { avatar, h, icon } from "./dom.js";
import { placePanel } from "./places.js";
import { SAMPLES, samplePhoto, sampleUrl } from "./photos.js";
import { voicePanel } from "./voice.js";
import { t } from "./words.js";

const TABS = [
  ["gallery", "image"],
  ["file", "file"],
  ["location", "pin"],
  ["contact", "person"],
  ["voice", "mic"],
];
const MOST = 10; // photos of one album
const FOUND = 30; // people listed for a foreign contact

export class Attach {
  constructor(phone) {
    this.phone = phone;
  }

  open(tab = "gallery") {
    const panels = {
      gallery: () => this.gallery(),
      file: () => this.file(),
      location: () => placePanel(this.phone),
      contact: () => this.contact(),
      voice: () => voicePanel(this.phone),
    };
    const tabs = h(
      "nav",
      { class: "tabs" },
      TABS.map(([name, drawing]) =>
        h(
          "button",
          {
            type: "button",
            class: "tab",
            "aria-current": name === tab ? "true" : null,
            testid: `attach-${name}`,
            onclick: () => this.open(name),
          },
          icon(drawing),
          h("span", {}, t(name)),
        ),
      ),
    );
    this.phone.stage.sheet(
      t(`${tab}Title`),
      [h("div", { class: `sheet-body sheet-${tab}` }, panels[tab]()), tabs],
      "attach-sheet",
    );
  }

  gallery() {
    const chosen = []; // of {key, file: () => Promise<File>}, in the order they were chosen
    const send = h("button", { type: "button", class: "main-button", testid: "attach-send" });
    const caption = h("input", {
      class: "line",
      placeholder: t("caption"),
      "aria-label": t("caption"),
      testid: "attach-caption",
    });
    const whole = h("input", { type: "checkbox", testid: "attach-as-file" });
    const bar = h(
      "div",
      { class: "choice-bar", hidden: true },
      caption,
      h("label", { class: "check" }, whole, t("asFile")),
      send,
    );
    const grid = h("div", { class: "samples" });
    const mark = () => {
      bar.hidden = !chosen.length;
      send.textContent = t("sendN", { n: chosen.length });
      for (const tile of grid.querySelectorAll("[data-key]")) {
        const at = chosen.findIndex((item) => item.key === tile.dataset.key);
        tile.setAttribute("aria-pressed", String(at >= 0));
        tile.querySelector(".order").textContent = at >= 0 ? at + 1 : "";
      }
    };
    const toggle = (key, file) => {
      const at = chosen.findIndex((item) => item.key === key);
      if (at >= 0) chosen.splice(at, 1);
      else if (chosen.length < MOST) chosen.push({ key, file });
      mark();
    };
    const own = (event) =>
      [...event.target.files].forEach((file) => {
        const key = `own-${file.name}-${file.size}-${file.lastModified}`;
        if (chosen.some((item) => item.key === key)) return;
        grid.append(tile(key, URL.createObjectURL(file), file.name, () => toggle(key, async () => file)));
        toggle(key, async () => file);
      });
    send.onclick = () => this.sendPhotos(chosen, caption.value.trim(), whole.checked);
    grid.append(
      ownTile(own),
      ...SAMPLES.map((name) => tile(name, sampleUrl(name), t(name), () => toggle(name, () => this.drawn(name)))),
    );
    return [grid, bar];
  }

  drawn(name) {
    return samplePhoto(name, this.phone.app.clock.now(), this.phone.placeName());
  }

  async sendPhotos(chosen, caption, asFile) {
    this.phone.stage.close();
    const files = await Promise.all(chosen.map((item) => item.file()));
    if (asFile) return this.sendAsFiles(files, caption);
    const type = files.length > 1 ? "album" : "photo";
    return this.phone.sendFiles(type, files, { caption });
  }

  async sendAsFiles(files, caption) {
    for (const [i, file] of files.entries())
      await this.phone.sendFiles("document", [file], { caption: i === files.length - 1 ? caption : "" });
  }

  file() {
    const take = (event) => {
      const files = [...event.target.files];
      if (!files.length) return;
      this.phone.stage.close();
      this.sendAsFiles(files, "");
    };
    const input = h("input", {
      type: "file",
      multiple: true,
      class: "hidden-input",
      onchange: take,
      testid: "attach-own-file",
    });
    return [
      h("label", { class: "main-button choose" }, icon("file"), t("chooseFile"), input),
      h("p", { class: "note" }, t("fileNote")),
    ];
  }

  contact() {
    const { phone } = this;
    const found = h("div", { class: "people-list" });
    const search = (event) => {
      const word = event.target.value.trim();
      const fits = word ? phone.app.findPeople(word).filter((person) => person.user_id !== phone.person.user_id) : [];
      found.replaceChildren(
        ...fits
          .slice(0, FOUND)
          .map((person) =>
            this.card(person, () =>
              phone.send({
                type: "contact",
                phone: person.phone,
                first_name: person.first_name,
                user_id: person.user_id,
              }),
            ),
          ),
      );
    };
    return [
      this.card(phone.person, () => phone.send({ type: "contact" }), t("ownContact"), "attach-own-contact"),
      h("h3", { class: "sheet-part" }, t("otherContact")),
      h("input", {
        class: "line",
        type: "search",
        placeholder: t("searchPerson"),
        "aria-label": t("searchPerson"),
        oninput: search,
      }),
      found,
    ];
  }

  card(person, onSend, title = "", testid = "attach-contact-person") {
    const onclick = () => {
      this.phone.stage.close();
      onSend();
    };
    return h(
      "button",
      { type: "button", class: "person-line", onclick, testid },
      avatar(person.first_name, person.user_id),
      h(
        "span",
        { class: "card-lines" },
        h("strong", {}, title || person.first_name),
        h("span", {}, [title && person.first_name, person.phone, !title && person.label].filter(Boolean).join(" · ")),
      ),
    );
  }
}

function tile(key, src, label, onclick) {
  return h(
    "button",
    {
      type: "button",
      class: "tile",
      "data-key": key,
      "aria-pressed": "false",
      "aria-label": label,
      testid: `attach-photo-${key}`,
      onclick,
    },
    h("img", { src, alt: "" }),
    h("span", { class: "tile-name" }, label),
    h("span", { class: "order" }),
  );
}

function ownTile(onchange) {
  return h(
    "label",
    { class: "tile tile-own" },
    icon("plus"),
    h("span", {}, t("ownPhoto")),
    h("input", {
      type: "file",
      accept: "image/jpeg,image/png",
      multiple: true,
      class: "hidden-input",
      onchange,
      testid: "attach-own-photo",
    }),
  );
}
