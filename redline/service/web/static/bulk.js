// One thing said of many cases at once. It goes through the outbox in portions, so a closed tab loses none of it.
import { $, ask, el, say } from "./dom.js";
import { number, t } from "./texts.js";
import { random, who } from "./api.js";
import { conditions, pages } from "./cases.js";
import * as outbox from "./outbox.js";
import { refusedList } from "./unsent.js";
import { label, words } from "./words.js";

const portion = 500; // cases of one request

/** everyone reads number and last event of all cases that the filters choose. */
const everyone = async (choice, me, note, signal) => {
  const query = conditions(choice, me);
  const all = [];
  query.set("f", "json");
  query.set("limit", "5000");
  query.set("skipGeometry", "true");
  for await (const page of pages(query, signal)) {
    for (const f of page.features) all.push([String(f.id), f.properties.seq]);
    note(all.length, page.numberMatched);
  }
  return all;
};

/** portions are the entries of the outbox that say a thing of cases: [id, seq] each. */
export const portions = (cases, entry) => {
  const all = [];
  for (let i = 0; i < cases.length; i += portion) all.push({ ...entry, cases: cases.slice(i, i + portion) });
  return all;
};

const size = (entries) => entries.reduce((n, e) => n + outbox.casesOf(e).length, 0);

/** follow shows how far a group of entries is, until all are sent or held. */
const follow = (box, group, total, close) => {
  const progress = el("progress", { max: total, value: 0, "aria-label": t("progress") });
  const text = el("p", { role: "status" });
  const stop = el("button", { type: "button" }, t("stop"));
  let stopped = 0;
  stop.onclick = () => {
    stopped += outbox.withdrawGroup(group);
    look();
  };
  const look = () => {
    const mine = outbox.entries().filter((e) => e.group === group);
    const waiting = size(mine.filter((e) => !e.held));
    const refused = mine.filter((e) => e.held).flatMap((e) => e.held.body.cases ?? refusedOf(e));
    const done = total - waiting - stopped;
    progress.value = done;
    const trouble = t(outbox.trouble() || "bulkClose");
    text.textContent = `${t("bulkSending", number(done), number(total))} ${trouble}`;
    if (waiting > 0) return;
    unlisten();
    const told = t("bulkDone", number(done - refused.length), number(refused.length));
    box.replaceChildren(
      el("p", { role: "status" }, told, stopped > 0 && ` ${t("bulkStopped", number(stopped))}`),
      refused.length > 0 ? refusedList(refused) : "",
      el("div", { class: "buttons" }, el("button", { type: "button", class: "main", onclick: close }, t("close"))),
    );
    box.querySelector(".main").focus();
    say(told);
  };
  const unlisten = outbox.listen(look);
  $("dialog").addEventListener("close", unlisten, { once: true });
  box.replaceChildren(text, progress, el("div", { class: "buttons" }, stop));
  stop.focus();
  look();
};

const refusedOf = (e) => outbox.casesOf(e).map((id) => ({ id, status: e.held.status, detail: e.held.body.detail }));

/** sayOf asks with a form, and says what it gives of cases; cases is null for all that the filters choose. It tells
 * whether anything was said. */
const sayOf = async ({ title, form, bodyOf, go }, { cases, choice, me, matched }) => {
  const n = cases?.length ?? matched;
  const stop = new AbortController();
  let said = false;
  await ask(
    t(title, number(n)),
    (close) => {
      const box = el("div");
      const progress = el("p", { role: "status" });
      const submit = el("button", { type: "submit", class: "main danger" }, t(go, number(n)));
      const send = async (e) => {
        e.preventDefault();
        const body = bodyOf(e.target);
        if (!body) return;
        submit.disabled = true;
        const note = (k, of) => (progress.textContent = t("bulkReading", number(k), number(of ?? n)));
        try {
          const all = cases ?? (await everyone(choice, me, note, stop.signal));
          const group = random();
          outbox.addAll(portions(all, { body, group }));
          said = true;
          follow(box, group, all.length, close);
        } catch (problem) {
          if (stop.signal.aborted) return;
          submit.disabled = false;
          progress.textContent = t("failed", problem.message || problem.status);
        }
      };
      $("dialog").addEventListener("close", () => stop.abort(), { once: true });
      const cancel = el("button", { type: "button", onclick: close }, t("cancel"));
      box.append(el("form", { onsubmit: send }, form(), progress, el("div", { class: "buttons" }, submit, cancel)));
      return box;
    },
    true,
  );
  return said;
};

/** needs are the inputs of what a reason needs. */
const needs = (r) =>
  r.needs.length === 0
    ? []
    : [
        el("p", {}, t("needs", label("reason", r.code))),
        ...r.needs.map((f) => el("label", {}, el("span", {}, f.title), el("input", { name: f.name }))),
      ];

/** refute asks for a reason, and refutes cases. */
export const refute = (which) => {
  let reason = null;
  const more = el("div", { class: "form" });
  const choose = (r) => {
    reason = r;
    more.replaceChildren(...needs(r));
  };
  const radio = (r, i) =>
    el("input", {
      type: "radio",
      name: "reason",
      value: r.code,
      required: true,
      autofocus: i === 0,
      onchange: () => choose(r),
    });
  const form = () => [
    el("p", {}, t("bulkText")),
    el(
      "fieldset",
      { class: "radios" },
      el("legend", {}, t("reason")),
      words.reason.map((r, i) => el("label", { class: "check" }, radio(r, i), label("reason", r.code))),
    ),
    more,
  ];
  const bodyOf = (target) => {
    const given = [...new FormData(target)].map(([k, v]) => [k, v.trim()]).filter(([, v]) => v);
    if (reason.needs.length > 0 && given.length < 2) {
      more.querySelector("input").focus();
      return null;
    }
    return { kind: "judged", fields: { verdict: "refuted", ...Object.fromEntries(given) } };
  };
  return sayOf({ title: "bulkTitle", form, bodyOf, go: "bulkGo" }, which);
};

/** assign asks to whom, and gives cases to him. */
export const assign = (which, names) => {
  const list = el(
    "datalist",
    { id: "names" },
    [...new Set([who.name, who.login, ...names])].filter(Boolean).map(option),
  );
  const input = el("input", { name: "assigned_to", list: "names", autofocus: true, autocomplete: "off" });
  const form = () => el("div", { class: "form" }, el("label", {}, el("span", {}, t("assignTo")), input), list);
  const bodyOf = () => ({ kind: "set", fields: { assigned_to: input.value.trim() } });
  return sayOf({ title: "assignTitle", form, bodyOf, go: "assignGo" }, which);
};

const option = (name) => el("option", { value: name });

/** bar draws what can be done with the cases that are ticked, or with all that the filters choose. */
export const bar = ({ ticked, all, matched, may }, { refuted, assigned, everyone, clear }) => {
  const box = $("bulk");
  box.hidden = ticked === 0;
  const button = (text, act, kind) => el("button", { type: "button", class: kind, onclick: act }, text);
  box.replaceChildren(
    el("span", { role: "status" }, all ? t("selectedAll", number(matched)) : t("selected", number(ticked))),
    may ? button(t("refuteAll"), refuted) : "",
    may ? button(t("assign"), assigned) : "",
    all ? "" : button(t("selectAll", number(matched)), everyone, "quiet"),
    button(t("clearSelection"), clear, "quiet"),
  );
};
