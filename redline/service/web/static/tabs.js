// The three parts of the page on a phone: one is seen at a time, and the verdicts below all of them.
import { $ } from "./dom.js";

const tabs = ["list", "map", "facts"];
const narrow = matchMedia("(max-width: 899px)");

export const isNarrow = () => narrow.matches;

/** choose shows a part. */
export const choose = (tab) => {
  document.body.dataset.tab = tab;
  for (const each of tabs) {
    $("tab-" + each).setAttribute("aria-selected", String(each === tab));
    $("tab-" + each).tabIndex = each === tab ? 0 : -1;
  }
};

/** start has the tabs work; chosen is told which part is seen. */
export const start = (chosen) => {
  const go = (tab) => {
    choose(tab);
    chosen(tab);
  };
  for (const tab of tabs) {
    $("tab-" + tab).onclick = () => go(tab);
    $("tab-" + tab).onkeydown = (e) => {
      const to = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
      if (!to) return;
      const other = tabs[(tabs.indexOf(tab) + to + 3) % 3];
      go(other);
      $("tab-" + other).focus();
    };
  }
  const put = () =>
    narrow.matches ? $("tabs").parentElement.before($("verdicts")) : $("pane-facts").append($("verdicts"));
  narrow.addEventListener("change", put);
  put();
  choose("list");
  return go;
};
