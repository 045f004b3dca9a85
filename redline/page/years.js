"use strict";
(() => {
  const { data, draw, narrow, number, text } = globalThis.report;
  const { years, steps, classes } = data.years;
  // Names of classes wrap to as many lines as they need, so that no line runs into the bars.
  const legend = (width, names) => {
    let lines = 1,
      at = 0;
    for (const name of names) {
      const long = 45 + 13 * name.length;
      if (at + long > width) {
        lines++;
        at = 0;
      }
      at += long;
    }
    return 10 + 24 * lines;
  };
  const plan = (names, of) => (width) => {
    const top = legend(width, of.map((c) => c.name)) + 14;
    return {
      height: top + (narrow(width) ? 240 : 290),
      option: {
        legend: { left: 0, top: 0, itemWidth: 18, itemHeight: 12, itemGap: 10, textStyle: text, selectedMode: false },
        grid: { left: narrow(width) ? 74 : 90, right: 14, top: top + 10, bottom: narrow(width) ? 64 : 30 },
        // The names stand below, and a line at zero.
        xAxis: [
          {
            type: "category",
            data: names,
            axisLine: { show: false, onZero: false },
            axisTick: { show: false },
            axisLabel: { color: text.color, hideOverlap: true, rotate: narrow(width) ? 60 : 0 },
          },
          {
            type: "category",
            data: names,
            position: "bottom",
            axisLine: { onZero: true, lineStyle: { color: text.color, width: 1.5 } },
            axisTick: { show: false },
            axisLabel: { show: false },
          },
        ],
        yAxis: {
          type: "value",
          name: "公顷",
          nameTextStyle: text,
          splitNumber: narrow(width) ? 3 : 5,
          axisLabel: { formatter: (x) => number(Math.abs(x)), color: text.color },
        },
        series: of.flatMap((c) =>
          c.values.map((values) => ({
            type: "bar",
            stack: "all",
            name: c.name,
            barMaxWidth: 46,
            barCategoryGap: "18%",
            itemStyle: { color: c.color, borderColor: "#555", borderWidth: 0.5 },
            data: values,
          })),
        ),
      },
    };
  };
  draw("years", 960, plan(years, classes.map((c) => ({ ...c, values: [c.ha] }))));
  const changing = classes.filter((c) => c.gain?.some((x) => x > 0) || c.loss?.some((x) => x > 0));
  const below = (c) => c.loss.map((x) => -x);
  draw("steps", 960, plan(steps, changing.map((c) => ({ ...c, values: [c.gain, below(c)] }))));
})();
