// Files of evidence: chosen, photographed or dropped, they are sent at once, and what names them goes by the outbox.
import { $, ask, el, say } from "./dom.js";
import { t } from "./texts.js";
import { Problem, speaker } from "./api.js";
import * as outbox from "./outbox.js";
import { refusal } from "./unsent.js";

const patience = 300_000; // milliseconds for a file

const send = async (file) => {
  const form = new FormData();
  form.append("file", file, file.name);
  const signal = AbortSignal.timeout(patience);
  const given = {
    method: "POST",
    body: form,
    headers: { Accept: "application/json", ...speaker() },
    credentials: "same-origin",
    signal,
  };
  const response = await fetch("evidence", given).catch(() => {
    throw new Problem(0);
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, body);
  return body;
};

/** upload sends a file for a case. */
export const upload = async (d, file) => {
  const banner = $("uploading");
  banner.textContent = t("uploading", file.name);
  banner.hidden = false;
  try {
    const { name, sha256 } = await send(file);
    outbox.add({ case: d.id, seq: d.seq, body: { kind: "evidence", fields: {}, doc: { name, sha256 } } });
    say(t("uploaded", file.name));
  } catch (problem) {
    const text =
      problem.status === 0 ? t("uploadLost", file.name) : t("refused", refusal(problem.status, problem.body));
    ask(t("upload"), () => el("p", { class: "warned" }, text));
  } finally {
    banner.hidden = true;
  }
};

/** droppable has files be dropped on an element; take gets each, may tells whether that is wanted now. */
export const droppable = (e, may, take) => {
  const over = (on) => e.classList.toggle("dropping", on);
  e.dataset.drop = t("dropHere");
  e.addEventListener("dragover", (event) => {
    if (!may() || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    over(true);
  });
  e.addEventListener("dragleave", () => over(false));
  e.addEventListener("drop", (event) => {
    over(false);
    if (!may()) return;
    event.preventDefault();
    for (const file of event.dataTransfer.files) take(file);
  });
};
