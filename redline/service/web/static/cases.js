// The cases that the filters choose, as far as they were read: page by page, in the order of the service.
import { get } from "./api.js";

/** names of filters, as they stand in the address of the page. */
export const filters = [
  "id",
  "county",
  "severity",
  "state",
  "verdict",
  "relation",
  "suspicion",
  "near_lead",
  "overdue",
  "assigned",
];
export const sorts = ["prio", "severity", "area_ha", "updated", "id"];

/** chosen reads the filters from the address. */
export const chosen = () => {
  const p = new URLSearchParams(location.search);
  const found = Object.fromEntries(filters.map((f) => [f, p.get(f) ?? ""]));
  const sort = p.get("sort");
  return { ...found, sort: sorts.includes(sort) ? sort : "prio" };
};

/** addressOf is the address of the page with these filters and a case. */
export const addressOf = (choice, id) => {
  const p = new URLSearchParams();
  for (const f of filters) if (choice[f]) p.set(f, choice[f]);
  if (choice.sort !== "prio") p.set("sort", choice.sort);
  for (const keep of ["lang", "run", "layer"])
    if (new URLSearchParams(location.search).has(keep)) p.set(keep, new URLSearchParams(location.search).get(keep));
  if (id) p.set("case", id);
  const text = p.toString();
  return location.pathname + (text && "?" + text);
};

/** conditions are the filters as the service takes them; me is the names of who is asked for by assigned. Cases that
 * were merged into others are left out, unless an id is asked for. */
export const conditions = (choice, me) => {
  const p = new URLSearchParams();
  for (const f of filters) if (choice[f] && f !== "assigned") p.set(f, choice[f]);
  if (!choice.id) p.set("merged_into", "");
  if (choice.assigned) for (const name of me) p.append("assigned_to", name);
  return p;
};

const kept = [
  "id",
  "state",
  "verdict",
  "reason",
  "severity",
  "county",
  "county_name",
  "area_ha",
  "relation",
  "suspicion",
  "conflicts",
  "near_lead",
  "overdue",
  "prio",
  "lon",
  "lat",
  "note",
  "seq",
];

const slim = (f) => {
  const row = { id: String(f.id) };
  for (const k of kept)
    if (f.properties?.[k] !== undefined && f.properties[k] !== null && f.properties[k] !== "")
      row[k] = f.properties[k];
  return row;
};

/** nextOf is what the page after this one is asked for with, null on the last one. */
export const nextOf = (body) => {
  const link = body.links?.find((l) => l.rel === "next");
  return link ? new URL(link.href, document.baseURI).search : null;
};

/** pages gives page after page of a query. */
export async function* pages(query, signal) {
  let search = "?" + query;
  while (search) {
    const { body } = await get("collections/cases/items" + search, { signal, timeout: 60_000 });
    yield body;
    search = nextOf(body);
  }
}

export class Cases {
  rows = [];
  matched = 0;
  done = false;
  #from = null;
  #stop = new AbortController();
  #reading = null;

  constructor(choice, me, changed) {
    this.changed = changed;
    const p = conditions(choice, me);
    p.set("f", "json");
    p.set("sortby", (choice.sort === "id" ? "" : "-") + choice.sort);
    p.set("limit", "100");
    p.set("skipGeometry", "true");
    this.query = p;
    this.#from = "?" + p;
  }

  /** read reads on until there are rows up to the index, or no more. */
  async read(index) {
    while (!this.done && this.rows.length <= index) {
      this.#reading ??= this.#page(index).finally(() => {
        this.#reading = null;
      });
      await this.#reading;
    }
  }

  async #page(index) {
    const search = new URLSearchParams(this.#from);
    if (index > this.rows.length + 400) search.set("limit", "1000");
    const { body } = await get("collections/cases/items?" + search, { signal: this.#stop.signal, timeout: 60_000 });
    this.rows.push(...body.features.map(slim));
    this.matched = body.numberMatched ?? this.rows.length;
    this.#from = nextOf(body);
    if (!this.#from) {
      this.done = true;
      this.matched = this.rows.length;
    }
    this.changed();
  }

  stop() {
    this.#stop.abort();
  }

  indexOf(id) {
    return this.rows.findIndex((r) => r.id === id);
  }

  /** change gives a row new values. */
  change(id, values) {
    const row = this.rows.find((r) => r.id === id);
    if (row) Object.assign(row, values);
    return row;
  }
}
