// Choosing who uses a phone: everybody by township and village, searchable, with marks of unread news.
import { avatar, h, iconButton } from "./dom.js";
import { t } from "./words.js";

const FOUND = 60; // people listed for a search

/** Opens the list; onPick(userId) is called once. shown: user ids on the three phones. */
export function openPicker({ people, shown, current, onPick }) {
  const pick = (userId) => {
    dialog.close();
    onPick(userId);
  };
  const line = (person, where = "") =>
    personLine(person, { shown, current, where, onclick: () => pick(person.user_id) });
  const list = h("div", { class: "picker-list" });
  const search = h("input", {
    class: "line",
    type: "search",
    placeholder: t("pickSearch"),
    "aria-label": t("pickSearch"),
    testid: "person-search",
    oninput: () => fill(search.value.trim()),
    onkeydown: (event) => event.key === "Escape" && (event.preventDefault(), dialog.close()),
  });
  const fill = (word) => list.replaceChildren(...(word ? found(people, word, line) : grouped(people, current, line)));
  fill("");
  const dialog = h(
    "dialog",
    {
      class: "picker",
      "aria-label": t("pickTitle"),
      testid: "person-dialog",
      onclick: (event) => event.target === dialog && dialog.close(),
    },
    h(
      "div",
      { class: "picker-inside" },
      h(
        "header",
        { class: "sheet-head" },
        h("h2", {}, t("pickTitle")),
        iconButton("close", t("close"), () => dialog.close()),
      ),
      search,
      list,
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  search.focus();
  list.querySelector(".current")?.scrollIntoView({ block: "center" });
}

/** People whose name, phone, label or place holds every given word. */
export function matching(people, word) {
  const parts = word.toLowerCase().split(/\s+/).filter(Boolean);
  return people.filter((person) => {
    const all = [person.first_name, person.phone, person.label, ...(person.group || [])].join(" ").toLowerCase();
    return parts.every((part) => all.includes(part));
  });
}

function found(people, word, line) {
  const fits = matching(people, word);
  if (!fits.length) return [h("p", { class: "note" }, t("pickNone"))];
  const rest = fits.length - FOUND;
  return [
    ...fits.slice(0, FOUND).map((person) => line(person, (person.group || []).join(" "))),
    rest > 0 && h("p", { class: "note" }, t("pickMore", { n: rest })),
  ].filter(Boolean);
}

function grouped(people, current, line) {
  const unread = people.filter((person) => person.unread && person.user_id !== current);
  const news = unread.length
    ? [
        h("h3", { class: "sheet-part" }, t("newsElsewhere")),
        ...unread.slice(0, FOUND).map((person) => line(person, (person.group || []).join(" "))),
      ]
    : [];
  const towns = new Map();
  for (const person of people) {
    const town = person.group?.[0] || t("county");
    if (!towns.has(town)) towns.set(town, []);
    towns.get(town).push(person);
  }
  return [...news, ...[...towns].map(([name, members]) => township(name, members, current, line))];
}

/** A folded township; its people are drawn only when it is opened. */
function township(name, members, current, line) {
  const inside = h("div", { class: "township-people" });
  const waiting = members.reduce((sum, person) => sum + (person.unread ? 1 : 0), 0);
  const draw = () => inside.childElementCount || inside.append(...villages(members, line));
  const holds = members.some((person) => person.user_id === current);
  const details = h(
    "details",
    { class: "township", open: holds, ontoggle: draw, testid: "township" },
    h(
      "summary",
      {},
      h("strong", {}, name === "县" ? t("county") : name),
      h("span", {}, t("people", { n: members.length })),
      waiting > 0 && h("span", { class: "badge" }, waiting),
    ),
    inside,
  );
  if (holds) draw();
  return details;
}

function villages(members, line) {
  const out = [];
  let last = null;
  const order = [...members].sort((a, b) => (a.group?.[1] || "").localeCompare(b.group?.[1] || "", "zh-CN"));
  for (const person of order) {
    const village = person.group?.[1] || "";
    if (village && village !== last) out.push(h("h4", { class: "village-head" }, village));
    last = village;
    out.push(line(person));
  }
  return out;
}

function personLine(person, { shown, current, where, onclick }) {
  const at = shown.indexOf(person.user_id);
  const state = at >= 0 ? t("onPhone", { n: at + 1 }) : t(person.started ? "started" : "notStarted");
  const kind = person.user_id === current ? "person-line current" : "person-line";
  return h(
    "button",
    { type: "button", class: kind, onclick, testid: "person", "data-user-id": person.user_id },
    avatar(person.first_name, person.user_id),
    h(
      "span",
      { class: "card-lines" },
      h("strong", {}, person.first_name),
      h("span", {}, [person.label, where, person.phone].filter(Boolean).join(" · ")),
    ),
    h("span", { class: person.started || at >= 0 ? "person-state on" : "person-state" }, state),
    person.unread > 0 &&
      h("span", { class: "badge", "aria-label": t("unreadN", { n: person.unread }) }, person.unread),
  );
}
