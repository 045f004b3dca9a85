// What this person can take back: what the service has acknowledged today, with the events that take it back. It is
// kept in the storage of the browser, so it outlasts the tab.
import { who } from "./api.js";
import { keptAt, namesOf, recall, remove, store } from "./kept.js";

const most = 200; // acknowledged requests kept
const nameOf = (e) =>
  `${keptAt("undo")}${String(e.made).padStart(15, "0")} ${String(e.turn).padStart(6, "0")} ${e.key}`;
const today = () => new Date().toDateString();

/** keep keeps how an entry is taken back, of which the service has taken these cases: {id, seq, undo}. */
export const keep = (e, taken) => {
  if (e.undoes) return;
  const groups = new Map(); // cases by what takes them back: mostly it is the same for all of a request
  for (const c of taken) {
    if (!c.undo?.length) continue;
    const text = JSON.stringify(c.undo);
    groups.set(text, [...(groups.get(text) ?? []), [c.id, c.seq]]);
  }
  if (groups.size === 0) return;
  const kept = {
    key: e.key,
    made: e.made,
    turn: e.turn,
    login: e.login,
    group: e.group,
    day: today(),
    body: e.body,
    groups: [...groups].map(([undo, cases]) => ({ undo: JSON.parse(undo), cases })),
    without: taken.filter((c) => !c.undo?.length).length,
  };
  store(nameOf(e), kept);
  const names = namesOf("undo");
  for (const name of names.slice(0, Math.max(0, names.length - most))) remove(name);
};

/** all lists what this person can take back, the last one at the end. Of days before, nothing is. */
export const all = () =>
  namesOf("undo").flatMap((name) => {
    const kept = recall(name);
    if (kept?.day !== today()) remove(name);
    return kept?.day === today() && kept.login === who.login ? [kept] : [];
  });

export const forget = (kept) => remove(nameOf(kept));
