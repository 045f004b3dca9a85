// Verdicts of many cases at once: refuted, with a reason.
import { $, ask, el, say } from "./dom.js";
import { number, t } from "./texts.js";
import { Problem, post, random } from "./api.js";
import { conditions, pages } from "./cases.js";
import { refusal } from "./unsent.js";
import { label, words } from "./words.js";

const portion = 500; // cases of one request
const patience = 60_000; // milliseconds for one

/** everyone reads number and last event of all cases that the filters choose. */
const everyone = async (choice, me, note, signal) => {
  const query = conditions(choice, me),
    all = [];
  query.set("f", "json");
  query.set("limit", "1000");
  query.set("skipGeometry", "true");
  for await (const page of pages(query, signal)) {
    for (const f of page.features) all.push({ id: String(f.id), seq: f.properties.seq });
    note(all.length, page.numberMatched);
  }
  return all;
};

/** portionOf sends a portion: once more with the same key where the answer was lost. */
const portionOf = async (cases, fields) => {
  const key = random();
  for (let turn = 0; ; turn++) {
    try {
      return (
        await post(
          "cases/events",
          { kind: "judged", fields, cases },
          { "Idempotency-Key": key },
          { timeout: patience },
        )
      ).body;
    } catch (problem) {
      if (!(problem instanceof Problem) || (problem.status !== 0 && problem.status < 500) || turn >= 4)
        throw problem;
      await new Promise((done) => setTimeout(done, 1000 * 2 ** turn));
    }
  }
};

const refuteThem = async (cases, fields, note) => {
  const result = { taken: [], refused: [] };
  for (let i = 0; i < cases.length; i += portion) {
    const some = cases.slice(i, i + portion);
    try {
      const body = await portionOf(some, fields);
      for (const c of body.cases) (c.result === "refused" ? result.refused : result.taken).push(c);
    } catch (problem) {
      for (const c of some) result.refused.push({ id: c.id, status: problem.status, detail: problem.message });
      if (problem.status === 401 || problem.status === 0) {
        for (const c of cases.slice(i + portion))
          result.refused.push({ id: c.id, status: problem.status, detail: problem.message });
        break;
      }
    }
    note(Math.min(cases.length, i + portion), cases.length);
  }
  return result;
};

const report = (result, close) => [
  el("p", { role: "status" }, t("bulkDone", number(result.taken.length), number(result.refused.length))),
  result.refused.length > 0 &&
    el(
      "ul",
      { class: "refused" },
      result.refused
        .slice(0, 200)
        .map((c) =>
          el(
            "li",
            {},
            el("b", {}, c.id),
            " ",
            c.status === 409 ? t("conflictText").replace(/[。].*$/, "。") : refusal(c.status, { detail: c.detail }),
          ),
        ),
    ),
  el(
    "div",
    { class: "buttons" },
    el("button", { type: "button", class: "main", autofocus: true, onclick: close }, t("close")),
  ),
];

/** refute asks for a reason, with the number of cases, and refutes them. cases is null for all that the filters
 * choose. */
export const refute = (cases, choice, me, matched, done) => {
  const n = cases?.length ?? matched;
  const stop = new AbortController();
  return ask(
    t("bulkTitle", number(n)),
    (close) => {
      const box = el("div");
      const progress = el("p", { role: "status" });
      let reason = null;
      const go = el(
        "button",
        {
          type: "button",
          class: "main danger",
          disabled: true,
          onclick: async () => {
            const more = {};
            if (reason.needs.length)
              for (const f of box.querySelectorAll("[data-need]"))
                if (f.value.trim()) more[f.name] = f.value.trim();
            if (reason.needs.length && !Object.keys(more).length) return box.querySelector("[data-need]").focus();
            go.disabled = true;
            try {
              const all =
                cases ??
                (await everyone(
                  choice,
                  me,
                  (k, of) => {
                    progress.textContent = t("bulkReading", number(k), number(of ?? n));
                  },
                  stop.signal,
                ));
              const result = await refuteThem(
                all,
                { verdict: "refuted", reason: reason.code, ...more },
                (k, of) => {
                  progress.textContent = t("bulkSending", number(k), number(of));
                },
              );
              box.replaceChildren(...report(result, close).filter(Boolean));
              say(t("bulkDone", result.taken.length, result.refused.length));
              done(result, { verdict: "refuted", reason: reason.code });
            } catch (e) {
              if (!stop.signal.aborted) progress.textContent = t("failed", e.message || e.status);
            }
          },
        },
        t("bulkGo", number(n)),
      );
      const needs = el("div", { class: "form" });
      const choose = (r) => {
        reason = r;
        go.disabled = false;
        needs.replaceChildren(
          ...(r.needs.length
            ? [
                el("p", {}, t("needs", label("reason", r.code))),
                ...r.needs.map((f) =>
                  el("label", {}, el("span", {}, f.title), el("input", { name: f.name, "data-need": true })),
                ),
              ]
            : []),
        );
      };
      $("dialog").addEventListener("close", () => stop.abort(), { once: true });
      box.append(
        el("p", {}, t("bulkText")),
        el(
          "fieldset",
          { class: "radios" },
          el("legend", {}, t("why", "").replace(/[：:]\s*$/, "")),
          words.reason.map((r, i) =>
            el(
              "label",
              { class: "check" },
              el("input", {
                type: "radio",
                name: "reason",
                value: r.code,
                autofocus: i === 0,
                onchange: () => choose(r),
              }),
              label("reason", r.code),
            ),
          ),
        ),
        needs,
        progress,
        el("div", { class: "buttons" }, go, el("button", { type: "button", onclick: close }, t("cancel"))),
      );
      return box;
    },
    true,
  );
};

/** bar draws what can be done with the cases that are ticked. */
export const bar = (ticked, matched, { refuteTicked, refuteAll, clear }) => {
  const box = $("bulk");
  box.hidden = ticked === 0;
  box.replaceChildren(
    el("span", { role: "status" }, t("selected", number(ticked))),
    el("button", { type: "button", onclick: refuteTicked }, t("refuteAll")),
    el("button", { type: "button", class: "quiet", onclick: refuteAll }, t("selectAll", number(matched))),
    el("button", { type: "button", class: "quiet", onclick: clear }, t("clearSelection")),
  );
};
