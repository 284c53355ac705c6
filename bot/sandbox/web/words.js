// Chooses the page's words in Chinese or English; the bot's words come from the bot.
import { EN } from "./words-en.js";
import { ZH } from "./words-zh.js";

const WORDS = { zh: ZH, en: EN };
let current = "zh";

/** "zh" or "en". */
export const language = () => current;

/** The browser's name of the language, for dates. */
export const locale = () => (current === "zh" ? "zh-CN" : "en-GB");

/** The bot's name of a language, as in "/language zh_CN". */
export const botLanguage = (code) => (code === "zh" ? "zh_CN" : "en");

export function setLanguage(code) {
  current = code === "en" ? "en" : "zh";
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  document.title = t("title");
}

/** A word by key, with {name} places filled from `values`. */
export function t(key, values = {}) {
  const text = WORDS[current][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
