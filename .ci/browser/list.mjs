// The list of all candidates in report.html against a twin that searches and sorts by itself.
import { gunzipSync, gzipSync } from "node:zlib";

const pattern = /(<script type="application\/gzip" id="index">)([^<]*)(<\/script>)/;

// candidates returns what the index of a page holds, in the order of numbers.
export const candidates = (html) => {
  const { rows, lists } = JSON.parse(gunzipSync(Buffer.from(pattern.exec(html)[2], "base64")));
  return rows.map(([id, level, county, zone, change, activity, ha, lon, lat, flags, x, y, ...known], i) => ({
    number: i + 1,
    id,
    level,
    severity: lists.severities[level].Name,
    county: lists.counties[county],
    zone: lists.zones[zone][0],
    kind: lists.kinds[lists.zones[zone][1]],
    change: lists.changes[change],
    activity: lists.activities[activity],
    ha,
    lon,
    lat,
    flags: lists.flags[flags],
    x,
    y,
    ...(lists.relations && ofCase(known, lists)),
    ...(lists.evidence && evidenceOf(known.find(Array.isArray), lists.evidence)),
    ...(lists.years && datesOf(known.slice(-3), lists)),
  }));
};

// evidenceOf returns what the index of a page with evidence says of a candidate.
const evidenceOf = ([score, why, ...rest], { whys, bands, pairs }) => {
  const agree = rest.slice(7).filter((p) => p[4] === 2).length,
    see = rest.slice(7).filter((p) => p[4] > 0).length;
  return {
    ...(score !== null && { prio: score, why: whys[why] }),
    ...(score !== null && { band: bands[score >= 80 ? 0 : 4 - Math.floor(score / 20)] }),
    ...(pairs && { agreed: `${agree} / ${see}`, agreement: agree ? "至少一对一致" : see ? "都不一致" : "都看不到" }),
    shares: rest.slice(7),
  };
};
const ranked = (all) => all[0].prio !== undefined;
const confirmed = (all) => all[0].agreed !== undefined;

// datesOf returns what the index of a page with dates says of a candidate.
const datesOf = ([year, when, vsZone], lists) => ({
  year: lists.years[year],
  when: lists.when[when],
  vsZone: lists.vsZones[vsZone],
});

// What pages have of dates: years with maps between the epochs, zones with dates of these.
const dated = (all) => all.some((c) => c.when && c.when !== "年份不明");
const since = (all) => all.some((c) => c.vsZone && c.vsZone !== "—");

// ofCase returns what the index of a page with a ledger says of the case of a candidate.
const ofCase = ([relation, id, state, said, now], lists) => ({
  relation,
  related: lists.relations[relation].Name,
  standing: lists.relations[relation].Standing,
  color: lists.relations[relation].Color,
  case: id,
  state: lists.states[state],
  said: lists.verdicts[said],
  now: lists.findings[now],
});

// enlarge returns a page with an index of n candidates: those of the page again and again, under other ids, in other
// zones, with other areas and coordinates.
export const enlarge = (html, n) => {
  const { rows, lists } = JSON.parse(gunzipSync(Buffer.from(pattern.exec(html)[2], "base64")));
  let state = 20152020;
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  const digits = "0123456789abcdefghijklmnopqrstuv";
  const many = Array.from({ length: n }, (_, i) => {
    const row = [...rows[Math.floor((i * rows.length) / n)]]; // in the order of severities
    row[0] = `C${Array.from({ length: 16 }, () => digits[Math.floor(random() * 32)]).join("")}`;
    row[6] = Math.round(row[6] * (0.5 + random()) * 1e6) / 1e6;
    row[7] = Math.round((row[7] + random()) * 1e6) / 1e6;
    row[8] = Math.round((row[8] + random()) * 1e6) / 1e6;
    row[3] = Math.floor(random() * 1298);
    return row;
  });
  lists.zones = Array.from({ length: 1298 }, (_, i) => [`示例第${i}号保护地`, i % lists.kinds.length]);
  return html.replace(
    pattern,
    (_, a, __, b) => a + gzipSync(JSON.stringify({ rows: many, lists })).toString("base64") + b,
  );
};

const plain = (s) => s.normalize("NFKC").toLowerCase();
const known = new WeakMap(); // what can be searched of a candidate, in plain letters
const textsOf = (c) => {
  let texts = known.get(c);
  if (!texts) {
    texts = [c.id, c.severity, c.county, c.zone, c.kind, c.change, c.activity, c.flags]
      .concat(c.standing ? [c.related, c.standing, c.case, c.state, c.said, c.now] : [])
      .concat(c.shares ? [c.why ?? "", c.agreement ?? ""] : [])
      .concat(c.when ? [c.when, c.year, c.vsZone] : [])
      .map(plain);
    known.set(c, texts);
  }
  return texts;
};
const twin = (all, text, only) => {
  let left = all.filter((c) => Object.entries(only).every(([key, value]) => c[key] === value));
  for (const word of plain(text).split(/\s+/)) {
    if (/^#\d+$/.test(word)) left = left.filter((c) => c.number === Number(word.slice(1)));
    else left = left.filter((c) => textsOf(c).some((t) => t.includes(word)));
  }
  return left;
};

const selectsOf = (all) => ({
  ...{ severity: "level", county: "county", kind: "kind", change: "change" },
  ...(ranked(all) && { band: "prio" }),
  ...(confirmed(all) && { agreement: "agreed" }),
  ...(all[0].standing && { standing: "relation", state: "state", now: "now" }),
  ...(dated(all) && { year: "when" }),
  ...(since(all) && { vsZone: "vsZone" }),
});
const shown = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("#rows tbody tr[id]")].map((tr) => [
      tr.id,
      ...[...tr.cells].map((td) => td.textContent),
    ]),
  );
const settle = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

// search compares hits with those of the twin, and returns what differs and the milliseconds that searches took.
export const search = async (page, all) => {
  const found = [],
    at = all[Math.floor(all.length / 2)],
    last = all.at(-1),
    selects = selectsOf(all);
  const times = [];
  const queries = [
    ["", {}],
    [at.county, {}],
    [at.id, {}],
    [at.id.slice(3, 7).toUpperCase(), {}],
    [`#${all.length}`, {}],
    ["＃１２", {}],
    [`${at.change} ${last.county}`, {}],
    [at.zone.slice(0, 30), { severity: at.severity }],
    ["", { county: last.county, kind: last.kind }],
    [at.activity.slice(2, 4), { change: at.change, severity: last.severity }],
    ["疑似", {}],
    ["没有这样的图斑", {}],
    ["EDGE", {}],
  ];
  if (at.standing) {
    for (const standing of new Set(all.map((c) => c.standing))) queries.push(["", { standing }]);
    for (const state of new Set(all.map((c) => c.state))) queries.push([at.change, { state, standing: at.standing }]);
    const open = all.find((c) => c.said.includes("待确认"));
    queries.push([at.case, {}], [open ? open.said : "待确认", {}], ["", { now: last.now }]);
  }
  for (const key of ["band", "agreement", "why"])
    for (const value of new Set(all.map((c) => c[key] ?? "").filter(Boolean)))
      queries.push(key === "why" ? [value.slice(0, 6), {}] : ["", { [key]: value }]);
  if (dated(all)) for (const year of new Set(all.map((c) => c.year))) queries.push(["", { year }], [year, { severity: at.severity }]);
  if (since(all)) for (const vsZone of new Set(all.map((c) => c.vsZone))) queries.push(["", { vsZone }], [vsZone, {}]);
  for (const [text, only] of queries) {
    const took = await page.evaluate(
      async ([text, only, selects]) => {
        const set = (e, value, event) => {
          e.value = value;
          e.dispatchEvent(new Event(event));
          return e.value === value;
        };
        for (const [key, id] of Object.entries(selects))
          if (!set(document.getElementById(`only-${id}`), only[key] ? `=${only[key]}` : "", "change")) return -1;
        const start = performance.now();
        set(document.getElementById("find"), text, "input");
        document.getElementById("rows").getBoundingClientRect();
        const done = performance.now() - start;
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        return done;
      },
      [text, only, selects],
    );
    const want = twin(all, text, only),
      rows = await shown(page),
      said = await page.textContent("#hits");
    const what = `search for ${text} ${JSON.stringify(only)}`;
    if (took < 0) found.push(`${what}: no such choice`);
    times.push(took);
    const count = want.length ? `${want.length.toLocaleString("en-US")} 个，` : "没有符合条件";
    if (!said.startsWith(count)) found.push(`${what}: ${said}, there are ${want.length}`);
    if (rows.length < Math.min(want.length, 15) || rows.some((r, i) => r[0] !== `r${want[i]?.number}`))
      found.push(`${what}: rows ${rows.slice(0, 5).map((r) => r[0])} for ${want.slice(0, 5).map((c) => c.number)}`);
  }
  await page.fill("#find", "");
  await page.click(".filters button");
  return { found, times };
};

// sorted presses the head of each column twice and compares the first rows, and downwards the last one, with the twin's.
const sorted = async (page, all) => {
  const found = [],
    keys = ["number", "level", "county", "zone", "kind", "change", "ha", "lon", "lat", "activity", "flags", "id"];
  if (all[0].standing) {
    keys.splice(2, 0, "relation");
    keys.splice(keys.indexOf("flags"), 0, "case", "state", "said", "now");
  }
  if (confirmed(all)) keys.splice(2, 0, "agreed");
  if (ranked(all)) keys.splice(2, 0, "prio", "why");
  if (dated(all)) keys.splice(keys.indexOf("ha"), 0, "when");
  if (since(all)) keys.splice(keys.indexOf("ha"), 0, "vsZone");
  const collator = new Intl.Collator("zh-CN");
  const heads = await page.$$("#rows thead button");
  if (heads.length !== keys.length) return [`${heads.length} columns can be sorted`];
  for (const [i, key] of keys.entries()) {
    for (let press = 0; press < 2; press++) {
      await heads[i].click();
      const down =
        (await page.$$eval("#rows thead th[aria-sort]", (all, i) => all[i].getAttribute("aria-sort"), i)) ===
        "descending";
      const order =
        typeof all[0][key] === "number"
          ? (a, b) => a - b
          : key === "id"
            ? (a, b) => (a < b ? -1 : a > b ? 1 : 0)
            : collator.compare;
      const want = [...all].sort((a, b) => (down ? -1 : 1) * order(a[key], b[key]) || a.number - b.number);
      await page.focus("#rows");
      await page.keyboard.press("Home");
      await settle(page);
      const first = await shown(page);
      const say = (what, got, c) =>
        found.push(`sorted by ${key} ${down ? "down" : "up"}, the ${what} row is ${got?.[0]}, want r${c.number}`);
      first.slice(0, 10).forEach((row, k) => {
        if (row[0] !== `r${want[k].number}`) say(`${k}.`, row, want[k]);
      });
      if (!down) continue;
      await page.keyboard.press("End");
      await settle(page);
      const end = await shown(page);
      if (end.at(-1)[0] !== `r${want.at(-1).number}`) say("last", end.at(-1), want.at(-1));
    }
  }
  await heads[0].click();
  return found;
};

// coloured looks whether each row tells the relation to the ledger in its colour, one row for each relation.
const coloured = async (page, all) => {
  const found = [];
  if (!all[0].standing) return found;
  for (const relation of new Set(all.map((c) => c.relation))) {
    const c = all.find((c) => c.relation === relation);
    await page.fill("#find", `#${c.number}`);
    await settle(page);
    const [text, color] = await page.$eval(`#r${c.number} .swatch`, (i) => [
      i.parentElement.textContent,
      getComputedStyle(i).backgroundColor,
    ]);
    const want = `rgb(${[1, 3, 5].map((at) => parseInt(c.color.slice(at, at + 2), 16)).join(", ")})`;
    if (text !== c.related || color !== want) found.push(`row ${c.number}: ${text} in ${color}, want ${c.related} in ${want}`);
  }
  await page.fill("#find", "");
  await settle(page);
  return found;
};

// proven clicks rows, and looks whether the box below the list has the evidence on their candidates.
const proven = async (page, all) => {
  const found = [];
  if (!all[0].shares) return found;
  for (const c of [all[0], all[all.length >> 1], all.at(-1)]) {
    await page.fill("#find", `#${c.number}`);
    await settle(page);
    await page.click(`#r${c.number} td:nth-child(3)`);
    const text = await page.textContent("#evidence");
    const want = [c.id, ...c.shares.map((s) => `同类变化 ${s[0]}%，其他变化 ${s[1]}%，无变化 ${s[2]}%，无数据 ${s[3]}%`)];
    if (ranked(all)) want.push(`核查优先级 ${c.prio}：${c.why}`);
    for (const part of want) if (!text.includes(part)) found.push(`the box of ${c.number} has ${text}, not ${part}`);
  }
  await page.fill("#find", "");
  await settle(page);
  return found;
};

// keys walks through the list by the keyboard alone.
export const keys = async (page, all) => {
  const found = [];
  await page.focus("#rows");
  const at = async () =>
    page.evaluate(() => {
      const tr = document.getElementById(document.getElementById("rows").getAttribute("aria-activedescendant"));
      const r = tr?.getBoundingClientRect(),
        box = document.querySelector(".rows").getBoundingClientRect(),
        head = document.querySelector("#rows thead").getBoundingClientRect();
      return tr && r.top >= head.bottom - 1 && r.bottom <= box.bottom + 1 && tr.className === "at"
        ? Number(tr.id.slice(1))
        : 0;
    });
  const press = async (key, want) => {
    await page.keyboard.press(key);
    await settle(page);
    const got = await at();
    if (got !== want) found.push(`${key} leads to row ${got}, want ${want}`);
  };
  await press("Home", 1);
  for (let n = 2; n <= 25; n++) await press("ArrowDown", Math.min(n, all.length));
  await press("ArrowUp", Math.min(25, all.length) - 1);
  await press("End", all.length);
  await press("ArrowDown", all.length);
  await press("Home", 1);
  await press("ArrowDown", 2);
  await page.keyboard.press("Enter");
  await settle(page);
  if (!(await page.url()).endsWith("#c2")) found.push(`Enter leads to ${await page.url()}`);
  return found;
};

// ways goes from the address to the map, from there by a click to the list, and to a row that a search has hidden.
const ways = async (page, all) => {
  const found = [];
  const go = async (hash) => {
    await page.evaluate((hash) => (location.hash = hash), hash);
    await settle(page);
  };
  for (const n of [1, Math.ceil(all.length / 2), all.length]) {
    await go(`#m${n}`);
    const ring = await (await page.$("#here circle")).boundingBox();
    await page.mouse.click(ring.x + ring.width / 2, ring.y + ring.height / 2);
    await settle(page);
    const reached = Number(new URL(page.url()).hash.slice(2)); // another one may have its mark in the same place
    const [a, b] = [all[n - 1], all[reached - 1]];
    if (!b || Math.hypot(a.x - b.x, a.y - b.y) > 2) found.push(`a click on ${n} leads to ${page.url()}`);
    await page.fill("#find", "没有这样的图斑");
    await go("#r0");
    await go(n === 1 ? `#${a.id}` : `#r${n}`);
    const at = await page.getAttribute("#rows", "aria-activedescendant");
    if (at !== `r${n}` || (await page.inputValue("#find")) !== "") found.push(`#r${n} leads to ${at}`);
    if (!(await page.locator(`#r${n}`).isVisible())) found.push(`#r${n} is not in sight`);
  }
  return found;
};

// whole tries all of it on a page that is open. It returns what is amiss and how long searches took.
export const whole = async (page, all) => {
  await page.waitForSelector("#rows tbody tr[id]");
  const { found, times } = await search(page, all);
  return {
    found: [
      ...found,
      ...(await sorted(page, all)),
      ...(await coloured(page, all)),
      ...(await proven(page, all)),
      ...(await keys(page, all)),
      ...(await ways(page, all)),
    ],
    took: took(times),
  };
};

// took tells how long searches took.
export const took = (times) => {
  const sorted = times.toSorted((a, b) => a - b);
  return `${sorted[sorted.length >> 1].toFixed(0)} ms, at most ${sorted.at(-1).toFixed(0)} ms`;
};
