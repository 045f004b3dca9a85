// Elements are made here and nowhere else. Texts get in as text alone, so none is ever read as HTML.

export const $ = (id) => document.getElementById(id);

const put = (e, name, value) => {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
  else if (name in { value: 1, checked: 1, disabled: 1, hidden: 1, indeterminate: 1 }) e[name] = value;
  else e.setAttribute(name, value === true ? "" : String(value));
};

/** el makes an element: names that begin with "on" are listeners, the children elements or texts; empty ones are
 * left out. */
export const el = (tag, given = {}, ...children) => {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) put(e, name, value);
  e.append(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false && c !== ""));
  return e;
};

/** say tells those who do not see the page. */
export const say = (text) => {
  const said = $("said");
  said.textContent = said.textContent === text ? text + "\u00a0" : text;
};

let opener;
let turns = 0; // dialogs that were opened

/** ask opens the dialog; fill gets a function that closes it, and returns its inside. closed resolves when it is
 * gone. */
export const ask = (title, fill, wide = false) => {
  const dialog = $("dialog");
  if (dialog.open) dialog.close();
  opener = document.activeElement === document.body ? opener : document.activeElement;
  const close = () => dialog.close();
  dialog.className = wide ? "wide" : "";
  dialog.replaceChildren(
    el(
      "header",
      {},
      el("h2", { id: "h-dialog" }, title),
      el("button", { type: "button", class: "quiet close", "aria-label": "关闭 Esc", onclick: close }, "×"),
    ),
    el("div", { class: "inside" }, fill(close)),
  );
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
  const turn = ++turns;
  return new Promise((done) => {
    const closed = () => {
      if (turn === turns && dialog.open) return; // it is the one before whose end is told
      dialog.removeEventListener("close", closed);
      if (turn === turns && opener?.isConnected) opener.focus();
      done();
    };
    dialog.addEventListener("close", closed);
  });
};

export const asking = () => $("dialog").open;
