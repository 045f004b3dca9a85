// The bar of verdicts: one key for the verdict, a second for the reason where it needs one.
import { $, ask, el } from "./dom.js";
import { english, t } from "./texts.js";
import { mayJudge } from "./api.js";
import { label, toJudge, words } from "./words.js";

export class Verdicts {
  #for = null; // the verdict that waits for its reason

  constructor({ give, note, undo, steps }) {
    Object.assign(this, { bar: $("verdicts"), give, note, undo, steps });
  }

  /** show draws the bar: verdicts, or reasons when a verdict waits for one. off says why nothing can be said, "" if
   * it can. */
  show(now = this.now ?? {}, off = this.off ?? "") {
    Object.assign(this, { now, off });
    this.bar.setAttribute("aria-label", this.#for ? t("why", label("verdict", this.#for.code)) : t("verdict"));
    const had = this.bar.contains(document.activeElement);
    this.bar.replaceChildren(...(this.#for ? this.#reasons() : this.#verdicts()));
    if (had) (this.bar.querySelector("button:not(:disabled)") ?? this.bar).focus();
  }

  #verdicts() {
    if (!mayJudge()) return [el("p", { class: "off" }, this.off)];
    const disabled = this.off !== "";
    return [
      this.off && el("p", { class: "off" }, this.off),
      el(
        "div",
        { class: "choices" },
        toJudge().map((v, i) =>
          el(
            "button",
            {
              type: "button",
              class: `give v-${v.code}`,
              disabled,
              "aria-pressed": String(this.now.verdict === v.code),
              "aria-keyshortcuts": i + 1,
              onclick: () => this.key(String(i + 1)),
            },
            el("kbd", { "aria-hidden": "true" }, i + 1),
            label("verdict", v.code),
          ),
        ),
      ),
      el(
        "div",
        { class: "more" },
        this.#more("n", "note", disabled, () => this.note()),
        this.#more("u", "undo", disabled, () => this.undo()),
        this.#more("m", "steps", disabled, () => this.steps()),
      ),
    ].filter(Boolean);
  }

  #more(key, name, disabled, act) {
    const given = { type: "button", class: "quiet", disabled, "aria-keyshortcuts": key, onclick: act };
    return el("button", given, el("kbd", { "aria-hidden": "true" }, key), t(name));
  }

  #reasons() {
    return [
      el(
        "p",
        { class: "why" },
        t("why", label("verdict", this.#for.code)),
        el(
          "button",
          { type: "button", class: "quiet", "aria-keyshortcuts": "Escape", onclick: () => this.back() },
          el("kbd", { "aria-hidden": "true" }, "Esc"),
          t("back"),
        ),
      ),
      el(
        "div",
        { class: "choices reasons" },
        words.reason.map((r, i) =>
          el(
            "button",
            { type: "button", "aria-keyshortcuts": i + 1, onclick: () => this.key(String(i + 1)) },
            el("kbd", { "aria-hidden": "true" }, i + 1),
            label("reason", r.code),
          ),
        ),
      ),
    ];
  }

  /** back takes a verdict back that waits for its reason; false when there is none. */
  back() {
    if (!this.#for) return false;
    this.#for = null;
    this.show();
    return true;
  }

  /** key takes a digit; false when it means nothing. */
  key(digit) {
    const i = Number(digit) - 1;
    if (this.off || !(i >= 0)) return false;
    if (this.#for) {
      const reason = words.reason[i];
      if (!reason) return false;
      const verdict = this.#for;
      this.#for = null;
      this.show();
      this.#complete(verdict, reason);
      return true;
    }
    const verdict = toJudge()[i];
    if (!verdict) return false;
    if (verdict.reason === "required") {
      this.#for = verdict;
      this.show();
    } else this.give({ verdict: verdict.code });
    return true;
  }

  async #complete(verdict, reason) {
    if (!reason.needs?.length) return this.give({ verdict: verdict.code, reason: reason.code });
    const more = await need(reason, this.now);
    if (more) this.give({ verdict: verdict.code, reason: reason.code, ...more });
  }
}

/** need asks for what a reason needs; null when it is not given. */
export const need = async (reason, now = {}) => {
  let given = null;
  await ask(label("reason", reason.code), (close) => {
    const fields = reason.needs.map((f, i) =>
      el(
        "label",
        {},
        el("span", {}, english ? f.name : f.title),
        el("input", { name: f.name, value: now[f.name] ?? "", autofocus: i === 0 }),
      ),
    );
    return el(
      "form",
      {
        class: "form",
        onsubmit: (e) => {
          e.preventDefault();
          const all = Object.fromEntries(
            [...new FormData(e.target)].map(([k, v]) => [k, v.trim()]).filter(([, v]) => v),
          );
          if (!Object.keys(all).length) return e.target.querySelector("input").focus();
          given = all;
          close();
        },
      },
      el("p", {}, t("needs", label("reason", reason.code))),
      fields,
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "submit", class: "main" }, t("ok")),
        el("button", { type: "button", onclick: close }, t("cancel")),
      ),
    );
  });
  return given;
};

/** askNote has a note written; null when it stays as it is. */
export const askNote = async (id, before) => {
  let given = null;
  await ask(t("noteOf", id), (close) => {
    const area = el(
      "textarea",
      {
        name: "note",
        rows: 4,
        autofocus: true,
        "aria-label": t("note"),
        onkeydown: (e) => {
          if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) e.target.form.requestSubmit();
        },
      },
      before,
    );
    return el(
      "form",
      {
        class: "form",
        onsubmit: (e) => {
          e.preventDefault();
          given = area.value.trim();
          close();
        },
      },
      area,
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "submit", class: "main" }, t("save")),
        el("button", { type: "button", onclick: close }, t("cancel")),
      ),
    );
  });
  return given === before ? null : given;
};
