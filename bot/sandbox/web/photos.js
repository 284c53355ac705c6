// The sample photos: their names, and turning a drawing into the JPEG a phone would send.
import { ownUrl } from "./api.js";
import { clockTime, dayKey } from "./format.js";
import { t } from "./words.js";

export const SAMPLES = ["landslide", "culvert", "wildfire", "powerline", "pond", "rockfall", "manhole", "ebike"];
export const sampleUrl = (name) => ownUrl(`photos/${name}.svg`);

const WIDTH = 1280;
const HEIGHT = 960;
const FONT = '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif';

/** A sample as a JPEG file, with the time and place written in a corner as field cameras do. */
export async function samplePhoto(name, when, place) {
  const picture = new Image();
  picture.src = sampleUrl(name);
  await picture.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const brush = canvas.getContext("2d");
  brush.drawImage(picture, 0, 0, WIDTH, HEIGHT);
  stamp(brush, when, place);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.86));
  return new File([blob], `${name}.jpg`, { type: "image/jpeg" });
}

function stamp(brush, when, place) {
  const seconds = String(when.getSeconds()).padStart(2, "0");
  brush.fillStyle = "rgb(255 255 255 / .95)";
  brush.shadowColor = "rgb(0 0 0 / .65)";
  brush.shadowBlur = 8;
  brush.font = `600 58px ${FONT}`;
  brush.fillText(clockTime(when), 44, HEIGHT - 92);
  brush.fillRect(214, HEIGHT - 138, 5, 96);
  brush.font = `28px ${FONT}`;
  brush.fillText(`${dayKey(when)}  ${clockTime(when)}:${seconds}`, 238, HEIGHT - 104);
  brush.fillText(place, 238, HEIGHT - 58);
  brush.font = `26px ${FONT}`;
  brush.textAlign = "right";
  brush.fillText(t("drawing"), WIDTH - 40, 60);
}
