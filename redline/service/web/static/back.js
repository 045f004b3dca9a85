// Taking back what was said last: before it is sent it is taken out of the outbox, afterwards the events are said that
// the service has named for it.
import { ask, el } from "./dom.js";
import { number, t } from "./texts.js";
import { portions } from "./bulk.js";
import * as outbox from "./outbox.js";
import * as undoing from "./undoing.js";
import { who } from "./api.js";

const order = (a, b) => a.made - b.made || a.turn - b.turn;

/** latest is what this person said last and can still take back, null when there is nothing. */
export const latest = () => {
  const waiting = outbox.entries().filter((e) => e.login === who.login);
  const back = new Set(waiting.flatMap((e) => e.undoes ?? []));
  const mine = waiting.filter((e) => !e.held && !e.undoes && (e.cases || e.before || !e.tried));
  return (
    [...mine, ...undoing.all()]
      .filter((e) => !back.has(e.key))
      .sort(order)
      .at(-1) ?? null
  );
};

/** entriesOf are what takes acknowledged things back. */
const entriesOf = (kept) =>
  kept.groups.flatMap(({ undo, cases }) => {
    const entry = { body: undo.length === 1 ? undo[0] : { events: undo }, undoes: kept.key };
    if (undo.length === 1 && cases.length > 1) return portions(cases, entry);
    return cases.map(([id, seq]) => ({ ...entry, case: id, seq }));
  });

/** one takes one thing back, and returns the case and the fields that it has again; null when it could not. */
export const one = (last) => {
  if (last.groups) {
    const [{ undo, cases }] = last.groups;
    outbox.addAll(entriesOf(last));
    undoing.forget(last);
    return { id: cases[0][0], fields: undo.at(-1).fields };
  }
  if (outbox.withdraw(last.key)) return { id: last.case, fields: last.before ?? {} };
  if (!last.before) return null;
  const body = { kind: "judged", fields: last.before };
  outbox.add({ case: last.case, seq: last.seq, body, undoes: last.key });
  return { id: last.case, fields: last.before };
};

/** many asks whether all that was said of many cases at once is to be taken back, and does so. */
export const many = (last) =>
  ask(t("undoMany"), (close) => {
    const kept = undoing.all().filter((k) => k.group === last.group);
    const done = kept.reduce((n, k) => n + k.groups.reduce((m, g) => m + g.cases.length, 0), 0);
    const without = kept.reduce((n, k) => n + k.without, 0);
    const waiting = outbox.entries().filter((e) => e.group === last.group && !e.held);
    const go = () => {
      outbox.withdrawGroup(last.group);
      const group = `${last.group}-back`;
      outbox.addAll(kept.flatMap(entriesOf).map((e) => ({ ...e, group })));
      kept.forEach(undoing.forget);
      close();
    };
    return [
      el("p", {}, t("undoManyText", number(done))),
      waiting.length > 0 && el("p", {}, t("undoManyWaiting", number(waiting.flatMap(outbox.casesOf).length))),
      without > 0 && el("p", { class: "warned" }, t("undoManyWithout", number(without))),
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "button", class: "main", autofocus: true, onclick: go }, t("undo")),
        el("button", { type: "button", onclick: close }, t("cancel")),
      ),
    ];
  });
