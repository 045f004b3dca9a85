// What a reader meets in report.html: each function looks at the page as it is now and returns what is amiss, a line for each.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** patience is how long a page is waited for, in milliseconds: long enough for a busy machine, it only ends a hang. */
export const patience = 300_000;

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// axe returns the serious and critical violations that axe-core finds, or all of them.
export const axe = async (page, all = false) => {
  await page.evaluate(axeSource);
  const { violations, passes } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ["violations"] }),
  );
  if (passes.length < 10) return [`axe-core has looked at ${passes.length} rules only`];
  return violations
    .filter((v) => all || v.impact === "serious" || v.impact === "critical")
    .flatMap((v) => v.nodes.slice(0, 3).map((n) => `axe-core ${v.id} (${v.impact}): ${n.html.slice(0, 120)}`));
};

// overflow returns what is wider than the page. What stands in a box that scrolls by itself is not.
export const overflow = (page) =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const free = [...document.querySelectorAll("body *")].filter(
      (e) => !e.closest("svg, script") && !e.parentElement.closest(".scroll, .rows"),
    );
    const wide = free.filter((e) => {
      const r = e.getBoundingClientRect();
      return r.width > 0 && (r.right > width + 1 || r.left < -1);
    });
    const lines = wide
      .slice(0, 3)
      .map((e) => `too wide: ${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}`);
    const by = document.documentElement.scrollWidth - width;
    return by > 0 ? [`the page is ${by} px too wide`, ...lines] : lines;
  });

// broken returns numbers that stand on two lines. Hashes may be broken, and names of the user's files.
export const broken = (page) =>
  page.evaluate(() => {
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let n = texts.nextNode(); n; n = texts.nextNode()) {
      if (n.parentElement.closest("script, style, code, bdi, svg, noscript, textarea")) continue;
      for (const m of n.data.matchAll(/\d[\d,.]*\d/g)) {
        const range = document.createRange();
        range.setStart(n, m.index);
        range.setEnd(n, m.index + m[0].length);
        const lines = new Set([...range.getClientRects()].map((r) => Math.round(r.top)));
        if (lines.size > 1)
          found.push(`number ${m[0]} is broken in ${n.parentElement.tagName} ${n.data.slice(0, 40)}`);
      }
    }
    return found;
  });

// contrast returns texts whose contrast with what is behind them is below 4.5.
export const contrast = (page) =>
  page.evaluate(() => {
    const parse = (text) => {
      const [r, g, b, a = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
      return [r, g, b, a];
    };
    const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
    const light = (c) => {
      const [r, g, b] = c.map((x) => {
        const s = x / 255;
        return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (a, b) => {
      const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
      return (high + 0.05) / (low + 0.05);
    };
    const faded = (color, opacity) => {
      const c = parse(color);
      return [c[0], c[1], c[2], c[3] * Number(opacity)];
    };
    const ground = (e) => {
      // the colour behind an element
      const layers = [];
      for (let p = e; p; p = p.parentElement) layers.push(parse(getComputedStyle(p).backgroundColor));
      return layers
        .reverse()
        .reduce((below, layer) => (layer[3] > 0 ? over(layer, below) : below), [255, 255, 255, 1]);
    };
    const drawn = (e) => {
      // the colour behind a text of a drawing: its halo, else the shapes below its middle
      const style = getComputedStyle(e),
        svg = e.closest("svg"),
        box = e.getBoundingClientRect();
      if (style.paintOrder.startsWith("stroke") && style.stroke !== "none")
        return faded(style.stroke, style.strokeOpacity);
      let below = ground(svg.parentElement);
      for (const shape of svg.querySelectorAll("path, rect, circle, polygon, image")) {
        if (e.compareDocumentPosition(shape) & Node.DOCUMENT_POSITION_FOLLOWING || shape.closest("clipPath, defs"))
          continue;
        if (shape.tagName === "image") return null;
        const s = getComputedStyle(shape);
        const p = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2).matrixTransform(
          shape.getScreenCTM().inverse(),
        );
        if (s.fill !== "none" && shape.isPointInFill(p))
          below = over(faded(s.fill, Number(s.fillOpacity) * Number(s.opacity)), below);
      }
      return below;
    };
    const found = [];
    let seen = 0;
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let n = texts.nextNode(); n; n = texts.nextNode()) {
      const e = n.parentElement;
      if (
        !n.data.trim() ||
        e.closest("script, style, noscript, title, option") ||
        !e.checkVisibility() ||
        e.getBoundingClientRect().width === 0
      )
        continue;
      seen++;
      const style = getComputedStyle(e),
        inSVG = e instanceof SVGElement;
      const behind = inSVG ? drawn(e.closest("text")) : ground(e);
      const say = (what) => found.push(`${what}: ${e.tagName} ${n.data.trim().slice(0, 30)}`);
      if (!behind) {
        say("a text on a picture without a halo");
        continue;
      }
      const c = ratio(over(inSVG ? faded(style.fill, style.fillOpacity) : parse(style.color), behind), behind);
      if (c < 4.5) say(`contrast ${c.toFixed(2)}`);
    }
    return seen < 100 ? [`${seen} texts`] : found;
  });

// links follows every link of the page, and those of the list that are there, and returns what leads nowhere.
export const links = async (page) => {
  const targets = await page.evaluate(() => [
    ...new Set([...document.querySelectorAll("a")].map((a) => a.getAttribute("href"))),
  ]);
  const found = targets.length < 30 ? [`${targets.length} links`] : [];
  for (const to of targets) {
    const fault = await page.evaluate(async (to) => {
      if (!/^#[a-z]/.test(to)) return "leads out of the page";
      location.hash = "";
      scrollTo(0, 0);
      location.hash = to;
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const e = document.getElementById(/^#m\d/.test(to) ? "here" : to.slice(1));
      if (!e) return "leads nowhere";
      if (/^#m\d/.test(to) && e.getAttribute("href") !== `#r${to.slice(2)}`) return "marks another candidate";
      const r = e.getBoundingClientRect();
      return r.bottom < 0 || r.top > innerHeight ? "leads to what is not in sight" : "";
    }, to);
    if (fault) found.push(`the link ${to} ${fault}`);
  }
  return found;
};

// charts returns charts that are not drawn at the width that they have.
export const charts = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll(".chart")].flatMap((box) => {
      const wide = box.querySelector("svg").viewBox.baseVal.width,
        cut = [];
      if (Math.abs(wide - box.clientWidth) > 1)
        cut.push(`chart ${box.id} is drawn for ${wide} px and shown at ${box.clientWidth}`);
      const edge = box.getBoundingClientRect();
      for (const text of box.querySelectorAll("svg text")) {
        const r = text.getBoundingClientRect();
        if (r.left < edge.left - 1 || r.right > edge.right + 1)
          cut.push(`chart ${box.id}: ${text.textContent} is cut`);
      }
      return cut;
    }),
  );

// copies presses buttons that copy coordinates and compares the clipboard.
export const copies = async (page) => {
  const found = [];
  for (const old of [false, true]) {
    // with the clipboard of browsers of today, and without
    for (const selector of ["article button.copy", "#rows button.copy"]) {
      const want = await page.evaluate(
        ([selector, old]) => {
          if (old) Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true });
          return document.querySelector(selector).dataset.copy;
        },
        [selector, old],
      );
      await page.click(selector);
      const got = await page.evaluate(() => {
        delete navigator.clipboard;
        return navigator.clipboard.readText();
      });
      if (got !== want || !/^-?\d+\.\d{6},-?\d+\.\d{6}$/.test(want))
        found.push(`${selector} copies ${got} for ${want}`);
      await page.evaluate(() => navigator.clipboard.writeText("nothing"));
    }
  }
  return found;
};

// blind spoils the page in ways that the functions above must see, and returns the names of those that do not.
export const blind = async (page) => {
  await page.evaluate(() => {
    const spoilt = document.createElement("div");
    spoilt.innerHTML =
      '<p style="color:#999">too faint to be read</p><p style="width:20px;overflow-wrap:anywhere">1234567890</p>' +
      '<div style="width:3000px">wide</div><a href="#nowhere">nowhere</a><button></button>';
    document.body.prepend(spoilt);
    document.querySelector(".chart svg").setAttribute("viewBox", "0 0 55 55");
  });
  const seen = {
    axe: await axe(page),
    overflow: await overflow(page),
    broken: await broken(page),
    contrast: await contrast(page),
    charts: await charts(page),
    links: await links(page),
  };
  return Object.entries(seen)
    .filter(([, found]) => found.length === 0)
    .map(([name]) => `${name} does not see what is amiss`);
};
