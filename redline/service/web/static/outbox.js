// What the service has not acknowledged yet. Each entry is kept in the storage of the browser before it is sent
// first, with the key by which the service tells a repetition; so nothing is lost with the connection, the session or
// the tab, and nothing is said twice. Entries are sent in the order in which they were made.
import { Problem, identify, post, random, who } from "./api.js";

const prefix = `greenshield.outbox ${new URL(".", document.baseURI).pathname} `;
const listeners = new Set();
let sending = false,
  wait = 0,
  timer = 0,
  count = 0;
const state = { offline: false, expired: false };

const keyOf = (e) => `${prefix}${String(e.made).padStart(15, "0")} ${String(e.turn).padStart(6, "0")} ${e.key}`;
const store = (e) => localStorage.setItem(keyOf(e), JSON.stringify(e));
const remove = (e) => localStorage.removeItem(keyOf(e));

/** entries lists what is not acknowledged, in order. */
export const entries = () => {
  const found = [];
  for (let i = 0; i < localStorage.length; i++)
    if (localStorage.key(i).startsWith(prefix)) found.push(localStorage.key(i));
  return found
    .sort()
    .map((k) => JSON.parse(localStorage.getItem(k)))
    .filter(Boolean);
};

export const status = () => ({ ...state, sending });

/** listen calls back with (what, entry, answer): changed, sent, held. */
export const listen = (f) => listeners.add(f);
const tell = (...what) => listeners.forEach((f) => f(...what));

const own = (e) => e.login === who.login;

/** add keeps an event of a case and sends it. seq is the number that the reviewer saw the case at. */
export const add = (entry) => {
  const e = {
    ...entry,
    key: random(),
    login: who.login,
    made: Date.now(),
    turn: ++count,
    tried: false,
    held: null,
  };
  store(e);
  tell("changed");
  start();
  return e;
};

/** withdraw takes an entry back that was never sent; false when it may have arrived. */
export const withdraw = (key) => {
  const e = entries().find((x) => x.key === key);
  if (!e || e.tried) return false;
  remove(e);
  tell("changed");
  return true;
};

export const drop = (e) => {
  remove(e);
  tell("changed");
  tell("dropped", e);
  start();
};

/** keepBoth sends an entry that met a conflict again, so that both values are kept for somebody to settle. */
export const keepBoth = (e) => {
  remove(e);
  store({ ...e, key: random(), body: { ...e.body, conflict: "keep_both" }, held: null, tried: false });
  tell("changed");
  start();
};

/** next is the first entry that may be sent now: of this person, and with none of its case held before it. */
const next = () => {
  const stopped = new Set();
  for (const e of entries()) {
    if (!own(e) || e.held || stopped.has(e.case)) stopped.add(e.case);
    else return e;
  }
  return null;
};

const follow = (sent, etag) => {
  const seq = /"(\d+)"/.exec(etag ?? "")?.[1];
  for (const e of entries())
    if (seq && e.case === sent.case && own(e) && !e.tried) store({ ...e, seq: Number(seq) });
};

const again = (seconds) => {
  wait = Math.min(30, Math.max(1, seconds ?? wait * 2));
  clearTimeout(timer);
  timer = setTimeout(start, wait * 1000);
};

const fail = async (e, problem) => {
  if (problem.status === 0 || problem.status >= 500 || problem.status === 429) {
    state.offline = problem.status === 0;
    again();
    return false;
  }
  if (problem.status === 401 || (problem.status === 403 && (await stranger(e)))) {
    state.expired = true;
    return false;
  }
  store({ ...e, tried: true, held: { status: problem.status, body: problem.body } });
  tell("held", { ...e, held: { status: problem.status, body: problem.body } });
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

const once = async () => {
  const e = next();
  if (!e) return false;
  store({ ...e, tried: true });
  try {
    const answer = await post(`cases/${encodeURIComponent(e.case)}/events`, e.body, {
      "If-Match": `"${e.seq}"`,
      "Idempotency-Key": e.key,
    });
    remove(e);
    follow(e, answer.etag);
    Object.assign(state, { offline: false, expired: false });
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
