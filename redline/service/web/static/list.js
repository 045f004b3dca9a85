// The list: rows for what is seen alone, however many there are.
import { $, el } from "./dom.js";
import { english, number, t } from "./texts.js";
import { label } from "./words.js";

/** height is that of a row, in pixels, as the style sheet has it. */
const height = () => (matchMedia("(max-width: 899px)").matches ? 76 : 66);

export class List {
  index = -1;
  ticked = new Set();
  #drawn = "";

  constructor({ choose, tick, pending }) {
    Object.assign(this, { box: $("rows"), inside: $("rows-all"), choose, tick, pending });
    this.box.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw(true)).observe(this.box);
    this.inside.addEventListener("click", (e) => this.#click(e));
  }

  #click(e) {
    const row = e.target.closest("[data-i]");
    if (!row) return;
    const index = Number(row.dataset.i);
    if (e.target.closest(".tick")) this.tick(index);
    else this.choose(index, true);
  }

  show(cases) {
    this.cases = cases;
    this.index = -1;
    this.box.scrollTop = 0;
    this.draw(true);
  }

  /** draw brings the rows that are seen up to date, and has read what is missing. */
  draw(anew = false) {
    const { cases } = this;
    if (!cases) return;
    const h = height(),
      n = Math.max(cases.matched, cases.rows.length);
    const first = Math.max(0, Math.floor(this.box.scrollTop / h) - 4);
    const last = Math.min(n, Math.ceil((this.box.scrollTop + (this.box.clientHeight || 600)) / h) + 4);
    const drawn = `${first} ${last} ${n} ${h} ${cases.rows.length}`;
    if (!anew && drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.inside.style.height = `${n * h}px`;
    this.inside.replaceChildren(...Array.from({ length: last - first }, (_, k) => this.#row(first + k, h, n)));
    const row = cases.rows[this.index];
    if (row) this.box.setAttribute("aria-activedescendant", "row-" + this.index);
    else this.box.removeAttribute("aria-activedescendant");
    if (last > cases.rows.length && !cases.done) cases.read(last).catch(() => {});
  }

  #row(i, h, n) {
    const r = this.cases.rows[i];
    const at = `transform: translateY(${i * h}px)`;
    const e = el("div", {
      id: "row-" + i,
      class: "row",
      role: "option",
      "data-i": i,
      "aria-posinset": i + 1,
      "aria-setsize": n,
      "aria-selected": String(i === this.index),
    });
    e.style.cssText = at; // by script, which the policy allows
    if (!r) {
      e.append(el("span", { class: "pale" }, t("loading")));
      return e;
    }
    const ticked = this.ticked.has(r.id);
    e.setAttribute("aria-checked", String(ticked));
    const verdict = r.verdict ?? "unreviewed";
    e.append(
      el("span", { class: "tick", "aria-hidden": "true", title: t("choose", r.id) }),
      el("span", { class: `sev s${r.severity ?? 0}`, title: t("level", r.severity ?? "–") }, r.severity ?? "–"),
      el(
        "span",
        { class: "main" },
        el("span", { class: "id" }, r.id),
        el(
          "span",
          { class: "where" },
          r.county_name ?? r.county ?? "–",
          " · ",
          r.area_ha === undefined ? "–" : `${number(r.area_ha, 2)} ${t("ha")}`,
        ),
      ),
      el(
        "span",
        { class: "badges" },
        el(
          "span",
          { class: `verdict v-${verdict}` },
          label("verdict", verdict),
          this.pending(r.id) &&
            el("span", { class: "dot", title: t("pending") }, el("span", { class: "unseen" }, t("pending"))),
        ),
        el("span", { class: "small" }, marks(r).join(" · ")),
      ),
    );
    return e;
  }

  /** move chooses another row, and scrolls to it. */
  place(index) {
    this.index = index;
    const h = height(),
      top = index * h;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + h > this.box.scrollTop + this.box.clientHeight)
      this.box.scrollTop = top + h - this.box.clientHeight;
    this.draw(true);
  }
}

const marks = (r) =>
  [
    r.prio !== undefined && (english ? `P${number(r.prio)}` : `优先 ${number(r.prio)}`),
    r.relation && r.relation !== "persisting" && label("relation", r.relation),
    r.suspicion && label("suspicion", r.suspicion),
    r.overdue && t("overdue"),
    r.conflicts > 0 && t("dispute"),
    r.near_lead && t("leads"),
  ]
    .filter(Boolean)
    .slice(0, 3);
