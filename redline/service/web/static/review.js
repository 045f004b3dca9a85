// The review page: the list beside the map beside the evidence, and the keys.
import { $, ask, asking, el, say } from "./dom.js";
import { english, keys, number, t, translate } from "./texts.js";
import { Problem, identify, mayJudge, mayMove, who } from "./api.js";
import * as outbox from "./outbox.js";
import * as unsent from "./unsent.js";
import * as filters from "./filters.js";
import { Cases, addressOf, chosen, conditions } from "./cases.js";
import { List } from "./list.js";
import { Maps } from "./maps.js";
import { MapTools } from "./maptools.js";
import { Verdicts, askNote } from "./verdict.js";
import { detail, forget, isKnown, runsOf } from "./detail.js";
import { facts, glance } from "./facts.js";
import { exportAll } from "./export.js";
import * as back from "./back.js";
import * as steps from "./steps.js";
import * as tabs from "./tabs.js";
import { droppable, upload } from "./files.js";
import { Many } from "./many.js";
import { learn, label } from "./words.js";

const ahead = 3; // cases that are read before they are asked for

class Review {
  choice = chosen();
  id = null; // of the case that is shown
  current = null; // what is known of it

  constructor() {
    this.list = new List({
      choose: (i, focus) => this.go(i, focus),
      tick: (i) => this.many.tick(i),
      pending: (id) => this.unsent.has(id),
    });
    this.many = new Many(() => ({ list: this.list, cases: this.cases, choice: this.choice, me: this.me() }));
    this.unsent = new Set();
    this.verdicts = new Verdicts({
      give: (fields) => this.give(fields),
      note: () => this.note(),
      undo: () => this.undo(),
      steps: () => this.steps(),
    });
    this.maps = new Maps({ choose: (id) => this.open(id), changed: () => this.tools?.show() });
    this.tools = new MapTools(this.maps, () => this.maps.show(this.current, this.row()));
  }

  me() {
    return [...new Set([who.login, who.name])].filter(Boolean);
  }
  row() {
    return this.cases?.rows[this.list.index];
  }

  async start() {
    translate();
    this.#buttons();
    outbox.listen((...what) => this.#heard(...what));
    this.#heard("changed");
    try {
      await Promise.all([learn(), identify()]);
    } catch (problem) {
      $("facts").replaceChildren(
        el("p", { class: "warned" }, t("failed", problem.message || problem.status)),
        el("button", { type: "button", onclick: () => location.reload() }, t("retry")),
      );
      if (problem.status === 401) unsent.askLogin(() => location.reload());
      return;
    }
    this.#showWho();
    const runs = await runsOf();
    const asked = new URLSearchParams(location.search);
    await this.tools.start(runs, asked.get("run"), asked.get("layer"));
    await this.load(asked.get("case"), history.state?.index);
    outbox.start();
  }

  #showWho() {
    $("who").textContent = who.name || who.login || t("nobody");
    $("who").title = `${t("role-" + who.role)} ${who.level ? label("level", who.level) : ""}`;
    this.#bar();
  }

  #bar() {
    this.verdicts.show(this.current?.values, !mayJudge() ? t("readOnly") : this.id ? "" : t("pick"));
  }

  /** load reads the list anew for the filters, and shows a case of it. */
  async load(id, index = 0) {
    this.cases?.stop();
    this.many.clear();
    filters.draw(this.choice, (choice) => this.choose(choice));
    const cases = (this.cases = new Cases(this.choice, this.me(), () => this.cases === cases && this.#read()));
    this.list.show(cases);
    this.maps.filter(String(conditions(this.choice, this.me())));
    $("matched").textContent = t("loading");
    try {
      await cases.read(index);
    } catch (e) {
      if (this.cases === cases && e instanceof Problem)
        $("matched").textContent = t("failed", e.message || e.status);
      return;
    }
    if (this.cases !== cases) return;
    if (id) await this.open(id);
    else if (cases.rows.length) await this.go(0);
    else this.#nothing();
  }

  #nothing() {
    this.id = this.current = null;
    $("facts").replaceChildren(el("p", { class: "pale" }, t("none")));
    this.maps.place();
    this.#bar();
  }

  #read() {
    this.#count();
    filters.counties(this.cases.rows);
    this.list.draw(true);
  }

  #count() {
    const n = this.cases.matched;
    $("matched").textContent = n ? t("matched", number(n)) : t("none");
  }

  /** choose takes new filters, and puts them into the address. */
  choose(choice) {
    this.choice = choice;
    history.pushState(null, "", addressOf(choice));
    this.load();
  }

  /** go shows the case at a place of the list. */
  async go(index, focus = false) {
    const cases = this.cases;
    if (index < 0) return;
    if (index >= cases.rows.length) {
      if (cases.done) return say(t("none"));
      await cases.read(index);
      if (index >= cases.rows.length || cases !== this.cases) return;
    }
    this.list.place(index);
    if (focus && !tabs.isNarrow()) this.list.box.focus({ preventScroll: true });
    await this.show(cases.rows[index].id);
  }

  /** open shows a case wherever it is. */
  async open(id) {
    const index = this.cases.indexOf(id);
    if (index >= 0) return this.go(index);
    this.list.place(-1);
    return this.show(id);
  }

  async show(id) {
    this.id = id;
    this.current = null;
    history.replaceState({ index: Math.max(0, this.list.index) }, "", addressOf(this.choice, id));
    const row = this.row();
    if (row?.id === id && $("facts").dataset.case !== id) this.#glance(row);
    const known = detail(id);
    let d;
    try {
      d = await known;
    } catch (problem) {
      if (this.id !== id) return;
      if (problem.status === 401) outbox.expire();
      $("facts").replaceChildren(
        el(
          "p",
          { class: "warned" },
          t("failed", problem.status === 404 ? t("why-404") : problem.message || problem.status),
        ),
        el("button", { type: "button", onclick: () => this.show(id) }, t("retry")),
      );
      return;
    }
    if (this.id !== id) return;
    this.#fill(d);
    const verdict = label("verdict", d.values.verdict || "unreviewed");
    say(`${d.id} ${t("ofMatched", this.list.index + 1, this.cases.matched)} ${verdict}`);
    afterwards(() => this.id === id && this.#ahead());
  }

  /** #glance shows what the list knows of a case, and goes there, until all is known. */
  #glance(row) {
    const known = isKnown(row.id);
    $("facts").dataset.case = row.id;
    $("facts").dataset.glance = "yes";
    $("facts").replaceChildren(glance(row));
    if (!known) afterwards(() => this.id === row.id && !this.current && this.maps.show(null, row));
  }

  #fill(d) {
    this.current = d;
    const anew = $("facts").dataset.case !== d.id || $("facts").dataset.glance;
    $("facts").dataset.case = d.id;
    delete $("facts").dataset.glance;
    $("facts").replaceChildren(
      ...facts(d, {
        open: (id) => this.open(id),
        upload: mayMove() ? (file) => upload(this.current, file) : null,
        act: (step) => this.#make(step),
      }),
    );
    if (anew) {
      $("facts").scrollTop = 0;
      this.verdicts.back();
      afterwards(() => this.current === d && this.maps.show(d, this.row()));
    }
    this.#bar();
  }

  #ahead() {
    const next = this.cases.rows.slice(this.list.index + 1, this.list.index + 1 + ahead);
    for (const r of next) detail(r.id).catch(() => {});
    this.maps.warm(next.slice(0, 2));
    if (!this.cases.done && this.cases.rows.length - this.list.index < 40)
      this.cases.read(this.cases.rows.length).catch(() => {});
  }

  /** give says a verdict of the case that is shown, and goes to the next one. */
  give(fields) {
    const d = this.current;
    if (!d) return say(t("loading"));
    const before = {
      verdict: d.values.verdict || "unreviewed",
      ...Object.fromEntries(
        ["reason", "approval", "valid_until", "duplicate_of", "note"].map((f) => [f, d.values[f] ?? ""]),
      ),
    };
    this.#send(d, fields, before);
    say(t("said", d.id, unsent.said(fields)));
    if (this.list.index >= 0) this.go(this.list.index + 1);
    else this.show(d.id);
  }

  #send(d, fields, before) {
    outbox.add({ case: d.id, seq: d.seq, body: { kind: "judged", fields }, before });
    this.cases.change(d.id, fields);
    this.list.draw(true);
  }

  async note() {
    const d = this.current;
    if (!mayJudge()) return say(t("readOnly"));
    if (!d) return;
    const text = await askNote(d.id, d.values.note ?? "");
    if (text === null) return;
    const entry = {
      verdict: d.values.verdict || "unreviewed",
      ...(d.values.reason && { reason: d.values.reason }),
      note: text,
    };
    outbox.add({
      case: d.id,
      seq: d.seq,
      body:
        d.values.verdict && d.values.verdict !== "unreviewed"
          ? { kind: "judged", fields: entry }
          : { kind: "set", fields: { note: text } },
    });
    d.values.note = text;
  }

  /** undo takes back what was said last, also before the page was loaded; one that was never sent is withdrawn. */
  async undo() {
    const last = back.latest();
    if (!last) return say(t("nothingToUndo"));
    if (last.cases || last.group) return back.many(last);
    const undone = back.one(last);
    if (!undone) return say(t("undoWaits", last.case));
    forget(undone.id);
    this.cases.change(undone.id, { reason: undefined, ...undone.fields });
    this.list.draw(true);
    say(t("undone", undone.id));
    await this.open(undone.id);
  }

  /** steps offers what may be said of the case besides its verdict, as it is now where the service can be asked. */
  steps() {
    const before = this.current;
    if (!before) return say(t("loading"));
    const known = detail(before.id).then(
      (d) => {
        if (this.id === d.id && this.current !== d) this.#fill(d);
        return d;
      },
      () => before,
    );
    steps.menu(before.id, known, (body) => this.#step(body));
  }

  #make(step) {
    steps.make(this.current, step, (body) => this.#step(body));
  }

  #step(body) {
    const d = this.current;
    outbox.add({ case: d.id, seq: d.seq, body });
    say(t("stepSaid", d.id));
  }

  /** #sentMany has the list show what was taken of many cases. */
  #sentMany(entry, told) {
    for (const c of told) {
      if (c.result === "refused") continue;
      this.cases?.change(c.id, { ...entry.body.fields, ...(c.seq && { seq: c.seq }) });
      forget(c.id);
    }
    this.list.draw(true);
    if (told.some((c) => c.id === this.id)) this.show(this.id);
  }

  async #heard(what, entry, answer) {
    this.unsent = new Set(outbox.entries().flatMap(outbox.casesOf));
    unsent.show(() => this.#again());
    if (what === "changed") return this.list.draw(true);
    if (entry.cases) return what === "sent" && this.#sentMany(entry, answer.body.cases);
    forget(entry.case);
    if (what === "sent") {
      const now = answer.body.case;
      this.cases?.change(entry.case, {
        state: now.state,
        verdict: now.fields?.verdict ?? "unreviewed",
        seq: now.seq,
      });
      say(t("sent", entry.case));
    } else if (what === "held") {
      say(`${entry.case} ${unsent.refusal(entry.held.status, entry.held.body)}`);
      unsent.offer(entry, (id) => this.open(id));
    }
    this.list.draw(true);
    if (entry.case !== this.id && what === "sent") return;
    if (entry.case !== this.id) return this.#refresh(entry.case);
    const d = await detail(entry.case, true).catch(() => null);
    if (d && this.id === d.id) this.#fill(d);
  }

  /** #refresh has the list show what the service knows of a case. */
  async #refresh(id) {
    const d = await detail(id).catch(() => null);
    if (d && !this.unsent.has(id))
      this.cases.change(id, { verdict: d.values.verdict || "unreviewed", state: d.state.code, seq: d.seq });
    this.list.draw(true);
  }

  async #again() {
    this.#showWho();
    await outbox.resume();
    if (!this.cases.rows.length) this.load(this.id);
  }

  #buttons() {
    $("outbox").onclick = () => unsent.inbox((id) => this.open(id));
    $("export").onclick = () => exportAll(this.choice, this.me(), this.cases.matched);
    $("help").onclick = () => this.help();
    $("about").onclick = about;
    const go = tabs.start((tab) => {
      this.maps.resize();
      if (tab === "map") this.maps.show(this.current, this.row());
      this.list.draw(true);
    });
    this.list.inside.addEventListener("click", (e) => {
      if (tabs.isNarrow() && !e.target.closest(".tick")) go("map");
    });
    const may = () => mayMove() && this.current && !asking();
    droppable($("facts"), may, (file) => upload(this.current, file));
    addEventListener("popstate", () => {
      this.choice = chosen();
      this.load(new URLSearchParams(location.search).get("case"), history.state?.index);
    });
    addEventListener("keydown", (e) => this.key(e));
    addEventListener("focus", () => {
      if (outbox.status().expired)
        identify().then(
          (w) => w.login && this.#again(),
          () => {},
        );
    });
  }

  help() {
    ask(t("help"), () =>
      el(
        "dl",
        { class: "keys" },
        keys.map(([key, zh, en]) => [
          el(
            "dt",
            {},
            key.split(" ").map((k) => [el("kbd", {}, k), " "]),
          ),
          el("dd", {}, english ? en : zh),
        ]),
      ),
    );
  }

  /** #digit takes a digit of the bar, once all is known of the case that is shown. */
  async #digit(digit) {
    const id = this.id;
    if (!this.current) await detail(id).catch(() => null);
    if (this.current?.id === id) this.verdicts.key(digit);
  }

  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || asking()) return;
    const inText = e.target.closest?.("input:not([type=checkbox]), textarea, select");
    if (inText) {
      if (e.key === "Escape") this.list.box.focus();
      return;
    }
    const arrows = !e.target.closest?.("#maps, #facts, #tabs, summary");
    const act = {
      j: () => this.go(this.list.index + 1),
      k: () => this.go(this.list.index - 1),
      n: () => this.note(),
      u: () => this.undo(),
      x: () => this.many.tick(this.list.index),
      m: () => this.steps(),
      b: () => this.tools.next(),
      "?": () => this.help(),
      "/": () => $("filters").elements.id.focus(),
      Escape: () => this.verdicts.back(),
      ...(arrows && { ArrowDown: () => this.go(this.list.index + 1), ArrowUp: () => this.go(this.list.index - 1) }),
    }[e.key];
    if (act) {
      e.preventDefault();
      act();
    } else if (/^[1-9]$/.test(e.key) && this.id) {
      e.preventDefault();
      this.#digit(e.key);
    }
  }
}

/** afterwards does what takes longer once the page shows what there is. */
const afterwards = (f) => requestAnimationFrame(() => setTimeout(f));

const about = async () => {
  const { getVersion } = await import("./map.js");
  const text = await fetch(new URL("./licences.txt", import.meta.url)).then(
    (r) => r.text(),
    () => "",
  );
  ask(
    t("about"),
    () => [
      el("p", {}, t("aboutText")),
      el("p", {}, t("licences", getVersion())),
      el("pre", { class: "licences", tabindex: 0 }, text),
    ],
    true,
  );
};

export const review = new Review();
review.start();
