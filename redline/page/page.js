"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const text = { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 13, color: "#1d2733" };
  const number = (x) => x.toLocaleString("en-US", { maximumFractionDigits: 2 });
  const hectares = (x) => x.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  // Charts are drawn at the width that they have, and again when it changes. On paper they have the width of their view
  // box as pictures do, and shrink to the page.
  const charts = [];
  const narrow = (width) => width < 560;
  const paint = (chart, width) => {
    if (width < 1 || width === chart.width) return;
    chart.width = width;
    chart.drawing?.dispose();
    chart.box.style.height = "";
    const { height, option } = chart.plan(width);
    chart.drawing = echarts.init(chart.box, null, { renderer: "svg", width, height });
    chart.drawing.setOption({ animation: false, textStyle: text, ...option });
    const svg = chart.box.querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const e of [svg, svg.parentElement])
      Object.assign(e.style, { width: "100%", height: "auto", position: "static" });
    svg.removeAttribute("width");
    svg.removeAttribute("height");
  };
  const draw = (id, printed, plan) => {
    const box = document.getElementById(id);
    if (!box) return;
    charts.push({ box, printed, plan });
    paint(charts.at(-1), box.clientWidth);
  };
  window.addEventListener("resize", () => {
    for (const c of charts) paint(c, c.box.clientWidth);
  });
  window.addEventListener("beforeprint", () => {
    for (const c of charts) paint(c, c.printed);
  });
  window.addEventListener("afterprint", () => {
    for (const c of charts) paint(c, c.box.clientWidth);
  });

  const from = (name) => `${data.yearA} ${name}`,
    to = (name) => `${data.yearB} ${name}`;
  const colors = Object.fromEntries(data.classes.map((c) => [c.name, c.color]));
  // What a node stands for is what the table of classes has as loss and gain: a sum of links that are rounded each
  // would differ from it.
  const areas = Object.fromEntries(
    data.classes.flatMap((c) => [
      [from(c.name), c.loss],
      [to(c.name), c.gain],
    ]),
  );
  const nodes = [...data.classes.map((c) => from(c.name)), ...data.classes.map((c) => to(c.name))].filter((name) =>
    data.links.some((l) => name === from(l.from) || name === to(l.to)),
  );
  draw("sankey", 960, (width) => {
    const side = narrow(width) ? 100 : 150,
      between = narrow(width) ? "\n" : "  ";
    return {
      height: narrow(width) ? 480 : 420,
      option: {
        series: [
          {
            type: "sankey",
            left: side,
            right: side,
            top: 16,
            bottom: 16,
            nodeGap: narrow(width) ? 30 : 18,
            nodeWidth: narrow(width) ? 12 : 20,
            layoutIterations: 0,
            draggable: false,
            data: nodes.map((name) => ({
              name,
              itemStyle: {
                color: colors[name.slice(name.indexOf(" ") + 1)],
                borderColor: "#555",
                borderWidth: 0.5,
              },
              label: {
                position: name.startsWith(`${data.yearA} `) ? "left" : "right",
                formatter: (p) => `${p.name.slice(p.name.indexOf(" ") + 1)}${between}${hectares(areas[p.name])} 公顷`,
              },
            })),
            links: data.links.map((l) => ({ source: from(l.from), target: to(l.to), value: l.ha })),
            lineStyle: { color: "source", opacity: 0.55, curveness: 0.5 },
            label: { fontSize: 12, color: text.color },
          },
        ],
      },
    };
  });

  draw("classes", 960, (width) => {
    const names = {
      type: "category",
      data: data.classes.map((c) => c.name),
      axisLabel: { interval: 0, color: text.color },
    };
    const values = {
      type: "value",
      name: "公顷",
      nameTextStyle: text,
      splitNumber: narrow(width) ? 2 : 5,
      axisLabel: { formatter: number, color: text.color },
    };
    const axes = narrow(width)
      ? { yAxis: { ...names, inverse: true }, xAxis: values }
      : { xAxis: names, yAxis: values };
    return {
      height: narrow(width) ? 60 + 44 * data.classes.length : 300,
      option: {
        legend: { right: 0, top: 0, textStyle: text },
        grid: { left: narrow(width) ? 74 : 90, right: narrow(width) ? 40 : 20, top: 30, bottom: 30 },
        ...axes,
        series: [
          ["before", data.yearA, 0.5],
          ["after", data.yearB, 1],
        ].map(([key, year, opacity]) => ({
          type: "bar",
          name: `${year} 年`,
          barGap: "5%",
          itemStyle: { color: opacity < 1 ? "#9aa5b1" : "#2f4858" },
          data: data.classes.map((c) => ({
            value: c[key],
            itemStyle: { color: c.color, opacity, borderColor: "#555", borderWidth: 0.5 },
          })),
        })),
      },
    };
  });

  const bars = (id, printed, rows, color) =>
    draw(id, printed, (width) => {
      const longest = narrow(width) ? 9 : 14;
      const shorten = (s) => {
        const a = [...s];
        return a.length > longest ? a.slice(0, longest - 1).join("") + "…" : s;
      };
      const words = (r) => `${hectares(r.ha)} 公顷 · ${r.count.toLocaleString("en-US")} 个`;
      const room = 24 + 7 * Math.max(...rows.map((r) => words(r).length));
      return {
        height: 8 + 22 * rows.length,
        option: {
          grid: {
            left: 8,
            right: room,
            top: 4,
            bottom: 4,
            outerBoundsMode: "same",
            outerBoundsContain: "axisLabel",
          },
          yAxis: {
            type: "category",
            inverse: true,
            data: rows.map((r) => shorten(r.name)),
            axisTick: { show: false },
            axisLabel: { interval: 0, color: text.color },
          },
          xAxis: { type: "value", show: false },
          series: [
            {
              type: "bar",
              barWidth: 13,
              itemStyle: { borderColor: "#555", borderWidth: 0.5 },
              label: {
                show: true,
                position: "right",
                color: text.color,
                formatter: (p) => words(rows[p.dataIndex]),
              },
              data: rows.map((r) => ({ value: r.ha, itemStyle: { color: r.color || color } })),
            },
          ],
        },
      };
    });
  bars("severities", 470, data.severities, "#888");
  bars("sizes", 470, data.sizes, "#5f8a77");
  bars("changes", 470, data.changes, "#5f8a77");
  bars("counties", 470, data.counties, "#5f8a77");
  bars("zones", 960, data.zones, "#7b5ea7");
  draw("change-years", 960, (width) => { // dated
    const upright = !narrow(width) && data.changeYears.length < 14; // dated
    const names = { // dated
      type: "category", // dated
      data: data.changeYears.map((y) => y.name), // dated
      axisTick: { show: false }, // dated
      axisLabel: { interval: 0, color: text.color }, // dated
    }; // dated
    const values = { // dated
      type: "value", // dated
      name: "公顷", // dated
      nameTextStyle: text, // dated
      splitNumber: narrow(width) ? 2 : 5, // dated
      axisLabel: { formatter: number, color: text.color }, // dated
    }; // dated
    return { // dated
      height: upright ? 300 : 64 + 26 * data.changeYears.length, // dated
      option: { // dated
        legend: { right: 0, top: 0, textStyle: text }, // dated
        grid: { left: upright ? 90 : 84, right: upright ? 20 : 44, top: 34, bottom: 30 }, // dated
        ...(upright ? { xAxis: names, yAxis: values } : { yAxis: { ...names, inverse: true }, xAxis: values }), // dated
        series: data.grades.map((grade, i) => ({ // dated
          type: "bar", // dated
          name: grade.name, // dated
          stack: "grades", // dated
          barMaxWidth: 44, // dated
          itemStyle: { color: grade.color, borderColor: "#555", borderWidth: 0.5 }, // dated
          data: data.changeYears.map((y) => y.ha[i] || "-"), // dated
        })), // dated
      }, // dated
    }; // dated
  }); // dated
  globalThis.report = { data, draw, narrow, number, text }; // report

  // Tables that are wider than the page scroll in a box of their own, which the keyboard reaches while they do.
  const boxes = [...document.querySelectorAll("table")].map((table) => {
    const box = document.createElement("div");
    box.className = "scroll";
    table.replaceWith(box);
    box.append(table);
    return box;
  });
  const reach = () => {
    for (const box of boxes) {
      const wide = box.scrollWidth > box.clientWidth;
      box.toggleAttribute("tabindex", wide);
      if (wide) {
        box.tabIndex = 0;
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", box.querySelector("caption")?.textContent ?? "表");
      } else for (const name of ["role", "aria-label"]) box.removeAttribute(name);
    }
  };
  reach();
  window.addEventListener("resize", reach);

  // Coordinates go to the clipboard; where a browser forbids that, they are shown and selected, to be copied by hand.
  const said = document.createElement("p");
  said.id = "said";
  said.setAttribute("role", "status");
  document.body.append(said);
  const copyOld = (words) => {
    const area = document.createElement("textarea");
    area.value = words;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  const copy = async (words) => {
    try {
      await navigator.clipboard.writeText(words);
      return true;
    } catch {
      return copyOld(words);
    }
  };
  let silence;
  document.addEventListener("click", async (e) => {
    const button = e.target.closest("button.copy");
    if (!button) return;
    const words = button.dataset.copy,
      done = await copy(words);
    button.focus({ preventScroll: true });
    const place = document.createElement("span");
    place.textContent = words;
    said.replaceChildren(done ? "已复制经度,纬度：" : "浏览器不许复制，请按 Ctrl+C：", place);
    if (!done) getSelection().selectAllChildren(place);
    clearTimeout(silence);
    if (done) silence = setTimeout(() => said.replaceChildren(), 4000);
  });
})();
