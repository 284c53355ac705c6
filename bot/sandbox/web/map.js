// Draws the county: a whole map to choose a place on, and a small one for a location bubble.
import { s } from "./dom.js";
import { t } from "./words.js";

const WIDTH = 1000; // drawing units across the county
const KM_PER_DEGREE = 111.32;
const INSIDE_KM = 0.4; // a place so close to a village's point is called by its name alone
const FAR_KM = 12;

export class County {
  /** data: {"outline": (Multi)Polygon coordinates, "villages": [{code, name, township, lat, lon}]} or nothing. */
  constructor(data) {
    const nested = data?.outline?.coordinates || data?.outline || [];
    this.rings = flatRings(nested);
    const points = this.rings.flat().concat((data?.villages || []).map((v) => [v.lon, v.lat]));
    const [lons, lats] = [points.map((p) => p[0]), points.map((p) => p[1])];
    this.known = points.length > 0;
    [this.west, this.east] = this.known ? [Math.min(...lons), Math.max(...lons)] : [118, 118.9];
    [this.south, this.north] = this.known ? [Math.min(...lats), Math.max(...lats)] : [28.9, 29.5];
    this.shrink = Math.cos((((this.south + this.north) / 2) * Math.PI) / 180);
    this.scale = WIDTH / ((this.east - this.west) * this.shrink);
    this.height = (this.north - this.south) * this.scale;
    this.unitsPerKm = this.scale / KM_PER_DEGREE;
    this.villages = (data?.villages || []).map((village) => ({
      ...village,
      ...this.place(village.lat, village.lon),
    }));
  }

  place(lat, lon) {
    return { x: (lon - this.west) * this.shrink * this.scale, y: (this.north - lat) * this.scale };
  }

  /** Degrees at a drawing point, to about a metre. */
  degrees(x, y) {
    const round = (value) => Math.round(value * 1e5) / 1e5;
    return { lat: round(this.north - y / this.scale), lon: round(this.west + x / this.scale / this.shrink) };
  }

  /** The village whose point is nearest, with `km`; null without villages. */
  nearest(lat, lon) {
    const { x, y } = this.place(lat, lon);
    let best = null;
    for (const village of this.villages) {
      const km = Math.hypot(village.x - x, village.y - y) / this.unitsPerKm;
      if (!best || km < best.km) best = { village, km };
    }
    return best && { ...best.village, km: best.km };
  }

  /** A person's own village: the last name of their group that is a village of the group's township. */
  villageOf(group = []) {
    return (
      this.villages.find(
        (v) => group.includes(v.township) && group.some((name) => shortName(name) === shortName(v.name)),
      ) ||
      this.villages.find((v) => group.includes(v.township)) ||
      this.villages[0] ||
      null
    );
  }

  outline() {
    const line = (ring) =>
      "M" +
      ring
        .map(([lon, lat]) => {
          const { x, y } = this.place(lat, lon);
          return `${x.toFixed(1)} ${y.toFixed(1)}`;
        })
        .join("L") +
      "Z";
    return this.rings.map(line).join("");
  }

  /** One entry a township: name and the middle of its villages. */
  townships() {
    const groups = new Map();
    for (const village of this.villages) {
      if (!groups.has(village.township)) groups.set(village.township, []);
      groups.get(village.township).push(village);
    }
    const mean = (list, key) => list.reduce((sum, item) => sum + item[key], 0) / list.length;
    return [...groups].map(([name, list]) => ({ name, list, x: mean(list, "x"), y: mean(list, "y") }));
  }
}

function flatRings(nested) {
  if (!nested.length) return [];
  if (typeof nested[0][0] === "number") return [nested];
  return nested.flatMap(flatRings);
}

export const pin = (x, y, size) =>
  s(
    "g",
    { class: "map-pin", transform: `translate(${x} ${y}) scale(${size})` },
    s("ellipse", { cx: 0, cy: 0, rx: 7, ry: 2.6, class: "map-pin-shade" }),
    s("path", { d: "M0 0C-4-9-11-14-11-22a11 11 0 1 1 22 0C11-14 4-9 0 0z" }),
    s("circle", { cx: 0, cy: -22, r: 4.2 }),
  );

const hills = (x, y, size) =>
  s("path", {
    class: "map-hill",
    d: `M${x} ${y}l${size} ${-size * 1.1} ${size * 0.7} ${size * 0.7} ${size * 0.5} ${-size * 0.4} ${size * 0.9} ${size * 0.8}`,
  });

/** The whole county with every village as a dot, for choosing; names of townships on top. */
export function wholeMap(county) {
  const dots = county.villages.map((v) =>
    s("circle", { class: "map-village", cx: v.x, cy: v.y, r: 5 }, s("title", {}, v.name)),
  );
  const names = county
    .townships()
    .map((town) => s("text", { class: "map-township", x: town.x, y: town.y, "text-anchor": "middle" }, town.name));
  return s(
    "svg",
    {
      class: "map-whole",
      viewBox: `-30 -60 ${WIDTH + 60} ${county.height + 100}`,
      role: "application",
      "aria-label": t("mapLabel"),
      tabindex: "0",
    },
    s("path", { class: "map-land", d: county.outline() }),
    dots,
    s("g", { class: "map-near" }),
    s("g", {}, names),
    s("g", { class: "map-mark" }),
  );
}

/** Names of the villages inside a view box, those near its middle first; a name that would cover another is left out. */
export function namesInside(county, [x, y, width, height], size) {
  const [cx, cy] = [x + width / 2, y + height / 2];
  const inside = county.villages
    .filter((v) => v.x > x && v.x < x + width && v.y > y && v.y < y + height)
    .sort((a, b) => Math.hypot(a.x - cx, a.y - cy) - Math.hypot(b.x - cx, b.y - cy));
  const taken = [];
  for (const v of inside) {
    const name = shortName(v.name);
    const box = { name, x: v.x, y: v.y + size * 1.35, half: (name.length * size) / 2 };
    const covered = taken.some(
      (other) => Math.abs(other.x - box.x) < other.half + box.half && Math.abs(other.y - box.y) < size * 1.15,
    );
    if (!covered) taken.push(box);
  }
  return taken.map((box) =>
    s("text", { class: "map-name", x: box.x, y: box.y, "font-size": size, "text-anchor": "middle" }, box.name),
  );
}

/** "华山村委会" → "华山村", "门村村委会" → "门村", "城中社区居委会" → "城中社区". */
export const shortName = (name) =>
  (name || "")
    .replace(/(居民委员会|居委会)$/, "")
    .replace(/(民委员会|委会)$/, "")
    .replace(/村村$/, "村");

/** "桐村镇华山村", with "near" in front or behind unless the place is in the village itself; "" far from all. */
export function placeText(county, lat, lon) {
  const near = county.nearest(lat, lon);
  if (!near || near.km > FAR_KM) return "";
  const place = `${near.township}${shortName(near.name)}`;
  return near.km < INSIDE_KM ? place : t("nearPlace", { place });
}

/** A small picture of about 9 km by 4.5 km round a place, with the county in a corner. */
export function spotMap(county, lat, lon) {
  const { x, y } = county.place(lat, lon);
  const [width, height] = [9 * county.unitsPerKm, 4.5 * county.unitsPerKm];
  const box = [x - width / 2, y - height * 0.58, width, height];
  const dot = width / 90;
  const near = county.villages.filter((v) => Math.abs(v.x - x) < width * 0.47 && Math.abs(v.y - y) < height * 0.6);
  const inset = width * 0.2;
  return s(
    "svg",
    { class: "map-spot", viewBox: box.join(" "), role: "img", "aria-label": t("map") },
    s("rect", { class: "map-around", x: box[0], y: box[1], width, height }),
    s("path", { class: "map-land", d: county.outline() }),
    [0.08, 0.3, 0.62, 0.82].map((part, i) =>
      hills(box[0] + width * part, box[1] + height * (i % 2 ? 0.86 : 0.3), width / 26),
    ),
    near.map((v) => s("circle", { class: "map-village", cx: v.x, cy: v.y, r: dot })),
    namesInside(county, box, dot * 3.4),
    corner(county, box[0] + width - inset * 1.06, box[1] + inset * 0.06, inset, x, y),
    pin(x, y, dot / 3.4),
  );
}

function corner(county, left, top, size, x, y) {
  if (!county.known) return null;
  const scale = (size / Math.max(WIDTH, county.height)) * 0.88;
  return s(
    "g",
    { transform: `translate(${left} ${top})` },
    s("rect", { class: "map-corner", width: size, height: size, rx: size / 12 }),
    s(
      "g",
      { transform: `translate(${size * 0.06} ${(size - county.height * scale) / 2}) scale(${scale})` },
      s("path", { class: "map-corner-land", d: county.outline() }),
      s("circle", { class: "map-corner-dot", cx: x, cy: y, r: 70 }),
    ),
  );
}
