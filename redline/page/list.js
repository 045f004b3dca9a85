"use strict";
// The list of all candidates: search, filters, order, and the way between list, cards and map.
(() => {
  const ROW = 32; // height of a row in pixels, as page.css has it
  const AROUND = 8; // rows that are kept beyond either end of what is seen

  const packed = document.getElementById("index");
  const place = document.getElementById("list");
  if (!packed || !place) return;

  const make = (name, properties = {}, ...children) => {
    const e = Object.assign(document.createElement(name), properties);
    e.append(...children);
    return e;
  };
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const hectares = (x) => x.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  const unpack = async () => {
    const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  // Each candidate as an object, in the order of their numbers.
  const read = ({ rows, lists }) =>
    rows.map(([id, level, county, zone, change, activity, ha, lon, lat, flags, x, y], i) => ({
      number: i + 1,
      id,
      level,
      severity: lists.severities[level].Name,
      color: lists.severities[level].Color,
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
      relation: rows[i][12], // ledger
      related: lists.relations[rows[i][12]].Name, // ledger
      standing: lists.relations[rows[i][12]].Standing, // ledger
      tint: lists.relations[rows[i][12]].Color, // ledger
      case: rows[i][13], // ledger
      state: lists.states[rows[i][14]], // ledger
      said: lists.verdicts[rows[i][15]], // ledger
      now: lists.findings[rows[i][16]], // ledger
      ...globalThis.evidence.read(rows[i].find(Array.isArray), lists), // evidence
      year: lists.years[rows[i][rows[i].length - 3]], // dated
      when: lists.when[rows[i][rows[i].length - 2]], // dated
      vsZone: lists.vsZones[rows[i][rows[i].length - 1]], // since
    }));

  const columns = [
    { key: "number", title: "序号", width: 62, figure: true, show: (c) => c.number.toLocaleString("en-US") },
    { key: "level", title: "严重程度", width: 84, show: (c) => c.severity, worstFirst: true },
    { key: "prio", title: "核查优先级", width: 104, figure: true, worstFirst: true }, // ranked
    { key: "why", title: "优先理由", width: 330 }, // ranked
    { key: "agreed", title: "其他地图一致", width: 122, figure: true, worstFirst: true }, // confirmed
    { key: "relation", title: "与台账的关系", width: 128, show: (c) => c.related }, // ledger
    { key: "county", title: "县（区、市）", width: 108 },
    { key: "zone", title: "管控区", width: 190 },
    { key: "kind", title: "管控区类型", width: 104 },
    { key: "change", title: "变化类型", width: 96 },
    { key: "when", title: "变化年份", width: 190 }, // dated
    { key: "vsZone", title: "与设立时间的先后", width: 140 }, // since
    { key: "ha", title: "面积（公顷）", width: 104, figure: true, show: (c) => hectares(c.ha), worstFirst: true },
    { key: "lon", title: "经度", width: 98, figure: true, show: (c) => c.lon.toFixed(6) },
    { key: "lat", title: "纬度", width: 92, figure: true, show: (c) => c.lat.toFixed(6) },
    { key: "activity", title: "可能的活动（推测）", width: 170 },
    { key: "case", title: "问题编号", width: 124 }, // ledger
    { key: "state", title: "问题状态", width: 84 }, // ledger
    { key: "said", title: "台账结论", width: 180 }, // ledger
    { key: "now", title: "现状", width: 84 }, // ledger
    { key: "flags", title: "标记", width: 110 },
    { key: "id", title: "图斑编号", width: 160 },
  ];

  // A list has candidates, those of them that are hits, in order, and the one that the reader is at.
  const list = { all: [], hits: [], texts: [], at: null, by: "number", down: false };
  const filters = { level: "severity", county: "county", kind: "kind", change: "change" };
  Object.assign(filters, { prio: "band" }); // ranked
  Object.assign(filters, { agreed: "agreement" }); // confirmed
  Object.assign(filters, { relation: "standing", state: "state", now: "now" }); // ledger
  Object.assign(filters, { when: "year" }); // dated
  Object.assign(filters, { vsZone: "vsZone" }); // since

  const collator = new Intl.Collator("zh-CN");
  const orders = new Map(); // of columns
  const compare = (key) => {
    if (!orders.has(key)) {
      const words = [...new Set(list.all.map((c) => c[key]))];
      words.sort(typeof words[0] === "number" ? (a, b) => a - b : key === "id" ? undefined : collator.compare);
      const rank = new Map(words.map((word, i) => [word, i]));
      orders.set(key, (a, b) => rank.get(a[key]) - rank.get(b[key]));
    }
    return orders.get(key);
  };

  // hits returns the candidates that have all words of a text and all values of the filters. #12 is the number 12.
  const hits = (text, wanted) => {
    const words = plain(text).split(/\s+/).filter(Boolean);
    const numbers = words.filter((w) => /^#\d+$/.test(w)).map((w) => Number(w.slice(1)));
    const rest = words.filter((w) => !/^#\d+$/.test(w));
    return list.all.filter(
      (c, i) =>
        wanted.every(([key, value]) => c[key] === value) &&
        numbers.every((n) => c.number === n) &&
        rest.every((w) => list.texts[i].includes(w)),
    );
  };

  const controls = () => {
    const find = make("input", { type: "search", id: "find", placeholder: "县、管控区、变化、编号；#12 为序号" });
    find.autocomplete = "off";
    const selects = Object.entries(filters).map(([key, shown]) => {
      const title = columns.find((c) => c.key === key).title;
      const counts = new Map();
      for (const c of list.all) counts.set(c[shown], (counts.get(c[shown]) ?? 0) + 1);
      const words = key === "level" ? [...counts.keys()] : [...counts.keys()].sort(collator.compare);
      if (key === "prio") words.reverse(); // ranked
      const select = make("select", { id: `only-${key}` }, make("option", { value: "", textContent: "全部" }));
      words.forEach((word) =>
        select.append(
          make("option", {
            value: `=${word}`,
            textContent: `${word}（${counts.get(word).toLocaleString("en-US")}）`,
          }),
        ),
      );
      return { select, shown, label: make("label", {}, title, select) };
    });
    const clear = make("button", { type: "button", textContent: "清除条件" });
    const said = make("p", { id: "hits" });
    said.setAttribute("role", "status");
    const box = make(
      "div",
      { className: "filters" },
      make("label", { className: "find" }, "搜索", find),
      ...selects.map((s) => s.label),
      clear,
    );
    box.setAttribute("role", "search");
    return { box, find, selects, clear, said };
  };

  const table = () => {
    const heads = columns.map((c) => {
      const button = make("button", { type: "button", textContent: c.title });
      const th = make("th", { scope: "col", className: c.figure ? "figure" : "" }, button);
      return { ...c, button, th };
    });
    const cells = heads.map((h) => h.th),
      widths = columns.map((c) => make("col", { style: `width:${c.width}px` }));
    const at = columns.findIndex((c) => c.key === "lon");
    cells.splice(at, 0, make("th", { scope: "col", textContent: "查看" }));
    widths.splice(at, 0, make("col", { style: "width:150px" }));
    const body = make("tbody");
    const grid = make(
      "table",
      { id: "rows", tabIndex: 0 },
      make("colgroup", {}, ...widths),
      make("thead", {}, make("tr", {}, ...cells)),
      body,
    );
    grid.setAttribute("role", "grid");
    grid.setAttribute("aria-label", "候选图斑清单");
    const box = make("div", { className: "rows" }, grid);
    return { heads, body, grid, box };
  };
  // doing returns the cell of what can be done with a candidate. It stands before the coordinates.
  const doing = (c) => {
    const copy = make("button", { type: "button", className: "copy", textContent: "复制坐标" });
    copy.dataset.copy = `${c.lon.toFixed(6)},${c.lat.toFixed(6)}`;
    return make("td", {}, make("a", { href: `#m${c.number}`, textContent: "图上位置" }), " ", copy);
  };
  const row = (c) => {
    const tr = make("tr", { id: `r${c.number}` });
    for (const column of columns) {
      if (column.key === "lon") tr.append(doing(c));
      const text = column.show ? column.show(c) : c[column.key];
      const cell = make("td", { className: column.figure ? "figure" : "", title: text });
      if (column.key === "level") cell.append(make("b", { textContent: text, style: `background:${c.color}` }));
      else if (column.key === "number" && document.getElementById(`c${c.number}`))
        cell.append(make("a", { href: `#c${c.number}`, textContent: text, title: "图与说明" }));
      else cell.append(make("bdi", { textContent: text }));
      if (column.key === "relation") // ledger
        cell.prepend(make("i", { className: "swatch", style: `background:${c.tint}` })); // ledger
      tr.append(cell);
    }
    return tr;
  };

  // show fills the table with the rows that can be seen, and leaves those alone that are there already.
  const show = (t) => {
    const { box, body, grid } = t;
    const first = Math.max(0, Math.floor(box.scrollTop / ROW) - AROUND);
    const last = Math.min(list.hits.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + AROUND);
    const want = new Map(list.hits.slice(first, last).map((c, i) => [`r${c.number}`, [c, first + i]]));
    for (const tr of [...body.children]) {
      if (want.has(tr.id)) continue;
      if (tr.contains(document.activeElement)) grid.focus({ preventScroll: true });
      tr.remove();
    }
    const space = (height) =>
      make(
        "tr",
        { className: "space", ariaHidden: "true" },
        make("td", { colSpan: columns.length + 1, style: `height:${height}px` }),
      );
    let next = body.firstChild;
    for (const [id, [c, position]] of want) {
      let tr = next && next.id === id ? next : document.getElementById(id);
      if (tr === null) tr = row(c);
      if (tr === next) next = next.nextSibling;
      else body.insertBefore(tr, next);
      tr.setAttribute("aria-rowindex", position + 2);
      tr.className = c === list.at ? "at" : "";
      tr.setAttribute("aria-selected", c === list.at);
    }
    if (first > 0) body.prepend(space(first * ROW));
    if (last < list.hits.length) body.append(space((list.hits.length - last) * ROW));
    if (want.has(`r${list.at?.number}`)) grid.setAttribute("aria-activedescendant", `r${list.at.number}`);
    else grid.removeAttribute("aria-activedescendant");
  };

  const start = (found) => {
    list.all = found;
    list.texts = found.map((c) =>
      plain([c.id, c.severity, c.county, c.zone, c.kind, c.change, c.activity, c.flags].join("\n")),
    );
    const known = (c) => plain([c.related, c.standing, c.case, c.state, c.said, c.now].join("\n")); // ledger
    list.texts = list.texts.map((text, i) => `${text}\n${known(found[i])}`); // ledger
    const examined = (c) => plain([c.why, c.agreement].join("\n")); // evidence
    list.texts = list.texts.map((text, i) => `${text}\n${examined(found[i])}`); // evidence
    const dates = (c) => plain([c.when, c.year, c.vsZone].join("\n")); // dates
    list.texts = list.texts.map((text, i) => `${text}\n${dates(found[i])}`); // dates
    const c = controls(),
      t = table();
    place.append(c.box, c.said, t.box);
    const panel = globalThis.evidence.panel(place); // evidence
    let total = 0;
    for (const one of found) total += one.ha;

    const arrange = () => {
      const order = compare(list.by),
        sign = list.down ? -1 : 1;
      list.hits.sort((a, b) => sign * order(a, b) || a.number - b.number);
      for (const h of t.heads)
        h.th.setAttribute("aria-sort", h.key !== list.by ? "none" : list.down ? "descending" : "ascending");
    };
    const search = () => {
      const wanted = c.selects.filter((s) => s.select.value).map((s) => [s.shown, s.select.value.slice(1)]);
      list.hits = hits(c.find.value, wanted);
      arrange();
      const ha = list.hits.reduce((sum, one) => sum + one.ha, 0);
      c.said.textContent = list.hits.length
        ? `${list.hits.length.toLocaleString("en-US")} 个，${hectares(ha)} 公顷`
        : "没有符合条件的候选图斑";
      if (list.hits.length < found.length)
        c.said.textContent += `；全部 ${found.length.toLocaleString("en-US")} 个，${hectares(total)} 公顷`;
      t.grid.setAttribute("aria-rowcount", list.hits.length + 1);
      t.box.scrollTop = 0;
      show(t);
    };
    const clear = () => {
      c.find.value = "";
      for (const s of c.selects) s.select.value = "";
      search();
    };
    const stand = (candidate) => {
      // lets the reader be at a candidate
      list.at = candidate;
      panel(candidate); // evidence
      const y = list.hits.indexOf(candidate) * ROW,
        head = t.grid.tHead.offsetHeight;
      if (y < t.box.scrollTop) t.box.scrollTop = y;
      if (y + ROW + head > t.box.scrollTop + t.box.clientHeight)
        t.box.scrollTop = y + ROW + head - t.box.clientHeight;
      show(t);
    };

    c.find.addEventListener("input", search);
    for (const s of c.selects) s.select.addEventListener("change", search);
    c.clear.addEventListener("click", () => {
      clear();
      c.find.focus();
    });
    for (const h of t.heads) {
      h.button.addEventListener("click", () => {
        list.down = h.key === list.by ? !list.down : Boolean(h.worstFirst);
        list.by = h.key;
        arrange();
        t.box.scrollTop = 0;
        show(t);
      });
    }
    t.box.addEventListener("scroll", () => show(t), { passive: true });
    new ResizeObserver(() => show(t)).observe(t.box);
    t.grid.addEventListener("keydown", (e) => keys(e, t, stand));
    t.body.addEventListener("click", (e) => { // evidence
      const c = found[Number(e.target.closest("tr").id.slice(1)) - 1]; // evidence
      if (c && !e.target.closest("a, button")) stand(c); // evidence
    }); // evidence
    follow(found, (candidate) => {
      if (!list.hits.includes(candidate)) clear();
      place.scrollIntoView({ block: "start" });
      t.box.scrollTop = list.hits.indexOf(candidate) * ROW - t.box.clientHeight / 2;
      stand(candidate);
      t.grid.focus({ preventScroll: true });
    });
    search();
  };

  const keys = (e, t, stand) => {
    if (e.target !== t.grid || e.altKey || e.ctrlKey || e.metaKey) return;
    const page = Math.max(1, Math.floor(t.box.clientHeight / ROW) - 2),
      end = list.hits.length - 1;
    const at = list.hits.indexOf(list.at);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: end }[
      e.key
    ];
    if (to !== undefined && end >= 0) {
      e.preventDefault();
      stand(list.hits[Math.min(end, Math.max(0, to))]);
    } else if (e.key === "Enter" && at >= 0) {
      location.hash = document.getElementById(`c${list.at.number}`) ? `#c${list.at.number}` : `#m${list.at.number}`;
    }
  };

  // follow leads from #r12 and from the id of the candidate 12 to its row, from #m12 to its place on the map, and from
  // the map to rows.
  const follow = (found, stand) => {
    const map = document.querySelector(".map > svg");
    const mark = (c) => {
      document.getElementById("here")?.remove();
      const svg = (name, attributes, ...children) => {
        const e = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
        e.append(...children);
        return e;
      };
      const label = `${c.number} ${c.severity} ${c.change} ${hectares(c.ha)} 公顷`;
      const width = map.viewBox.baseVal.width,
        right = c.x < width / 2;
      const unit = width / (map.clientWidth || width); // of the map, for a pixel
      map.append(
        svg(
          "a",
          { id: "here", href: `#r${c.number}`, "aria-label": `${label}，转到清单` },
          svg("circle", { cx: c.x, cy: c.y, r: 12 * unit, class: "around" }),
          svg("circle", { cx: c.x, cy: c.y, r: 12 * unit }),
          svg(
            "text",
            {
              x: c.x + (right ? 18 : -18) * unit,
              y: c.y + 5 * unit,
              style: `font-size:${15 * unit}px;text-anchor:${right ? "start" : "end"}`,
            },
            label,
          ),
        ),
      );
      map.scrollIntoView({ block: "center" });
      document.getElementById("here").focus({ preventScroll: true });
    };
    const go = () => {
      const [, what, number] = /^#([rm])(\d+)$/.exec(location.hash) ?? ["", "r"];
      const c = number ? found[number - 1] : found.find((one) => `#${one.id}` === location.hash);
      if (c && what === "r") stand(c);
      if (c && what === "m" && map) mark(c);
    };
    window.addEventListener("hashchange", go);
    document.addEventListener("click", (e) => {
      // a link to where the reader has been already changes nothing
      const a = e.target.closest("a");
      if (a && a.getAttribute("href") === location.hash) go();
    });
    map?.addEventListener("click", (e) => {
      if (e.target.closest("a")) return;
      const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(map.getScreenCTM().inverse());
      const far = (c) => Math.hypot(c.x - p.x, c.y - p.y);
      const nearest = found.reduce((best, c) => (far(c) < far(best) ? c : best));
      if (far(nearest) * map.getScreenCTM().a < 25) location.hash = `#r${nearest.number}`;
    });
    go();
  };

  unpack()
    .then(read)
    .then(start, () => {
      place.append(
        make("p", {
          className: "warning",
          textContent:
            "此浏览器不能展开清单，请改用 Chrome 或 Edge 80、Firefox 113、Safari 16.4 以上的版本，或打开 candidates.xlsx。",
        }),
      );
    });
})();
