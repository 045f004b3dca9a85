// The words of the ledger: verdicts, reasons and what codes are called, as the service has them.
import { get } from "./api.js";
import { english } from "./texts.js";

/** words are the codes by set, each with code and title; verdicts say whether they need a reason, reasons which
 * fields. */
export const words = {};

/** learn reads the vocabulary. */
export const learn = async () => Object.assign(words, (await get("vocabulary")).body);

/** label is what a code is called. */
export const label = (set, code) => {
  if (code === undefined || code === null || code === "") return "–";
  const known = words[set]?.find((w) => w.code === String(code));
  return (english ? String(code).replaceAll("_", " ") : known?.title) ?? String(code);
};

/** title is what a column is called. */
export const title = (name) =>
  english ? name.replaceAll("_", " ") : (words.columns?.find((c) => c.name === name)?.title ?? name);

export const codesOf = (set) => (words[set] ?? []).map((w) => w.code);

/** toJudge are the verdicts that have keys, in their order; the other one is that nobody has judged. */
export const toJudge = () => (words.verdict ?? []).filter((v) => v.code !== "unreviewed");
