"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const text = { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 13, color: "#1d2733" };
  const number = (x) => x.toLocaleString("en-US", { maximumFractionDigits: 2 });
  const hectares = (x) => x.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  // Charts are drawn once, in units of their view box, and grow and shrink with the page as pictures do.
  const draw = (id, width, height, option) => {
    const box = document.getElementById(id);
    if (!box) return;
    const chart = echarts.init(box, null, { renderer: "svg", width, height });
    chart.setOption({ animation: false, textStyle: text, ...option });
    const svg = box.querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const e of [svg, svg.parentElement]) Object.assign(e.style, { width: "100%", height: "auto", position: "static" });
    svg.removeAttribute("width");
    svg.removeAttribute("height");
  };

  const from = (name) => `${data.yearA} ${name}`, to = (name) => `${data.yearB} ${name}`;
  const colors = Object.fromEntries(data.classes.map((c) => [c.name, c.color]));
  // The area of a node is that of the table of classes: a sum of links that are rounded each would differ from it.
  const areas = Object.fromEntries(data.classes.flatMap((c) => [[from(c.name), c.before], [to(c.name), c.after]]));
  const nodes = [...data.classes.map((c) => from(c.name)), ...data.classes.map((c) => to(c.name))]
    .filter((name) => data.links.some((l) => name === from(l.from) || name === to(l.to)));
  draw("sankey", 960, 420, {
    series: [{
      type: "sankey", left: 130, right: 130, top: 12, bottom: 12, nodeGap: 18, layoutIterations: 0, draggable: false,
      data: nodes.map((name) => ({
        name, itemStyle: { color: colors[name.slice(name.indexOf(" ") + 1)], borderColor: "#555", borderWidth: 0.5 },
        label: { position: name.startsWith(`${data.yearA} `) ? "left" : "right", formatter: (p) => `${p.name.slice(p.name.indexOf(" ") + 1)}  ${hectares(areas[p.name])}` },
      })),
      links: data.links.map((l) => ({ source: from(l.from), target: to(l.to), value: l.ha })),
      lineStyle: { color: "source", opacity: 0.55, curveness: 0.5 },
      label: { fontSize: 12 },
    }],
  });

  draw("classes", 960, 300, {
    legend: { right: 0, top: 0, textStyle: text },
    grid: { left: 90, right: 20, top: 30, bottom: 30 },
    xAxis: { type: "category", data: data.classes.map((c) => c.name), axisLabel: { interval: 0 } },
    yAxis: { type: "value", name: "公顷", axisLabel: { formatter: number } },
    series: [["before", data.yearA, 0.5], ["after", data.yearB, 1]].map(([key, year, opacity]) => ({
      type: "bar", name: String(year), barGap: "5%", itemStyle: { color: opacity < 1 ? "#9aa5b1" : "#2f4858" },
      data: data.classes.map((c) => ({ value: c[key], itemStyle: { color: c.color, opacity, borderColor: "#555", borderWidth: 0.5 } })),
    })),
  });

  const bars = (id, width, rows, color) => {
    const shorten = (s) => { const a = [...s]; return a.length > 14 ? a.slice(0, 13).join("") + "…" : s; };
    draw(id, width, 8 + 22 * rows.length, {
      grid: { left: 8, right: 120, top: 4, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      yAxis: { type: "category", inverse: true, data: rows.map((r) => shorten(r.name)), axisTick: { show: false }, axisLabel: { interval: 0 } },
      xAxis: { type: "value", show: false },
      series: [{
        type: "bar", barWidth: 13, itemStyle: { borderColor: "#555", borderWidth: 0.5 },
        label: { show: true, position: "right", formatter: (p) => `${hectares(p.value)} · ${rows[p.dataIndex].count} 个` },
        data: rows.map((r) => ({ value: r.ha, itemStyle: { color: r.color || color } })),
      }],
    });
  };
  bars("severities", 470, data.severities, "#888");
  bars("sizes", 470, data.sizes, "#5f8a77");
  bars("changes", 470, data.changes, "#5f8a77");
  bars("counties", 470, data.counties, "#5f8a77");
  bars("zones", 960, data.zones, "#7b5ea7");
})();
