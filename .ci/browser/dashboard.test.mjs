// node dashboard.test.mjs BASE [PICTURE]: opens the dashboard of the service at BASE in Chromium, as it is read and as it is printed, and fails where anything is amiss.
// PICTURE.png is the page on a desk, PICTURE-390.png on a phone, PICTURE.pdf the print.
import { chromium } from "playwright-core";
import { axe, contrast, overflow, patience } from "./reading.mjs";

const [given, picture] = process.argv.slice(2);
const base = given.replace(/\/$/, "");
const faults = [];
const check = (ok, text) => { if (!ok) faults.push(text); };
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"] });
const looks = async (page, what) => {
  for (const look of [overflow, contrast, axe]) faults.push(...(await look(page)).map((f) => `${what}: ${f}`));
};
const watched = async (context) => {
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.on("console", (m) => { if (["error", "warning"].includes(m.type()) && !/GPU stall|WebGL/.test(m.text())) faults.push(`console: ${m.text()}`); });
  page.on("pageerror", (e) => faults.push(`error: ${e.message}`));
  page.on("dialog", (d) => { faults.push(`dialog: ${d.message()}`); d.dismiss(); });
  page.on("request", (r) => check(/^(blob|data):/.test(r.url()) || r.url().startsWith(base + "/"), `request of ${r.url()}`));
  return page;
};
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, locale: "zh-CN" });
  const page = await watched(context);
  await page.goto(`${base}/dashboard`);
  await page.waitForSelector("body.live");
  check(!(await page.locator("#spots").isVisible()) && (await page.locator("#map canvas").isVisible()), "there is no map");
  await looks(page, "at 1280 px");
  if (picture) await page.screenshot({ path: `${picture}.png`, fullPage: true });

  // The bars of each place are as wide as its row, and what a number leads to is as many cases.
  const bars = await page.evaluate(() => [...document.querySelectorAll(".stages tbody tr")].map((r) => {
    const wide = r.querySelector("svg").getBoundingClientRect().width, parts = [...r.querySelectorAll("rect")].map((x) => x.getBoundingClientRect().width);
    const n = [...r.querySelectorAll("td.n")].map((c) => Number(c.textContent));
    return { fits: Math.abs(parts.reduce((a, b) => a + b, 0) - wide) < 1, sum: n.slice(0, -1).reduce((a, b) => a + b, 0) === n.at(-1) };
  }));
  check(bars.length > 0 && bars.every((b) => b.fits && b.sum), `bars that do not add up: ${JSON.stringify(bars)}`);
  const links = await page.evaluate(() => [...document.querySelectorAll("#places a")].map((a) => [a.getAttribute("href"), a.textContent]));
  for (const [href, n] of links) {
    const query = new URL(href, base + "/").search;
    const { numberMatched } = await (await context.request.get(`${base}/collections/cases/items${query}&merged_into=&f=json&limit=1`)).json();
    check(numberMatched === Number(n), `${href} leads to ${numberMatched} cases, not ${n}`);
  }
  check(links.length > 0, "no number leads to its cases");
  await page.locator("#places a").first().click();
  await page.waitForFunction((n) => document.getElementById("matched")?.textContent.includes(n), Number(links[0][1]).toLocaleString("zh-CN"));

  await page.goto(`${base}/dashboard`);
  await page.locator("input[name=day]").fill("2026-01-01");
  await page.locator("input[name=since]").fill("2025-12-01");
  await page.locator("form button").click();
  await page.waitForURL(/day=2026-01-01/);
  check(await page.locator("#content").textContent().then((x) => x.includes("往日按全部记录重新统计")), "another day is not told as such");
  check(!(await page.locator("#map").isVisible()), "the map of today is on the page of another day");
  await looks(page, "another day");
  await page.goto(`${base}/dashboard?lang=en`);
  check((await page.title()).includes("Dashboard") && (await page.locator("#h-places").textContent()) === "Totals by city and county", "there is no English");
  await looks(page, "in English");

  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${base}/dashboard`);
  await page.waitForSelector("body.live");
  await looks(page, "at 390 px");
  if (picture) await page.screenshot({ path: `${picture}-390.png`, fullPage: true });
  await page.setViewportSize({ width: 690, height: 1024 }); // an A4 page between its margins
  await page.emulateMedia({ media: "print" });
  check(await page.locator("#spots").isVisible() || (await page.locator("#h-map + p").count()) === 1, "printed: no drawing");
  check(!(await page.locator("form").isVisible()) && !(await page.locator("#map").isVisible()), "printed: what paper cannot do");
  faults.push(...(await overflow(page)).map((f) => `printed: ${f}`));
  if (picture) await page.pdf({ path: `${picture}.pdf`, preferCSSPageSize: true, printBackground: true });

  const still = await watched(await browser.newContext({ javaScriptEnabled: false }));
  await still.goto(`${base}/dashboard`);
  check(await still.locator("#spots").isVisible(), "without scripts: no drawing");
} finally {
  await browser.close();
}
for (const f of [...new Set(faults)].slice(0, 20)) console.error(`FAULT ${f}`);
console.log(`${faults.length} faults`);
process.exitCode = faults.length ? 1 : 0;
