// What is known of a case, with what the run printed of its candidates. Cases that come next are read before they
// are asked
// for; what was read is kept for a while.
import { Problem, get } from "./api.js";

const kept = new Map(); // by id: {promise, at}
const fresh = 30_000; // milliseconds
const most = 60; // cases kept
let runs = []; // ids of runs, the newest last

const until = (c) => c.extent?.temporal?.interval?.[0]?.[1] ?? "";

/** runsOf reads which runs there are: that of the latest year last, of one year that which was made last. */
export const runsOf = async () => {
  const { body } = await get("collections?f=json").catch(() => ({ body: {} }));
  runs = (body.collections ?? [])
    .filter((c) => c.id.endsWith(".candidates"))
    .map((c) => [until(c), c.made ?? "", c.id.slice(0, -".candidates".length)])
    .sort((a, b) => (String(a) < String(b) ? -1 : 1))
    .map(([, , id]) => id);
  return runs;
};

const candidate = async (id) => {
  for (const run of [...runs].reverse()) {
    try {
      const { body } = await get(
        `collections/${encodeURIComponent(run)}.candidates/items?f=json&limit=1&skipGeometry=true` +
          `&cand_id=${encodeURIComponent(id)}`,
      );
      if (body.features?.[0]) return { run, ...body.features[0].properties };
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status === 0) throw problem;
    }
  }
  return null;
};

const read = async (id) => {
  const { body, etag } = await get(`cases/${encodeURIComponent(id)}`, { cache: "no-cache" });
  const values = Object.fromEntries(body.fields.map((f) => [f.name, f.value ?? ""]));
  const latest = body.detections.find((d) => d.latest) ?? body.detections.at(-1);
  const largest = latest?.candidates.filter((c) => !c.reason).sort((a, b) => b.area_m2 - a.area_m2)[0];
  const printed = largest ? await candidate(largest.id).catch(() => null) : null;
  return { ...body, seq: Number(/\d+/.exec(etag ?? "")?.[0] ?? body.seq), values, latest, largest, printed };
};

/** detail returns what is known of a case. */
export const detail = (id, anew = false) => {
  const known = kept.get(id);
  if (known && !anew && Date.now() - known.at < fresh) return known.promise;
  const promise = read(id);
  kept.set(id, { promise, at: Date.now() });
  promise.catch(() => kept.get(id)?.promise === promise && kept.delete(id));
  for (const old of kept.keys()) if (kept.size > most) kept.delete(old);
  return promise;
};

/** isKnown tells whether a case was read, or is being read. */
export const isKnown = (id) => kept.has(id);

export const forget = (id) => kept.delete(id);
