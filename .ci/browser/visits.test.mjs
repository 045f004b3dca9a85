// node visits.test.mjs PAGE [PICTURE]: opens visits.html in Chromium, without a network, as it is read and as it is printed, and fails where anything is
// amiss: each day of eight cases or fewer is one sheet of A4. PICTURE-390.png is the page on a phone, PICTURE.pdf the print.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { axe, broken, contrast, overflow, patience } from "./reading.mjs";

const [file, picture] = process.argv.slice(2);
const url = pathToFileURL(resolve(file)).href;
const faults = [];
const plain = (s) => s.normalize("NFKC").replace(/\s+/g, "");
const check = (ok, text) => { if (!ok) faults.push(text); };
const scratch = mkdtempSync(join(tmpdir(), "visits-"));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await (await browser.newContext({ offline: true, viewport: { width: 1280, height: 1000 } })).newPage();
  page.setDefaultTimeout(patience);
  page.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") faults.push(`console: ${m.text()}`); });
  page.on("request", (r) => check(r.url() === url || r.url().startsWith("data:"), `request of ${r.url()}`));
  await page.goto(url);
  // What does not break must not reach into the next cell.
  const cells = () => page.evaluate(() => [...document.querySelectorAll("th, td")].filter((e) => e.scrollWidth > e.clientWidth + 1)
    .map((e) => `${e.textContent.trim()} is wider than its cell`));
  const days = await page.evaluate(() => [...document.querySelectorAll(".day")].map((d) => ({ title: d.querySelector("h2").textContent, cases: d.querySelectorAll("tbody tr").length })));
  check(days.length > 0 && days.every((d) => d.cases > 0), `the days are ${JSON.stringify(days)}`);
  const looks = async (what, ...all) => {
    for (const look of all) faults.push(...(await look(page)).map((f) => `${what}: ${f}`));
  };
  await looks("at 1280 px", overflow, broken, contrast, axe, cells);
  await page.setViewportSize({ width: 390, height: 844 });
  await looks("at 390 px", overflow, contrast, axe);
  if (picture) await page.screenshot({ path: `${picture}-390.png`, fullPage: true });
  await page.setViewportSize({ width: 1047, height: 718 }); // A4 across between its margins
  await page.emulateMedia({ media: "print" });
  await looks("printed", overflow, broken, cells);
  const pdf = picture ? `${picture}.pdf` : join(scratch, "visits.pdf");
  await page.pdf({ path: pdf, preferCSSPageSize: true, printBackground: true });
  const pages = execFileSync("pdftotext", ["-raw", "-enc", "UTF-8", pdf, "-"]).toString().split("\f").slice(0, -1).map(plain);
  days.forEach(({ title, cases }, i) => {
    const text = pages[i] ?? "";
    check(cases > 8 || (text.includes(plain(title)) && text.includes("北")), `page ${i + 1} of ${pages.length} is not ${title} with its sketch`);
  });
  if (days.every((d) => d.cases <= 8)) check(pages.length === days.length + 1, `${days.length} days and the notes take ${pages.length} pages`);
  console.log(`${file}: ${days.length} days on ${pages.length} pages`);
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true });
}
for (const f of [...new Set(faults)].slice(0, 20)) console.error(`FAULT ${f}`);
console.log(`${faults.length} faults`);
process.exitCode = faults.length ? 1 : 0;
