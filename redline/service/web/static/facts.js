// The evidence: all that is known of a case, in the order in which one asks for it.
import { el } from "./dom.js";
import { english, number, t } from "./texts.js";
import { label } from "./words.js";
import { list } from "./steps.js";

const named = (f) => (english ? f.name.replaceAll("_", " ") : f.title);
const termed = (x) => (x ? (english ? x.code.replaceAll("_", " ") : x.title) : "");
const shown = (f) => (english ? f.value : f.label || f.value);
const has = (v) => v !== undefined && v !== null && v !== "" && v !== false;

const pairs = (all) => {
  const given = all.filter(([, value]) => has(value));
  return (
    given.length > 0 &&
    el(
      "dl",
      {},
      given.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
    )
  );
};

const section = (key, count, ...inside) => {
  const given = inside.flat().filter(Boolean);
  return (
    given.length > 0 &&
    el(
      "section",
      { class: "part" },
      el("h3", {}, t(key), count > 0 && el("span", { class: "count" }, count)),
      given,
    )
  );
};

const link = (id, open) => el("button", { type: "button", class: "link", onclick: () => open(id) }, id);

const head = (d) =>
  el(
    "header",
    { class: "head" },
    el("h2", { id: "case-id" }, d.id),
    el(
      "p",
      { class: "chips" },
      el("span", { class: `sev s${d.values.severity || 0}` }, label("severity", d.values.severity)),
      el("span", { class: "chip" }, termed(d.state)),
      el(
        "span",
        { class: `verdict v-${d.values.verdict || "unreviewed"}` },
        label("verdict", d.values.verdict || "unreviewed"),
      ),
      d.side.map((s) => el("span", { class: "chip warn" }, termed(s))),
    ),
  );

const place = (d) => {
  const v = d.values,
    p = d.printed;
  return section(
    "place",
    0,
    pairs(
      [
        [t("county"), [v.county_name, v.county].filter(has).join(" ")],
        [t("place"), has(v.lon) && `${Number(v.lon).toFixed(5)}, ${Number(v.lat).toFixed(5)}`],
        [t("zone"), p ? [p.zone_name, p.func_zone].filter(has).join(" · ") : d.largest?.zone_name],
        ["ha", has(v.area_ha) && `${number(v.area_ha, 2)} ${t("ha")}`],
      ].map(([k, x]) => [k === "ha" ? (english ? "area" : "面积") : k, x]),
    ),
  );
};

const change = (d) => {
  const p = d.printed;
  if (!p)
    return section(
      "what",
      0,
      pairs(
        d.fields
          .filter((f) => ["group", "lead_text", "lead_source", "lead_date", "relation"].includes(f.name))
          .map((f) => [named(f), shown(f)]),
      ),
    );
  return section(
    "what",
    0,
    el(
      "p",
      { class: "change" },
      el("b", {}, p.from_name),
      " → ",
      el("b", {}, p.to_name),
      ` · ${p.change_zh ?? p.change}`,
    ),
    pairs([
      [t("dates"), `${p.year_a} → ${p.year_b}`],
      [
        english ? "change year" : "变化年份",
        p.chg_year && (p.chg_from !== p.chg_to ? `${p.chg_from}–${p.chg_to}` : p.chg_year),
      ],
      [english ? "activity" : "疑似活动", p.activity],
      [english ? "basis" : "依据", p.basis],
      [t("relation"), label("relation", d.values.relation)],
    ]),
  );
};

const why = (d) => {
  const p = d.printed,
    v = d.values;
  const prio = p?.prio ?? v.prio;
  if (!has(prio)) return false;
  const bar = el("span", { class: "bar" }, el("span"));
  bar.firstChild.style.width = `${Math.max(0, Math.min(100, prio))}%`;
  return section(
    "priority",
    0,
    el("p", { class: "prio" }, el("b", {}, number(prio)), bar),
    p?.prio_why &&
      el(
        "ul",
        { class: "why" },
        String(p.prio_why)
          .split(/[；;]/)
          .filter(Boolean)
          .map((w) => el("li", {}, w)),
      ),
    pairs([
      [english ? "other maps agree" : "其他地图佐证", has(p?.agree_of) && `${p.agree_n} / ${p.agree_of}`],
      [english ? "still so on the newest map" : "最新地图保持", has(p?.stays_pct) && `${number(p.stays_pct, 1)}%`],
      [english ? "along an edge" : "沿边缘", has(p?.edge_pct) && `${number(p.edge_pct, 1)}%`],
    ]),
  );
};

const judged = [
  "verdict",
  "reason",
  "note",
  "reviewer",
  "review_date",
  "review_basis",
  "approval",
  "valid_until",
  "duplicate_of",
];
const verdict = (d) =>
  section("verdict", 0, pairs(d.fields.filter((f) => judged.includes(f.name)).map((f) => [named(f), shown(f)])));

const disputes = (d) =>
  section(
    "disputes",
    d.disputes.length,
    d.disputes.map((x) =>
      el(
        "p",
        { class: "warned" },
        `${named(x)}：`,
        x.values.map((v, i) => [i > 0 && " ／ ", el("b", {}, termed(v) || "–")]),
      ),
    ),
  );

const lookAt = (d) =>
  section(
    "followups",
    d.followups.length,
    d.followups.length > 0 &&
      el(
        "ol",
        { class: "looks" },
        d.followups
          .toReversed()
          .map((f) =>
            el(
              "li",
              {},
              el("b", {}, f.year),
              ` ${termed(f.finding)}`,
              has(f.shares.share_bad) && el("span", { class: "pale" }, ` ${number(f.shares.share_bad, 0)}%`),
            ),
          ),
      ),
  );

const around = (d, open) =>
  section(
    "neighbours",
    d.neighbours.length,
    d.neighbours.length > 0 &&
      el(
        "ul",
        { class: "near" },
        d.neighbours
          .slice(0, 12)
          .map((n) =>
            el(
              "li",
              {},
              link(n.id, open),
              ` ${termed(n.state)}`,
              has(n.metres) && el("span", { class: "pale" }, ` ${t("metres", number(n.metres))}`),
            ),
          ),
      ),
  );

const leads = (d, open) =>
  section(
    "leads",
    d.near_leads.length,
    d.near_leads.length > 0 &&
      el(
        "ul",
        { class: "near" },
        d.near_leads.map((n) =>
          el(
            "li",
            {},
            el("b", {}, `${n.source} ${n.number}`),
            ` ${n.day}`,
            has(n.metres) && el("span", { class: "pale" }, ` ${t("metres", number(n.metres))}`),
            el("br"),
            n.text,
            " ",
            n.case !== d.id && link(n.case, open),
          ),
        ),
      ),
  );

/** chooser is a button that has a file chosen. */
const chooser = (text, upload, given) => {
  const chosen = (e) => e.target.files[0] && upload(e.target.files[0]);
  return el(
    "label",
    { class: "upload button" },
    text,
    el("input", { type: "file", class: "unseen", onchange: chosen, ...given }),
  );
};

const documents = (d, upload) =>
  section(
    "documents",
    d.evidence.length,
    d.evidence.length > 0 &&
      el(
        "ul",
        { class: "near" },
        d.evidence.map((x) => {
          const name = x.name || x.sha256.slice(0, 12);
          return el("li", {}, el("a", { href: "evidence/" + encodeURIComponent(x.sha256), download: name }, name));
        }),
      ),
    upload &&
      el(
        "div",
        { class: "uploads" },
        chooser(t("upload"), upload, {}),
        chooser(t("camera"), upload, { accept: "image/*", capture: "environment" }),
      ),
  );

const steps = (d, act) => section("steps", 0, list(d, act));

const history = (d) =>
  section(
    "history",
    d.history.length,
    el(
      "ol",
      { class: "events" },
      d.history.toReversed().map((e) =>
        el(
          "li",
          {},
          el("time", { datetime: e.time }, e.time.slice(0, 10)),
          " ",
          el("b", {}, termed(e.kind)),
          ` ${e.actor}${e.level ? "（" + termed(e.level) + "）" : ""}`,
          el(
            "span",
            { class: "said" },
            e.fields
              .filter(
                (f) =>
                  has(f.value) &&
                  !["request", "claims", "grid", "detection_sha256", "ground", "source"].includes(f.name),
              )
              .slice(0, 8)
              .map((f) => el("span", {}, `${named(f)} ${shown(f)}`)),
            e.document && el("span", {}, e.document.name),
          ),
        ),
      ),
    ),
  );

/** facts draws what is known of a case. open chooses another case, act makes a step, and upload takes a file; it is
 * null when this person may not send any. */
export const facts = (d, { open, upload, act }) =>
  [
    head(d),
    disputes(d),
    change(d),
    place(d),
    why(d),
    verdict(d),
    lookAt(d),
    leads(d, open),
    around(d, open),
    documents(d, upload),
    steps(d, act),
    history(d),
  ].filter(Boolean);

/** glance draws what the list knows of a case, until all is there. */
export const glance = (row) =>
  head({
    id: row.id,
    values: row,
    state: { code: row.state ?? "", title: label("state", row.state) },
    side: [],
  });
