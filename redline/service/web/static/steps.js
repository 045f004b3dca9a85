// What may be said of a case besides its verdict, as the service names it: one form is made of the fields that it asks
// for. The service has the last word.
import { ask, el } from "./dom.js";
import { english, t } from "./texts.js";
import { mayJudge, mayMove, who } from "./api.js";
import { label, title, words } from "./words.js";

const termed = (x) => (english ? x.code.replaceAll("_", " ") : x.title);

/** nameOf is what a step is called. */
const nameOf = ({ kind, fields, to, level }) => {
  const text = {
    set: () => t("step-set"),
    advanced: () => `→ ${to ? termed(to) : label("state", fields.to)}`,
    accepted: () => `${level ? termed(level) : ""} ${termed(kind)}：${label("outcome", fields.outcome)}`,
    settled: () => `${termed(kind)}：${title(fields.field)}`,
    decided: () => `${label("suspicion", fields.suspicion)}：${label("decision", fields.decision)}`,
  }[kind.code];
  return (text ? text() : termed(kind)).trim();
};

/** lacks tells why a step cannot be made now, for this person. */
const lacks = (s) => [
  ...s.missing.map((m) => (english ? m.en : m.zh)),
  ...(s.level && who.level && s.level.code !== who.level ? [t("otherLevel", termed(s.level))] : []),
];

/** stepsOf are the steps of a case that this person may make by his role: {step, name, lacks}, possible ones first. */
export const stepsOf = (d) =>
  d.next
    .filter(
      (s) => !["judged", "evidence"].includes(s.kind.code) && (s.kind.code === "set" ? mayJudge() : mayMove()),
    )
    .map((step) => ({ step, name: nameOf(step), lacks: lacks(step) }))
    .filter((s) => s.lacks.length === 0 || s.step.to)
    .sort(
      (a, b) => Math.sign(a.lacks.length) - Math.sign(b.lacks.length) || Boolean(b.step.to) - Boolean(a.step.to),
    );

const long = ["problem", "measures", "standard", "goal", "result", "note", "objection", "answer", "override"];
const dates = ["start", "due_date", "done_date", "valid_until", "review_date"];
// The day that it is in China, by which the ledger goes, wherever the browser is.
const today = () => new Date().toLocaleDateString("sv", { timeZone: "Asia/Shanghai" });

const choice = (name, options, value, needed) =>
  el(
    "select",
    { name, required: needed },
    [["", "–"], ...options].map(([code, text]) => {
      const o = el("option", { value: code }, text);
      o.selected = code === value;
      return o;
    }),
  );

/** inputOf is what a field is filled in with. */
const inputOf = (f, value, needed, d, step) => {
  const { name } = f;
  const given = { name, value, required: needed };
  if (name === "value") {
    const { values } = d.disputes.find((x) => x.name === step.fields.field);
    return choice(
      name,
      values.map((v) => [v.code, v.title || "–"]),
      value,
      needed,
    );
  }
  if (f.codes && words[f.codes])
    return choice(
      name,
      words[f.codes].map((w) => [w.code, label(f.codes, w.code)]),
      value,
      needed,
    );
  if (dates.includes(name)) return el("input", { ...given, type: "date" });
  if (name === "days") return el("input", { ...given, type: "number", min: 1 });
  if (long.includes(name)) return el("textarea", { ...given, rows: 2 });
  return el("input", given);
};

const orderOf = (step) => {
  const order = words.set_fields.map((f) => f.name);
  const at = (f) => (order.includes(f.name) ? order.indexOf(f.name) : 99);
  return step.ask.toSorted((a, b) => Number(b.needed) - Number(a.needed) || at(a) - at(b));
};

/** fill asks for the fields of a step, and returns what is to be said; null when nothing is. */
const fill = async (d, { step, name }) => {
  const changes = step.kind.code === "set"; // of fields that the case has already
  const before = (f) =>
    String(changes ? (d.values[f.name] ?? "") : ["start", "done_date"].includes(f.name) ? today() : "");
  let said = null;
  const inputs = orderOf(step).map((f) => {
    const text = [english ? f.name.replaceAll("_", " ") : f.title, f.needed && el("b", { class: "needed" }, " *")];
    return [el("label", {}, el("span", {}, text), inputOf(f, before(f), f.needed, d, step)), f];
  });
  inputs[0]?.[0].lastElementChild.setAttribute("autofocus", "");
  await ask(
    `${d.id} · ${name}`,
    (close) => {
      const submit = (e) => {
        e.preventDefault();
        const data = new FormData(e.target);
        const given = inputs.map(([, f]) => [f.name, String(data.get(f.name)).trim(), before(f)]);
        const kept = given.filter(([, now, old]) => (changes ? now !== old : now !== ""));
        if (!changes || kept.length > 0) {
          said = { kind: step.kind.code, fields: { ...step.fields, ...Object.fromEntries(kept) } };
        }
        close();
      };
      return el(
        "form",
        { class: "form", onsubmit: submit },
        el(
          "div",
          { class: changes ? "form two" : "form" },
          inputs.map(([e]) => e),
        ),
        step.ask.some((f) => f.needed) && el("p", { class: "pale" }, t("needed")),
        el(
          "div",
          { class: "buttons" },
          el("button", { type: "submit", class: "main", autofocus: inputs.length === 0 }, t("ok")),
          el("button", { type: "button", onclick: close }, t("cancel")),
        ),
      );
    },
    changes,
  );
  return said;
};

/** make has a step made: said gets what is to be said. */
export const make = async (d, s, said) => {
  const body = await fill(d, s);
  if (body) said(body);
};

const row = (s, act, key) =>
  s.lacks.length === 0
    ? el(
        "li",
        {},
        el(
          "button",
          { type: "button", onclick: () => act(s), autofocus: key === 1, "aria-keyshortcuts": key },
          key && el("kbd", { "aria-hidden": "true" }, key),
          s.name,
        ),
      )
    : el(
        "li",
        { class: "pale" },
        el("b", {}, s.name),
        s.lacks.map((m) => el("span", { class: "missing" }, m)),
      );

/** list draws the steps of a case. */
export const list = (d, act, keys = false) => {
  const all = stepsOf(d);
  const [can, cannot] = [all.filter((s) => s.lacks.length === 0), all.filter((s) => s.lacks.length > 0)];
  return [
    can.length > 0 &&
      el(
        "ul",
        { class: "steps" },
        can.map((s, i) => row(s, act, keys && i < 9 ? i + 1 : undefined)),
      ),
    cannot.length > 0 &&
      el(
        "details",
        { class: "cannot", open: can.length < 3 },
        el("summary", {}, t("notYet", cannot.length)),
        el(
          "ul",
          { class: "near" },
          cannot.map((s) => row(s, act)),
        ),
      ),
  ].filter(Boolean);
};

/** menu offers the steps of a case by digits, once known tells what is known of it. */
export const menu = (id, known, said) =>
  ask(`${id} · ${t("steps")}`, (close) => {
    const digit = (e) => {
      const button = /^[1-9]$/.test(e.key) && box.querySelector(`[aria-keyshortcuts="${e.key}"]`);
      if (!button) return;
      e.preventDefault();
      button.click();
    };
    const box = el("div", { onkeydown: digit }, el("p", {}, t("loading")));
    known.then((d) => {
      const act = (s) => {
        close();
        make(d, s, said);
      };
      const inside = list(d, act, true);
      box.replaceChildren(...(inside.length > 0 ? inside : [el("p", {}, t("noSteps"))]));
      if (box.isConnected) box.querySelector("[autofocus]")?.focus();
    });
    return box;
  });
