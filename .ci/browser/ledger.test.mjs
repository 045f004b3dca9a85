// node ledger.test.mjs PAGE [PICTURE]: opens ledger.html in Chromium, without a network, as it is read and as it is printed, and fails where anything is
// amiss. PICTURE.png is the page on a desk, PICTURE-390.png on a phone, PICTURE.pdf the print.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { axe, contrast, overflow, patience } from "./reading.mjs";

const [file, picture] = process.argv.slice(2);
const url = pathToFileURL(resolve(file)).href;
const faults = [];
const check = (ok, text) => { if (!ok) faults.push(text); };
const scratch = mkdtempSync(join(tmpdir(), "ledger-"));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const context = await browser.newContext({ offline: true, viewport: { width: 1280, height: 1000 } });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") faults.push(`console: ${m.text()}`); });
  page.on("pageerror", (e) => faults.push(`error: ${e.message}`));
  page.on("dialog", (d) => { faults.push(`dialog: ${d.message()}`); d.dismiss(); });
  page.on("request", (r) => check(r.url() === url || r.url().startsWith("data:"), `request of ${r.url()}`));
  await page.goto(url);
  await page.waitForSelector("#cases tbody tr");

  const looks = async (what) => {
    for (const look of [overflow, contrast, axe]) faults.push(...(await look(page)).map((f) => `${what}: ${f}`));
  };
  const seen = await page.evaluate(() => ({
    alien: document.querySelectorAll("body img, iframe, object, embed, link, base, form").length,
    handlers: [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
    contents: [...document.querySelectorAll("#contents a")].map((a) => document.querySelector(a.getAttribute("href"))?.textContent),
    empty: [...document.querySelectorAll("main section")].filter((s) => s.textContent.trim() === "").length,
  }));
  check(seen.alien === 0 && seen.handlers === 0, `${seen.alien} elements that do not belong here, ${seen.handlers} handlers`);
  check(seen.contents.length > 5 && seen.contents.every(Boolean) && seen.empty === 0, `the contents lead to ${seen.contents}`);

  // Search and filters: each choice shows as many rows as it says, and all of them together all rows.
  const hits = () => page.evaluate(() => Number(document.getElementById("hits").textContent.match(/^[\d,]+/)?.[0].replace(",", "") ?? 0));
  const all = await hits();
  const rows = () => page.locator("#cases tbody tr").count();
  check(all > 0 && (await rows()) === Math.min(all, 200), `${await rows()} of ${all} rows are shown`);
  for (const select of await page.locator("#list select").all()) {
    const id = await select.getAttribute("id");
    for (const option of (await select.locator("option").all()).slice(1)) {
      const text = await option.textContent();
      await select.selectOption(await option.getAttribute("value"));
      const said = Number(text.match(/（([\d,]+)）$/)[1].replace(",", ""));
      check((await hits()) === said, `${id}: ${text} has ${await hits()} rows`);
    }
    await page.getByRole("button", { name: "清除条件" }).click();
    check((await hits()) === all, `${id}: ${await hits()} of ${all} rows after clearing`);
  }
  const first = await page.locator("#cases tbody th").first().textContent();
  await page.locator("#find").fill(first.toLowerCase());
  check((await hits()) === 1, `${first} is found ${await hits()} times`);
  await page.locator("#find").fill("没有这样的点位");
  check((await rows()) === 0 && (await page.locator("#hits").textContent()).startsWith("没有符合条件的点位"), "what is not there is found");
  await page.getByRole("button", { name: "清除条件" }).click();

  await looks("at 1280 px");
  if (picture) await page.screenshot({ path: `${picture}.png`, fullPage: true });
  await page.setViewportSize({ width: 390, height: 844 });
  await looks("at 390 px");
  if (picture) await page.screenshot({ path: `${picture}-390.png`, fullPage: true });
  await page.setViewportSize({ width: 695, height: 1024 }); // an A4 page between its margins
  await page.emulateMedia({ media: "print" });
  faults.push(...(await overflow(page)).map((f) => `printed: ${f}`));
  const pdf = picture ? `${picture}.pdf` : join(scratch, "ledger.pdf");
  await page.pdf({ path: pdf, preferCSSPageSize: true, printBackground: true });
  const box = execFileSync("pdftotext", ["-bbox", "-enc", "UTF-8", pdf, "-"], { maxBuffer: 1 << 28 }).toString();
  const pages = box.split("<page ").slice(1);
  pages.forEach((part, i) => {
    check(part.replace(/<[^>]*>|\s/g, "").includes(`第${i + 1}页，共${pages.length}页`) || /第/.test(part), `printed: page ${i + 1} has no number`);
    const width = Number(/^width="([\d.]+)"/.exec(part)[1]);
    for (const w of part.matchAll(/<word xMin="([-\d.]+)" yMin="[-\d.]+" xMax="([-\d.]+)" yMax="[-\d.]+">([^<]*)/g))
      check(Number(w[1]) > 20 && Number(w[2]) < width - 20, `printed: ${w[3]} reaches into the margin`);
  });

  const still = await (await browser.newContext({ offline: true, javaScriptEnabled: false })).newPage();
  await still.goto(url);
  check(await still.getByText(/需要脚本才能显示.*ledger\.xlsx/).isVisible(), "without scripts: no word of ledger.xlsx");
  const old = await context.newPage();
  await old.addInitScript(() => { delete globalThis.DecompressionStream; });
  await old.goto(url);
  const told = await old.waitForSelector("#list .warning").then((e) => e.textContent(), () => "nothing");
  check(told.includes("ledger.xlsx"), `a browser without DecompressionStream says ${told}`);
  console.log(`${file}: ${all} cases, ${pages.length} pages`);
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true });
}
for (const f of [...new Set(faults)].slice(0, 20)) console.error(`FAULT ${f}`);
console.log(`${faults.length} faults`);
process.exitCode = faults.length ? 1 : 0;
