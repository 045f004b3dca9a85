// What the service has not acknowledged yet. Each entry is kept in the storage of the browser before it is sent
// first, with the key by which the service tells a repetition; so nothing is lost with the connection, the session or
// the tab, and nothing is said twice. Entries are sent in the order in which they were made. An entry is of one case,
// {case, seq, body}, or says one thing of many, {cases: [[id, seq]…], body}.
import { Problem, identify, post, random, who } from "./api.js";
import * as undoing from "./undoing.js";
import { isFleeting, keptAt, namesOf, recall, remove, store } from "./kept.js";

const prefix = keptAt("outbox");
const listeners = new Set();
const state = { offline: false, full: false, expired: false };
let sending = false;
let wait = 0;
let timer = 0;
let count = 0;

const keyOf = (e) => `${prefix}${String(e.made).padStart(15, "0")} ${String(e.turn).padStart(6, "0")} ${e.key}`;
const keep = (e) => store(keyOf(e), e);

/** entries lists what is not acknowledged, in order. */
export const entries = () => namesOf("outbox").map(recall).filter(Boolean);

/** casesOf lists the numbers of the cases that an entry is of. */
export const casesOf = (e) => (e.cases ? e.cases.map(([id]) => id) : [e.case]);

export const status = () => ({ ...state, sending, fleeting: isFleeting("outbox") });

/** trouble is what keeps entries from being sent: expired, offline, or full; "" when nothing does. */
export const trouble = () => ["expired", "offline", "full"].find((kind) => state[kind]) ?? "";

/** listen calls back with (what, entry, answer): changed, sent, held; what it returns ends that. */
export const listen = (f) => {
  listeners.add(f);
  return () => listeners.delete(f);
};
const tell = (...what) => listeners.forEach((f) => f(...what));

const own = (e) => e.login === who.login;

/** after is now, but later than all that was said before, even where the clock was set back meanwhile. */
const after = () =>
  [...entries(), ...undoing.all()].reduce((latest, e) => Math.max(latest, e.made + 1), Date.now());

/** addAll keeps what is said of cases, and sends it. seq is the number that the reviewer saw a case at. */
export const addAll = (given) => {
  const common = { login: who.login, made: after(), tried: false, held: null };
  const all = given.map((entry) => ({ ...entry, ...common, key: random(), turn: ++count }));
  all.forEach(keep);
  tell("changed");
  start();
  return all;
};

export const add = (entry) => addAll([entry])[0];

/** withdraw takes an entry back that was never sent; false when it may have arrived. */
export const withdraw = (key) => {
  const e = entries().find((x) => x.key === key);
  if (!e || e.tried) return false;
  remove(keyOf(e));
  tell("changed");
  return true;
};

/** withdrawGroup takes all entries of a group back that were never sent, and returns of how many cases they were. */
export const withdrawGroup = (group) => {
  const some = entries().filter((e) => e.group === group && !e.tried);
  for (const e of some) remove(keyOf(e));
  tell("changed");
  return some.reduce((n, e) => n + casesOf(e).length, 0);
};

export const drop = (e) => {
  remove(keyOf(e));
  tell("changed");
  tell("dropped", e);
  start();
};

/** keepBoth sends an entry that met a conflict again, so that both values are kept for somebody to settle. */
export const keepBoth = (e) => {
  remove(keyOf(e));
  keep({ ...e, key: random(), body: { ...e.body, conflict: "keep_both" }, held: null, tried: false });
  tell("changed");
  start();
};

/** renew sends an entry again for the case as it is now, at the number seq. */
export const renew = (e, seq) => {
  remove(keyOf(e));
  keep({ ...e, key: random(), seq, held: null, tried: false });
  tell("changed");
  start();
};

/** next is the first entry that may be sent now: of this person, and with none of its cases held before it. */
const next = () => {
  const stopped = new Set();
  for (const e of entries()) {
    const cases = casesOf(e);
    if (own(e) && !e.held && !cases.some((id) => stopped.has(id))) return e;
    for (const id of cases) stopped.add(id);
  }
  return null;
};

/** follow has what waits be said of cases as they are after an entry. */
const follow = (seqs) => {
  for (const e of entries()) {
    if (!own(e) || e.tried || !casesOf(e).some((id) => seqs.has(id))) continue;
    if (e.cases) keep({ ...e, cases: e.cases.map(([id, seq]) => [id, seqs.get(id) ?? seq]) });
    else keep({ ...e, seq: seqs.get(e.case) });
  }
};

const again = (seconds) => {
  wait = Math.min(30, Math.max(1, seconds ?? wait * 2));
  clearTimeout(timer);
  timer = setTimeout(start, wait * 1000);
};

const hold = (e, held) => {
  const kept = { ...e, tried: true, held };
  keep(kept);
  tell("held", kept);
};

const fail = async (e, problem) => {
  if (problem.status === 0 || problem.status >= 500 || problem.status === 429) {
    state.offline = problem.status === 0;
    state.full = problem.status === 507;
    again();
    return false;
  }
  if (problem.status === 401 || (problem.status === 403 && (await stranger(e)))) {
    state.expired = true;
    return false;
  }
  hold(e, { status: problem.status, body: problem.body });
  return true;
};

/** stranger tells whether the person at the page is no longer the one who made the entry. */
const stranger = async (e) => {
  try {
    await identify();
  } catch (problem) {
    return problem.status === 401;
  }
  return who.login !== e.login;
};

const sendOne = (e) =>
  post(`cases/${encodeURIComponent(e.case)}/events`, e.body, {
    "If-Match": `"${e.seq}"`,
    "Idempotency-Key": e.key,
  });

const sendMany = (e) => {
  const body = { ...e.body, cases: e.cases.map(([id, seq]) => (seq ? { id, seq } : id)) };
  return post("cases/events", body, { "Idempotency-Key": e.key }, { timeout: 120_000 });
};

/** took is what follows from an answer: cases are further on, and some of many may have been refused. */
const took = (e, answer) => {
  remove(keyOf(e));
  const told = e.cases ? answer.body.cases : [{ ...answer.body.case, undo: answer.body.undo, result: "taken" }];
  const taken = told.filter((c) => c.result !== "refused" && c.seq);
  follow(new Map(taken.map((c) => [c.id, c.seq])));
  undoing.keep(e, taken);
  const refused = told.filter((c) => c.result === "refused");
  if (refused.length === 0) return;
  const ids = new Set(refused.map((c) => c.id));
  hold({ ...e, cases: e.cases.filter(([id]) => ids.has(id)) }, { status: "many", body: { cases: refused } });
};

const once = async () => {
  const e = next();
  if (!e) return false;
  keep({ ...e, tried: true });
  try {
    const answer = await (e.cases ? sendMany(e) : sendOne(e));
    took(e, answer);
    Object.assign(state, { offline: false, full: false, expired: false });
    wait = 0;
    tell("sent", e, answer);
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return fail(e, problem);
  }
};

const drain = async () => {
  while (await once()) tell("changed");
};

/** start sends what there is; one tab at a time where the browser can tell. */
export const start = async () => {
  if (sending || state.expired) return;
  sending = true;
  clearTimeout(timer);
  try {
    await (navigator.locks ? navigator.locks.request(prefix, drain) : drain());
  } finally {
    sending = false;
    tell("changed");
  }
};

/** resume goes on after somebody has logged in. */
export const resume = () => {
  state.expired = false;
  tell("changed");
  return start();
};

export const expire = () => {
  if (!state.expired) {
    state.expired = true;
    tell("changed");
  }
};

addEventListener("beforeunload", (e) => {
  if (isFleeting("outbox")) e.preventDefault();
});
addEventListener("online", () => start());
addEventListener("offline", () => {
  state.offline = true;
  tell("changed");
});
addEventListener("storage", (e) => {
  if (e.key === null || e.key.startsWith(prefix)) {
    tell("changed");
    start();
  }
});
addEventListener("visibilitychange", () => {
  if (!document.hidden) start();
});
