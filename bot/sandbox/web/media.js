// Draws what a message carries besides words: photos, places, files, voices, cards.
import { fileUrl } from "./api.js";
import { avatar, h, icon } from "./dom.js";
import { duration, fileSize } from "./format.js";
import { placeText, spotMap } from "./map.js";
import { showPhoto } from "./stage.js";
import { t } from "./words.js";

const WIDEST = 300; // px of a single photo in a bubble
const TALLEST = 320;

const largest = (sizes) => sizes.reduce((a, b) => (b.width * b.height >= a.width * a.height ? b : a));

function photoButton(message, props, caption) {
  const size = largest(message.photo);
  const src = fileUrl(size.file_id);
  const alt = caption || t("photo");
  return h(
    "button",
    {
      type: "button",
      class: "photo",
      "aria-label": t("viewPhoto"),
      testid: "photo",
      onclick: () => showPhoto(src, caption),
      ...props,
    },
    h("img", { src, alt, loading: "lazy", draggable: "false" }),
  );
}

/** One photo in its own shape (the space is kept before the file has come, so nothing jumps). */
export function photo(message) {
  const { width = 4, height = 3 } = largest(message.photo);
  const ratio = Math.min(1.9, Math.max(0.7, width / height));
  const button = photoButton(message, {}, message.caption);
  button.style.aspectRatio = String(ratio);
  button.style.setProperty("--wide", `${Math.round(Math.min(WIDEST, TALLEST * ratio))}px`);
  return button;
}

/** Several photos of one album as a grid of two columns; an odd first one is wide. */
export function album(messages) {
  const caption = messages.map((message) => message.caption).find(Boolean);
  return h(
    "div",
    {
      class: `album ${messages.length % 2 ? "album-odd" : ""}`,
      testid: "album",
      role: "group",
      "aria-label": t("album"),
    },
    messages.map((message) =>
      photoButton(message, { "data-message-id": message.message_id }, message.caption || caption),
    ),
  );
}

export function location(message, county) {
  const place = message.venue?.location || message.location;
  const label = `${place.latitude.toFixed(5)}, ${place.longitude.toFixed(5)}`;
  const title = message.venue?.title || placeText(county, place.latitude, place.longitude) || t("location");
  return h(
    "figure",
    { class: "place" },
    spotMap(county, place.latitude, place.longitude),
    h(
      "figcaption",
      {},
      h("strong", {}, title),
      message.venue?.address && h("span", {}, message.venue.address),
      h("span", { class: "coordinates" }, label),
    ),
  );
}

export function contact(message) {
  const card = message.contact;
  const name = [card.first_name, card.last_name].filter(Boolean).join(" ");
  return h(
    "div",
    { class: "card" },
    avatar(name, card.user_id || name),
    h("div", { class: "card-lines" }, h("strong", {}, name), h("span", {}, card.phone_number)),
  );
}

export function file(message) {
  const doc = message.document;
  const src = fileUrl(doc.file_id);
  const drawn = /^image\//.test(doc.mime_type || "");
  const cover = drawn
    ? h("img", { class: "file-cover", src, alt: "" })
    : h("span", { class: "file-cover" }, icon("file"));
  return h(
    "a",
    { class: "card file", href: src, download: doc.file_name || "file", title: t("download"), testid: "file" },
    cover,
    h(
      "div",
      { class: "card-lines" },
      h("strong", {}, doc.file_name || t("file")),
      h("span", {}, fileSize(doc.file_size)),
    ),
  );
}

let playing = null;

/** A voice note: a play button, bars (the same for the same file) and its length. */
export function voice(message) {
  const note = message.voice;
  const audio = new Audio();
  audio.preload = "none";
  audio.src = fileUrl(note.file_id);
  const button = h(
    "button",
    { type: "button", class: "voice-play", "aria-label": t("play"), onclick: () => toggle(audio) },
    icon("play"),
  );
  const bars = h(
    "span",
    { class: "voice-bars", "aria-hidden": "true" },
    heights(note.file_unique_id || note.file_id).map(bar),
  );
  const show = () => {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.setAttribute("aria-label", t(audio.paused ? "play" : "pause"));
    const done = audio.duration ? audio.currentTime / audio.duration : 0;
    [...bars.children].forEach((item, i, all) => item.classList.toggle("played", i / all.length < done));
  };
  for (const type of ["play", "pause", "ended", "timeupdate"]) audio.addEventListener(type, show);
  return h("div", { class: "voice" }, button, bars, h("span", { class: "voice-length" }, duration(note.duration)));
}

function toggle(audio) {
  if (playing && playing !== audio) playing.pause();
  playing = audio;
  if (audio.paused) audio.play().catch(() => {});
  else audio.pause();
}

function heights(key) {
  let seed = [...key].reduce((sum, char) => (sum * 33 + char.charCodeAt(0)) >>> 0, 7);
  return Array.from({ length: 30 }, () => (seed = (seed * 1103515245 + 12345) >>> 0) % 100);
}

function bar(height) {
  const node = h("i");
  node.style.height = `${18 + height * 0.8}%`;
  return node;
}
