"use strict";
// The list of all cases of a ledger: search and filters.
(() => {
  const AT_ONCE = 200; // rows that are added at a time

  const packed = document.getElementById("index");
  const place = document.getElementById("list");
  if (!packed || !place) return;

  const make = (name, properties = {}, ...children) => {
    const e = Object.assign(document.createElement(name), properties);
    e.append(...children);
    return e;
  };
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const whole = (n) => n.toLocaleString("en-US");

  const unpack = async () => {
    const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  // A value of a column whose texts have several parts, by ；, is one of the parts.
  const parts = (text) => (text ? text.split("；") : ["（空）"]);

  const start = ({ columns, filters, rows }) => {
    const texts = rows.map((row) => plain(row.join("\n")));
    const find = make("input", { type: "search", id: "find", placeholder: "编号、县、单位等，可输入多个词" });
    find.autocomplete = "off";
    const selects = filters.map((column) => {
      const counts = new Map();
      for (const row of rows) for (const part of parts(row[column])) counts.set(part, (counts.get(part) ?? 0) + 1);
      const select = make("select", { id: `only-${column}` }, make("option", { value: "", textContent: "全部" }));
      for (const [value, n] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
        select.append(make("option", { value: `=${value}`, textContent: `${value}（${whole(n)}）` }));
      return { column, select, label: make("label", {}, columns[column], select) };
    });
    const clear = make("button", { type: "button", textContent: "清除条件" });
    const box = make(
      "div",
      { className: "filters" },
      make("label", { className: "find" }, "搜索", find),
      ...selects.map((s) => s.label),
      clear,
    );
    box.setAttribute("role", "search");
    const said = make("p", { id: "hits" });
    said.setAttribute("role", "status");
    const body = make("tbody");
    const heads = columns.map((title) => make("th", { scope: "col", className: "text", textContent: title }));
    const scroll = make(
      "div",
      { className: "scroll", tabIndex: 0 },
      make("table", { id: "cases" }, make("thead", {}, make("tr", {}, ...heads)), body),
    );
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "全部点位");
    const more = make("button", { type: "button", className: "more" });
    place.append(box, said, scroll, more);

    const marks = columns.length - 1; // the last column has marks, such as 超期
    const shown = (row) =>
      make(
        "tr",
        {},
        ...row.map((text, i) => {
          const cell = make(i ? "td" : "th", { className: /^[\d-]+$/.test(text) || text.length < 7 ? "text code" : "text" });
          if (!i) cell.scope = "row";
          if (i === marks && text) cell.append(...parts(text).flatMap((p) => [make("b", { textContent: p }), " "]));
          else cell.append(make("bdi", { textContent: text }));
          return cell;
        }),
      );
    let hits = [];
    const add = () => {
      const from = body.children.length;
      body.append(...hits.slice(from, from + AT_ONCE).map(shown));
      const left = hits.length - body.children.length;
      more.hidden = left === 0;
      more.textContent = `再显示 ${whole(Math.min(left, AT_ONCE))} 个（还有 ${whole(left)} 个）`;
    };
    const search = () => {
      const words = plain(find.value).split(/\s+/).filter(Boolean);
      const wanted = selects.filter((s) => s.select.value).map((s) => [s.column, s.select.value.slice(1)]);
      hits = rows.filter(
        (row, i) =>
          words.every((w) => texts[i].includes(w)) && wanted.every(([c, value]) => parts(row[c]).includes(value)),
      );
      body.replaceChildren();
      add();
      said.textContent = hits.length ? `${whole(hits.length)} 个点位` : "没有符合条件的点位";
      if (hits.length < rows.length) said.textContent += `；全部 ${whole(rows.length)} 个`;
    };
    find.addEventListener("input", search);
    for (const s of selects) s.select.addEventListener("change", search);
    clear.addEventListener("click", () => {
      find.value = "";
      for (const s of selects) s.select.value = "";
      search();
      find.focus();
    });
    more.addEventListener("click", add);
    search();
  };

  unpack().then(start, () => {
    place.append(
      make("p", {
        className: "warning",
        textContent:
          "此浏览器不能展开清单，请改用 Chrome 或 Edge 80、Firefox 113、Safari 16.4 以上的版本，或打开 ledger.xlsx。",
      }),
    );
  });
})();
