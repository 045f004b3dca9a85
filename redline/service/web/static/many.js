// The cases that are ticked, or all that the filters choose, and what is said of them together.
import * as bulk from "./bulk.js";
import { mayJudge } from "./api.js";

export class Many {
  all = false; // whether all that the filters choose are meant

  /** of gives {list, cases, choice, me} as they are now. */
  constructor(of) {
    this.of = of;
  }

  tick(index) {
    const { list, cases } = this.of();
    const id = cases.rows[index]?.id;
    if (!id) return;
    this.all = false;
    if (!list.ticked.delete(id)) list.ticked.add(id);
    this.show();
  }

  clear() {
    this.all = false;
    this.of().list.ticked.clear();
    this.show();
  }

  #everyone() {
    this.all = true;
    this.show();
  }

  /** #which are the cases that are meant, as bulk.js takes them. */
  #which() {
    const { list, cases, choice, me } = this.of();
    const ticked = cases.rows.filter((r) => list.ticked.has(r.id)).map((r) => [r.id, r.seq]);
    return { cases: this.all ? null : ticked, choice, me, matched: cases.matched };
  }

  /** #ask keeps what is ticked when nothing was said of it. */
  async #ask(form) {
    if (await form) this.clear();
  }

  show() {
    const { list, cases } = this.of();
    list.draw(true);
    const names = () => cases.rows.map((r) => r.assigned_to);
    bulk.bar(
      { ticked: list.ticked.size, all: this.all, matched: cases?.matched ?? 0, may: mayJudge() },
      {
        refuted: () => this.#ask(bulk.refute(this.#which())),
        assigned: () => this.#ask(bulk.assign(this.#which(), names())),
        everyone: () => this.#everyone(),
        clear: () => this.clear(),
      },
    );
  }
}
