"use strict";
// Evidence on candidates: the chart of priorities, and what the list says of each candidate.
(() => {
  const { data, draw, narrow, number, text } = globalThis.report;
  draw("scores", 960, (width) => ({
    height: 70 + 34 * data.scores.length,
    option: {
      legend: { right: 0, top: 0, textStyle: text },
      grid: { left: 70, right: 44, top: 34, bottom: 30 },
      yAxis: {
        type: "category",
        inverse: true,
        data: data.scores.map((s) => s.name),
        axisTick: { show: false },
        axisLabel: { interval: 0, color: text.color },
      },
      xAxis: {
        type: "value",
        name: "个",
        minInterval: 1,
        nameTextStyle: text,
        splitNumber: narrow(width) ? 2 : 5,
        axisLabel: { formatter: number, color: text.color },
      },
      series: data.severities.map((severity, i) => ({
        type: "bar",
        name: severity.name,
        stack: "severities",
        barMaxWidth: 22,
        itemStyle: { color: severity.color, borderColor: "#555", borderWidth: 0.5 },
        data: data.scores.map((s) => s.counts[i] || "-"),
      })),
    },
  }));

  const words = ["看不到", "不一致", "一致"];
  // said returns a text with a number, none where that is not known, and another where it is too far away.
  const said = (x, show, none) => (x === null ? "" : x < 0 ? none : show(x));
  const facts = ([stays, width, compact, edge, confused, near, lead], lists, ranked) => [
    lists.newest && said(stays, (x) => `最新图（${lists.newest} 年）${x}% 仍为新地类`),
    ranked && said(width, (x) => `最大宽度 ${x.toFixed(1)} 个像元`),
    ranked && said(compact, (x) => `紧凑度 ${x}%`),
    ranked && said(edge, (x) => `错位可解释 ${x}%`),
    ranked && said(confused, (x) => `两类易混程度 ${x}%`),
    ranked && said(near, (x) => (x === 0 ? "紧邻前期同类地物" : `距前期同类地物 ${x} 米`), "附近没有前期同类地物"),
    ranked && lists.known && said(lead, (x) => (x === 0 ? "线索就在此处" : `距线索 ${x} 米`), "附近没有线索"),
  ];

  globalThis.evidence = {
    // read returns what the list shows of the evidence in a row.
    read: (row, { evidence: lists }) => {
      const [score, why, ...rest] = row;
      const pairs = rest.slice(7),
        agree = pairs.filter((p) => p[4] === 2).length,
        see = pairs.filter((p) => p[4] > 0).length;
      const band = lists.bands.findIndex((b) => score >= Number(b.split("–")[0]));
      return {
        prio: score,
        band: lists.bands[band],
        why: lists.whys?.[why] ?? "",
        agreed: `${agree} / ${see}`,
        agreement: agree ? "至少一对一致" : see ? "都不一致" : "都看不到",
        pairs: pairs.map(([same, other, none, blank, word], i) => {
          const [name, years] = lists.pairs[i];
          return `${name}（${years}）${words[word]}：同类变化 ${same}%，其他变化 ${other}%，无变化 ${none}%，无数据 ${blank}%`;
        }),
        facts: facts(rest, lists, score !== null)
          .filter(Boolean)
          .join("；"),
      };
    },
    // panel adds a box to an element, and returns what fills it with the evidence on a candidate.
    panel: (place) => {
      const box = document.createElement("div");
      box.className = "evidence";
      box.id = "evidence";
      box.setAttribute("role", "status");
      const show = (c) => {
        const first = c ? `${c.number}. ${c.change} ${c.id}` : "在清单中点选一个图斑，此处显示其佐证。";
        const lines = c ? [c.prio === null ? "" : `核查优先级 ${c.prio}：${c.why}`, ...c.pairs, c.facts] : [];
        box.replaceChildren(
          ...[first, ...lines].filter(Boolean).map((line) => {
            const p = document.createElement("p");
            p.append(Object.assign(document.createElement("bdi"), { textContent: line }));
            return p;
          }),
        );
      };
      show(null);
      place.append(box);
      return show;
    },
  };
})();
