// Sending a voice note: a sample that is always there, or the microphone where the browser has one.
import { ownUrl } from "./api.js";
import { h, icon } from "./dom.js";
import { t } from "./words.js";

export const SAMPLE_SECONDS = 6;

export function voicePanel(phone) {
  const sendSample = async () => {
    phone.stage.close();
    const sound = await fetch(ownUrl("photos/voice.ogg")).then((answer) => answer.blob());
    phone.sendFiles("voice", [new File([sound], "voice.ogg", { type: "audio/ogg" })], { duration: SAMPLE_SECONDS });
  };
  const able = Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
  return [
    h(
      "button",
      {
        type: "button",
        class: "main-button",
        testid: "attach-voice-sample",
        onclick: sendSample,
        "data-first": true,
      },
      icon("send"),
      t("voiceSample", { s: SAMPLE_SECONDS }),
    ),
    h("p", { class: "note" }, t("voiceNote")),
    able ? recordButton(phone) : h("p", { class: "note" }, t("noMic")),
  ];
}

function recordButton(phone) {
  let recorder = null;
  const label = h("span", {}, t("record"));
  const start = async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const began = performance.now();
    const parts = [];
    recorder = new MediaRecorder(stream);
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => {
      stream.getTracks().forEach((track) => track.stop());
      const sound = new Blob(parts, { type: recorder.mimeType });
      const seconds = Math.max(1, Math.round((performance.now() - began) / 1000));
      if (!button.isConnected) return; // the sheet was closed: nothing is sent
      phone.stage.close();
      phone.sendFiles("voice", [new File([sound], "voice.ogg", { type: sound.type })], { duration: seconds });
    };
    button.closest(".layer").addEventListener("gone", () => {
      stream.getTracks().forEach((track) => track.stop());
    });
    recorder.start();
    label.textContent = t("stop");
    button.classList.add("recording");
  };
  const press = () => (recorder ? recorder.stop() : start().catch(() => phone.stage.toast(t("noMic"))));
  const button = h(
    "button",
    { type: "button", class: "main-button second", testid: "attach-voice-record", onclick: press },
    icon("mic"),
    label,
  );
  return button;
}
