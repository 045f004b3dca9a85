// The filters above the list. What they choose stands in the address of the page.
import { $, el } from "./dom.js";
import { t } from "./texts.js";
import { codesOf, label } from "./words.js";
import { filters, sorts } from "./cases.js";

const select = (name, options, value, change) => {
  const known = options.some(([code]) => code === value);
  const all = known || !value ? options : [...options, [value, value]];
  return el(
    "label",
    { class: "filter" },
    el("span", {}, t(name)),
    el(
      "select",
      { name, onchange: change },
      all.map(([code, text]) => {
        const o = el("option", { value: code }, text);
        o.selected = code === value;
        return o;
      }),
    ),
  );
};

const coded = (set) => [["", t("all")], ...codesOf(set).map((c) => [c, label(set, c)])];

/** draw makes the form for a choice; changed gets the new one. */
export const draw = (choice, changed) => {
  const form = $("filters");
  const open =
    form.querySelector("details")?.open ?? !matchMedia("(max-width: 899px), (max-height: 640px)").matches;
  const change = () => changed(read(form, choice));
  const active = filters.filter((f) => f !== "id" && choice[f]).length;
  form.onsubmit = (e) => {
    e.preventDefault();
    change();
  };
  form.replaceChildren(
    el(
      "div",
      { class: "find" },
      el("input", {
        type: "search",
        name: "id",
        value: choice.id,
        placeholder: t("search"),
        "aria-label": t("id"),
        "aria-keyshortcuts": "/",
        onsearch: change,
      }),
      select(
        "sort",
        sorts.map((s) => [s, t("sort-" + s)]),
        choice.sort,
        change,
      ),
    ),
    el(
      "details",
      { open },
      el("summary", {}, t("filters"), active > 0 && el("span", { class: "count" }, active)),
      el(
        "div",
        { class: "grid" },
        el(
          "label",
          { class: "filter" },
          el("span", {}, t("county")),
          el("input", {
            name: "county",
            value: choice.county,
            inputmode: "numeric",
            list: "counties",
            onchange: change,
          }),
          el("datalist", { id: "counties" }),
        ),
        select("severity", coded("severity"), choice.severity, change),
        select("state", coded("state"), choice.state, change),
        select("verdict", coded("verdict"), choice.verdict, change),
        select("relation", coded("relation"), choice.relation, change),
        select("suspicion", coded("suspicion"), choice.suspicion, change),
        el(
          "label",
          { class: "check" },
          el("input", {
            type: "checkbox",
            name: "near_lead",
            checked: choice.near_lead === "true",
            onchange: change,
          }),
          t("near_lead"),
        ),
        el(
          "label",
          { class: "check" },
          el("input", { type: "checkbox", name: "overdue", checked: choice.overdue === "true", onchange: change }),
          t("overdue"),
        ),
        el(
          "label",
          { class: "check" },
          el("input", { type: "checkbox", name: "assigned", checked: choice.assigned !== "", onchange: change }),
          t("assigned"),
        ),
        el(
          "button",
          {
            type: "button",
            class: "quiet",
            disabled: active === 0 && !choice.id,
            onclick: () =>
              changed({ ...Object.fromEntries(Object.keys(choice).map((k) => [k, ""])), sort: choice.sort }),
          },
          t("clear"),
        ),
      ),
    ),
  );
};

const read = (form, before) => {
  const d = new FormData(form);
  const text = (name) => String(d.get(name) ?? "").trim();
  const ticked = { near_lead: "true", overdue: "true", assigned: "me" };
  const now = filters.map((name) => [name, name in ticked ? (d.has(name) ? ticked[name] : "") : text(name)]);
  return { ...before, ...Object.fromEntries(now), sort: text("sort") };
};

/** counties offers the counties of what was read. */
export const counties = (rows) => {
  const known = new Map();
  for (const r of rows) if (r.county) known.set(r.county, r.county_name ?? r.county);
  $("counties")?.replaceChildren(...[...known].sort().map(([code, name]) => el("option", { value: code }, name)));
};
