// Choosing a place to send: the county's schematic map, or a list of villages.
import { h, iconButton } from "./dom.js";
import { namesInside, pin, placeText, shortName, wholeMap } from "./map.js";
import { t } from "./words.js";

const CLOSEST = 12; // km across the narrowest view
const LISTED = 40;

/** The map and the list for one phone's person; sends a location and closes the sheet. */
export function placePanel(phone) {
  const { county } = phone;
  const own = county.villageOf(phone.person.group);
  const start = own || county.degrees(500, county.height / 2);
  const chosen = { lat: start.lat, lon: start.lon };
  const label = h("span", { class: "place-label", testid: "location-label" });
  const picker = new MapPicker(county, (lat, lon) => choose(lat, lon));
  const choose = (lat, lon, center = false) => {
    Object.assign(chosen, { lat, lon });
    picker.mark(lat, lon, center);
    label.textContent = placeText(county, lat, lon) || `${lat}, ${lon}`;
  };
  const send = h(
    "button",
    {
      type: "button",
      class: "main-button",
      testid: "location-send",
      "data-first": true,
      onclick: () => {
        phone.stage.close();
        phone.send({ type: "location", latitude: chosen.lat, longitude: chosen.lon });
      },
    },
    t("sendPlace"),
  );
  choose(start.lat, start.lon, true);
  return [
    picker.root,
    h("p", { class: "note" }, t("mapNote")),
    h("div", { class: "place-send" }, label, send),
    villageList(county, own, (village) => choose(village.lat, village.lon, true)),
  ];
}

function villageList(county, own, onPick) {
  const list = h("div", { class: "village-list" });
  const line = (village) =>
    h(
      "button",
      { type: "button", class: "village-line", testid: "village", onclick: () => onPick(village) },
      h("strong", {}, shortName(village.name)),
      h("span", {}, village === own ? `${village.township} · ${t("ownVillage")}` : village.township),
    );
  const fill = (word) => {
    const fits = county.villages.filter((v) => !word || `${v.township}${v.name}`.includes(word));
    const near = own && !word ? [own, ...fits.filter((v) => v !== own && v.township === own.township)] : fits;
    list.replaceChildren(...near.slice(0, LISTED).map(line));
  };
  fill("");
  return [
    h("input", {
      class: "line",
      type: "search",
      placeholder: t("searchPlace"),
      "aria-label": t("searchPlace"),
      testid: "village-search",
      oninput: (event) => fill(event.target.value.trim()),
    }),
    list,
  ];
}

/** A map that can be pressed, dragged and zoomed. */
class MapPicker {
  constructor(county, onPick) {
    Object.assign(this, { county, onPick, drag: null });
    this.svg = wholeMap(county);
    this.full = this.svg.getAttribute("viewBox").split(" ").map(Number);
    this.svg.addEventListener("pointerdown", (event) => this.down(event));
    this.svg.addEventListener("pointermove", (event) => this.move(event));
    this.svg.addEventListener("pointerup", (event) => this.up(event));
    this.svg.addEventListener("pointercancel", () => (this.drag = null));
    this.svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.svg.addEventListener("keydown", (event) => this.key(event));
    this.root = h(
      "div",
      { class: "map-frame", testid: "map" },
      this.svg,
      h(
        "div",
        { class: "map-tools" },
        iconButton("plus", t("zoomIn"), () => this.zoom(0.55)),
        iconButton("minus", t("zoomOut"), () => this.zoom(1.8)),
        iconButton("whole", t("whole"), () => this.setBox(this.full)),
      ),
    );
    this.setBox(this.full);
  }

  setBox([x, y, width, height]) {
    const most = this.full[2];
    const least = CLOSEST * this.county.unitsPerKm;
    const wide = Math.min(most, Math.max(least, width));
    const high = wide * (this.full[3] / most);
    const left = Math.min(this.full[0] + most - wide, Math.max(this.full[0], x + (width - wide) / 2));
    const top = Math.min(this.full[1] + this.full[3] - high, Math.max(this.full[1], y + (height - high) / 2));
    this.box = [left, top, wide, high];
    this.svg.setAttribute("viewBox", this.box.join(" "));
    const close = wide < most * 0.45;
    this.svg.classList.toggle("map-close", close);
    this.svg.style.setProperty("--unit", wide / 1000);
    this.svg
      .querySelector(".map-near")
      .replaceChildren(...(close ? namesInside(this.county, this.box, wide / 30) : []));
    this.drawMark();
  }

  zoom(factor, at = null) {
    const [x, y, width, height] = this.box;
    const { x: cx, y: cy } =
      at || (this.at ? this.county.place(this.at.lat, this.at.lon) : { x: x + width / 2, y: y + height / 2 });
    const wide = width * factor;
    this.setBox([cx - wide / 2, cy - (height * factor) / 2, wide, height * factor]);
  }

  mark(lat, lon, center) {
    this.at = { lat, lon };
    this.drawMark();
    if (!center) return;
    const { x, y } = this.county.place(lat, lon);
    const [width, height] = [this.full[2] * 0.4, this.full[3] * 0.4];
    this.setBox([x - width / 2, y - height / 2, width, height]);
  }

  drawMark() {
    if (!this.at) return;
    const { x, y } = this.county.place(this.at.lat, this.at.lon);
    this.svg.querySelector(".map-mark").replaceChildren(pin(x, y, this.box[2] / 420));
  }

  point(event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return { x: at.x, y: at.y };
  }

  down(event) {
    this.drag = {
      x: event.clientX,
      y: event.clientY,
      box: this.box,
      unit: this.box[2] / this.svg.clientWidth,
      moved: false,
    };
  }

  move(event) {
    if (!this.drag) return;
    const [dx, dy] = [event.clientX - this.drag.x, event.clientY - this.drag.y];
    if (!this.drag.moved && Math.hypot(dx, dy) < 6) return;
    if (!this.drag.moved) this.svg.setPointerCapture(event.pointerId);
    this.drag.moved = true;
    const [x, y, width, height] = this.drag.box;
    this.setBox([x - dx * this.drag.unit, y - dy * this.drag.unit, width, height]);
  }

  up(event) {
    const dragged = this.drag?.moved;
    this.drag = null;
    if (dragged) return;
    const { x, y } = this.point(event);
    const place = this.county.degrees(x, y);
    this.onPick(place.lat, place.lon);
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.point(event));
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "+" || event.key === "=") return this.zoom(0.7);
    if (event.key === "-") return this.zoom(1.4);
    if (!steps[event.key] || !this.at) return;
    event.preventDefault();
    const { x, y } = this.county.place(this.at.lat, this.at.lon);
    const [dx, dy] = steps[event.key];
    const place = this.county.degrees(x + (dx * this.box[2]) / 60, y + (dy * this.box[2]) / 60);
    this.onPick(place.lat, place.lon);
  }
}
