// node report.test.mjs REPORT [PICTURE]: opens report.html in Chromium, without a network, as it is read and as it is printed, and fails where anything is
// amiss. PICTURE.png is what a reader sees first, PICTURE.pdf the print.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [report, picture] = process.argv.slice(2);
const url = pathToFileURL(resolve(report)).href;
const faults = [];
const check = (ok, text) => { if (!ok) faults.push(text); };

const scratch = mkdtempSync(join(tmpdir(), "report-"));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const context = await browser.newContext({ offline: true, viewport: { width: 1280, height: 1500 } });
  const page = await context.newPage();
  page.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") faults.push(`console: ${m.text()}`); });
  page.on("pageerror", (e) => faults.push(`error: ${e.message}`));
  page.on("dialog", (d) => { faults.push(`dialog: ${d.message()}`); d.dismiss(); });
  page.on("request", (r) => check(r.url() === url || r.url().startsWith("data:"), `request of ${r.url()}`));
  await page.goto(url);

  const seen = await page.evaluate(async () => {
    const data = JSON.parse(document.getElementById("data").textContent);
    const loads = (href) => new Promise((done) => {
      const image = new Image();
      image.onload = () => done(image.naturalWidth > 1 && image.naturalHeight > 1);
      image.onerror = () => done(false);
      image.src = href;
    });
    const pictures = [...document.querySelectorAll("image")];
    return {
      data,
      charts: [...document.querySelectorAll(".chart")].map((c) => ({ id: c.id, marks: c.querySelectorAll("svg path").length, texts: c.querySelectorAll("svg text").length })),
      pictures: pictures.length,
      broken: (await Promise.all(pictures.map((p) => loads(p.getAttribute("href"))))).filter((ok) => !ok).length,
      articles: document.querySelectorAll("article").length,
      chips: document.querySelectorAll("article .chips svg image").length,
      unlined: [...document.querySelectorAll("article .chips svg .patch")].filter((p) => p.getAttribute("d") === "" || p.getBBox().width === 0).length,
      alien: document.querySelectorAll("body img, iframe, object, embed, link, base, form").length,
      handlers: [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
      rows: [...document.querySelectorAll("table")].map((t) => [...t.rows].map((r) => r.textContent)),
    };
  });
  const least = { sankey: seen.data.links.length, classes: 2 * seen.data.classes.length, severities: seen.data.severities.length, sizes: seen.data.sizes.length,
    changes: seen.data.changes.length, counties: seen.data.counties.length, zones: seen.data.zones.length };
  for (const c of seen.charts) {
    check(c.marks >= least[c.id], `chart ${c.id} has ${c.marks} marks for ${least[c.id]} numbers`);
    check(c.texts > 0, `chart ${c.id} has no text`);
  }
  check(seen.charts.length === 7, `${seen.charts.length} charts`);
  check(seen.pictures >= 2 && seen.broken === 0, `${seen.broken} of ${seen.pictures} pictures do not load`);
  check(seen.articles > 0 && seen.chips >= 2 * seen.articles, `${seen.chips} chips for ${seen.articles} candidates`);
  check(seen.unlined === 0, `${seen.unlined} chips show no outline of the candidate`);
  check(seen.alien === 0 && seen.handlers === 0, `${seen.alien} elements that do not belong here, ${seen.handlers} handlers`);

  const overflow = () => page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll("body *")].filter((e) => !e.closest("svg, script") && e.getBoundingClientRect().right > width + 1);
    return { by: document.documentElement.scrollWidth - width, of: wide.slice(0, 3).map((e) => `${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}`) };
  });
  const shot = async (name, fullPage) => { if (picture) await page.screenshot({ path: `${picture}${name}.png`, fullPage }); };
  const fits = async (what) => { const o = await overflow(); check(o.by <= 0 && o.of.length === 0, `${what}: ${o.by} px too wide: ${o.of.join("; ")}`); };
  await fits("at 1280 px");
  await shot("", false);
  await shot("-desktop", true);
  await page.setViewportSize({ width: 695, height: 1024 }); // an A4 page between its margins
  await fits("at the width of A4");
  await shot("-a4", true);
  await page.emulateMedia({ media: "print" });
  await fits("printed");

  // Every row of every table stands whole on one page, below the head of its table.
  const pdf = picture ? `${picture}.pdf` : join(scratch, "report.pdf");
  await page.pdf({ path: pdf, preferCSSPageSize: true, printBackground: true });
  const plain = (s) => s.normalize("NFKC").replace(/[\s\u200B\u2028-\u202E\u2066-\u2069\uFFFD]+/g, "");
  const pages = execFileSync("pdftotext", ["-raw", "-enc", "UTF-8", pdf, "-"], { maxBuffer: 1 << 28 }).toString().split("\f").slice(0, -1).map(plain);
  check(pages.length > 1, "the print has one page");
  let rows = 0;
  for (const table of seen.rows) {
    const head = plain(table[0]);
    for (const row of table.slice(1)) {
      const text = plain(row);
      const on = pages.filter((p) => p.includes(text));
      check(on.length > 0, `printed: no page has the whole row ${text.slice(0, 60)}`);
      check(on.length === 0 || on.some((p) => p.includes(head)), `printed: row ${text.slice(0, 60)} stands on a page without the head ${head.slice(0, 60)}`);
      rows++;
    }
  }
  // And no word reaches into the margins.
  const box = execFileSync("pdftotext", ["-bbox", "-enc", "UTF-8", pdf, "-"], { maxBuffer: 1 << 28 }).toString();
  for (const part of box.split("<page ").slice(1)) {
    const width = Number(/^width="([\d.]+)"/.exec(part)[1]);
    for (const w of part.matchAll(/<word xMin="([-\d.]+)" yMin="[-\d.]+" xMax="([-\d.]+)" yMax="[-\d.]+">([^<]*)/g)) {
      check(Number(w[1]) > 20 && Number(w[2]) < width - 20, `printed: ${w[3]} reaches into the margin`);
    }
  }
  console.log(`${report}: ${seen.charts.length} charts, ${seen.pictures} pictures, ${seen.articles} candidates, ${rows} rows on ${pages.length} pages`);
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true });
}
for (const f of [...new Set(faults)].slice(0, 20)) console.error(`FAULT ${f}`);
console.log(`${faults.length} faults`);
process.exitCode = faults.length ? 1 : 0;
