// node report.test.mjs REPORT [PICTURE]: opens report.html in Chromium, without a network, as it is read and as it is printed, and fails where anything is
// amiss. PICTURE.png is what a reader sees first, PICTURE-390.png the page on a phone, PICTURE.pdf the print. With PICTURE a large list is tried too,
// axe-core looks at the wide page as at the narrow one, and the test tries whether it sees what is amiss.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { candidates, enlarge, keys, search, took, whole } from "./list.mjs";
import { axe, blind, broken, charts, contrast, copies, links, overflow, patience } from "./reading.mjs";

const [report, picture] = process.argv.slice(2);
const url = pathToFileURL(resolve(report)).href;
const faults = [];
const check = (ok, text) => { if (!ok) faults.push(text); };
const html = readFileSync(report, "utf8");

const grouped = (x) => x.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
// A chart of the years has a mark for each area of a class that is not 0.
const marks = (years, of) => years?.classes.flatMap(of).flat().filter((x) => x > 0).length ?? 0;
const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const scratch = mkdtempSync(join(tmpdir(), "report-"));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const context = await browser.newContext({ offline: true, viewport: { width: 1280, height: 1500 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  context.setDefaultTimeout(patience);
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
      contents: [...document.querySelectorAll("#contents a")].map((a) => a.textContent),
      articles: document.querySelectorAll("article").length,
      chips: document.querySelectorAll("article .chips svg image").length,
      unlined: [...document.querySelectorAll("article .chips svg .patch")].filter((p) => p.getAttribute("d") === "" || p.getBBox().width === 0).length,
      alien: document.querySelectorAll("body img, iframe, object, embed, link, base, form").length,
      handlers: [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
      flows: [...document.querySelectorAll("#sankey svg text")].map((e) => e.textContent),
      rows: [...document.querySelectorAll("table:not(#rows)")].map((t) => [...t.rows].map((r) => r.textContent)),
    };
  });
  const least = { sankey: seen.data.links.length, classes: 2 * seen.data.classes.length, severities: seen.data.severities.length, sizes: seen.data.sizes.length,
    changes: seen.data.changes.length, counties: seen.data.counties.length, zones: seen.data.zones.length,
    years: marks(seen.data.years, (c) => [c.ha]), steps: marks(seen.data.years, (c) => [c.gain ?? [], c.loss ?? []]),
    "change-years": seen.data.changeYears?.flatMap((y) => y.ha).filter((ha) => ha > 0).length,
    scores: seen.data.scores?.flatMap((s) => s.counts).filter((n) => n > 0).length };
  for (const c of seen.charts) {
    check(c.marks >= least[c.id], `chart ${c.id} has ${c.marks} marks for ${least[c.id]} numbers`);
    check(c.texts > 0, `chart ${c.id} has no text`);
  }
  // Each end of a flow has the number that the table of classes has: what was lost on the left, what was gained on the right.
  const ends = seen.data.classes.flatMap((c) => [seen.data.links.some((l) => l.from === c.name) && `${c.name}  ${grouped(c.loss)} 公顷`,
    seen.data.links.some((l) => l.to === c.name) && `${c.name}  ${grouped(c.gain)} 公顷`]).filter(Boolean);
  check(JSON.stringify(seen.flows.toSorted()) === JSON.stringify(ends.toSorted()), `the flows end at ${seen.flows}, not at ${ends}`);
  const classes = seen.rows.find((r) => r[0].startsWith("类型") && r[0].includes("转入")) ?? [];
  check(ends.every((e) => classes.some((r) => r.startsWith(e.split("  ")[0]) && r.includes(e.split(/ +/)[1]))), `the table of classes lacks one of ${ends}`);
  check(seen.charts.length === (7 + (seen.data.years ? 2 : 0) + (seen.data.changeYears ? 1 : 0) + (seen.data.scores ? 1 : 0)), `${seen.charts.length} charts`);
  // The table of years has the numbers of its chart.
  const years = seen.rows.find((r) => r[0].startsWith("变化年份")) ?? [];
  for (const { name, ha } of seen.data.changeYears ?? []) check(years.some((r) => r.startsWith(name) && r.includes(ha.map(grouped).join(""))), `the table of years has not ${name} ${ha}`);
  // So has the table of priorities, which begins with the highest.
  const scores = seen.rows.find((r) => r[0].startsWith("核查优先级")) ?? [];
  (seen.data.scores ?? []).forEach(({ name, counts }, i) => check(scores[i + 1]?.startsWith(name + counts.map((n) => n.toLocaleString("en-US")).join("")),
    `row ${i + 1} of the table of priorities is ${scores[i + 1]}, not ${name} ${counts}`));
  check(seen.pictures >= 2 && seen.broken === 0, `${seen.broken} of ${seen.pictures} pictures do not load`);
  check(seen.articles > 0 && seen.chips >= 2 * seen.articles, `${seen.chips} chips for ${seen.articles} candidates`);
  check(seen.unlined === 0, `${seen.unlined} chips show no outline of the candidate`);
  check(seen.alien === 0 && seen.handlers === 0, `${seen.alien} elements that do not belong here, ${seen.handlers} handlers`);

  const shot = async (name, fullPage) => { if (picture) await page.screenshot({ path: `${picture}${name}.png`, fullPage }); };
  const add = (what, found) => faults.push(...found.map((f) => `${what}: ${f}`));
  const fits = async (what) => add(what, await overflow(page));
  const reads = async (what, ...looks) => {
    for (const look of [overflow, broken, contrast, charts, ...looks]) add(what, await look(page));
  };
  const all = candidates(html);
  const list = await whole(page, all);
  add("list", list.found);
  add("links", await links(page));
  add("copy", await copies(page));
  await page.goto("about:blank");
  await page.goto(url);
  await page.waitForSelector("#rows tbody tr[id]");
  await page.evaluate(() => (location.hash = "#m1")); // a candidate is marked on the map
  await settled(page);
  await reads("at 1280 px", ...(picture ? [axe] : []));
  await page.evaluate(() => (location.hash = "#contents"));
  await shot("", false);
  await shot("-desktop", true);
  await page.setViewportSize({ width: 390, height: 844 });
  await settled(page);
  await reads("at 390 px", axe);
  await shot("-390", true);
  add("links at 390 px", await links(page));
  await page.setViewportSize({ width: 844, height: 390 }); // the phone turned
  await settled(page);
  add("at 844 px", await charts(page));
  await fits("at 844 px");
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
  pages.forEach((text, i) => {
    check(text.includes(`第${i + 1}页,共${pages.length}页`), `printed: page ${i + 1} of ${pages.length} has no number`);
    check(text.includes(`问题线索报告${seen.data.yearA}–${seen.data.yearB}`) && text.includes("候选线索,非违法认定"), `printed: page ${i + 1} has no running head`);
  });
  check(seen.contents.length > 4 && seen.contents.every((title) => pages[0].includes(plain(title))), `printed: the first page lacks the contents ${seen.contents}`);
  // And no word reaches into the margins.
  const box = execFileSync("pdftotext", ["-bbox", "-enc", "UTF-8", pdf, "-"], { maxBuffer: 1 << 28 }).toString();
  for (const part of box.split("<page ").slice(1)) {
    const width = Number(/^width="([\d.]+)"/.exec(part)[1]);
    for (const w of part.matchAll(/<word xMin="([-\d.]+)" yMin="[-\d.]+" xMax="([-\d.]+)" yMax="[-\d.]+">([^<]*)/g)) {
      check(Number(w[1]) > 20 && Number(w[2]) < width - 20, `printed: ${w[3]} reaches into the margin`);
    }
  }
  await page.emulateMedia({ media: "screen" });

  // Without scripts the page says where the candidates are, and offers nothing that only a script could do.
  const still = await (await browser.newContext({ offline: true, javaScriptEnabled: false, viewport: { width: 390, height: 844 } })).newPage();
  await still.goto(url);
  check(await still.getByText(/清单与图表不能显示.*candidates\.xlsx/).isVisible(), "without scripts: no word of candidates.xlsx");
  check(await still.locator("button:visible, a[href^='#m']:visible, a[href^='#r']:visible").count() === 0, "without scripts: a button or link that does nothing");

  // Nor does a browser that cannot unpack the list stay silent.
  const old = await context.newPage();
  await old.addInitScript(() => { delete globalThis.DecompressionStream; });
  await old.goto(url);
  const told = await old.waitForSelector("#list .warning").then((e) => e.textContent(), () => "nothing");
  check(told.includes("candidates.xlsx"), `a browser without DecompressionStream says ${told}`);
  await old.close();

  let large = "";
  if (picture) {
    const file = join(scratch, "large.html"), many = enlarge(html, 27202);
    writeFileSync(file, many);
    const size = statSync(file).size;
    check(size < 10e6, `with 27,202 candidates the page has ${size} bytes`);
    const other = await context.newPage();
    other.on("pageerror", (e) => faults.push(`large: ${e.message}`));
    await other.goto(pathToFileURL(file).href);
    const listed = candidates(many);
    const tried = await search(other, listed);
    add("large list", [...tried.found, ...(await keys(other, listed))]);
    await other.close(); // a browser draws the pages behind another one seldom
    await page.bringToFront();
    const wrong = await search(page, all.map((c, i) => (i === all.length >> 1 ? { ...c, county: "别处" } : c)));
    check(wrong.found.length > 0, "self-test: a candidate in another county goes unseen");
    add("self-test", await blind(page));
    large = `; of 27,202 in ${took(tried.times)}, ${(size / 1e6).toFixed(1)} MB`;
  }
  console.log(`${report}: search of ${all.length} candidates in ${list.took}${large}`);
  console.log(`${report}: ${seen.charts.length} charts, ${seen.pictures} pictures, ${seen.articles} candidates, ${rows} rows on ${pages.length} pages`);
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true });
}
for (const f of [...new Set(faults)].slice(0, 20)) console.error(`FAULT ${f}`);
console.log(`${faults.length} faults`);
process.exitCode = faults.length ? 1 : 0;
