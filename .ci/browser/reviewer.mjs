// The reviewers of review.test.mjs: their browsers, what they look at, and what the page must not do meanwhile.
import { chromium } from "playwright-core";
import { axe, patience } from "./reading.mjs";

export const [given, tokenA, tokenB, picture, tokenC = tokenA, tokenD, tokenE, tokenR] = process.argv.slice(2);
export const base = given.replace(/\/$/, "");
export const faults = [];
export const unjudged = "?verdict=unreviewed";
let step = "";
let provoked = []; // messages of the console that the step provokes: {text, path}

/** begin names the step that faults are told of. */
export const begin = (name) => {
  step = name;
  provoked = [];
};

/** provoke has the console be allowed to say a text, of an address below the base, or of all where it is a pattern. */
export const provoke = (text, path) => provoked.push({ text: String(text), path });

export const check = (ok, text) => {
  if (ok) return;
  faults.push(`${step}: ${text}`);
  console.error(faults.at(-1));
};

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});

// What Chromium says of drawing without a graphics card.
const drawing = /GPU stall due to ReadPixels|Automatic fallback to software WebGL/;

const tolerated = (m) => {
  if (drawing.test(m.text())) return true;
  const path = m.location().url.slice(base.length + 1);
  return provoked.some(
    (p) => m.text().includes(p.text) && (p.path instanceof RegExp ? p.path.test(path) : p.path === path),
  );
};

/** person is somebody with a browser of his own, who has logged in. */
export const person = async (token, options = {}) => {
  const size = { width: 1440, height: 900 };
  const context = await browser.newContext({ viewport: size, locale: "zh-CN", acceptDownloads: true, ...options });
  context.setDefaultTimeout(patience);
  const headers = { Origin: new URL(base).origin };
  if (token) await context.request.post(`${base}/login`, { form: { token }, headers });
  return context;
};

/** whole waits until all is known of the case that is shown. */
export const whole = (page) => page.waitForSelector("#facts:not([data-glance]) .head", { state: "attached" });

/**
 * knownHere waits until the page knows all of the case that is shown, as it is at an event or later. (waitForFunction
 * takes the promise of an asynchronous function for true.)
 */
export const knownHere = async (page, seq = 0) => {
  const reached = async (n) => {
    const { review } = await import(document.querySelector("script[type=module]").src);
    return review.current?.seq >= n;
  };
  for (const end = Date.now() + patience; !(await page.evaluate(reached, seq)); await page.waitForTimeout(20))
    if (Date.now() > end) throw new Error(`the page does not know event ${seq}`);
  await whole(page);
};

// What a computer without WebGL has.
const withoutWebGL = () => {
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind.startsWith("webgl") ? null : getContext.call(this, kind, ...rest);
  };
};

/**
 * open opens the page, and watches over it. It has no map: drawing maps without a graphics card is two fifths of the
 * work of a page. openMap opens the page with its map.
 */
export const open = (context, query) => opened(context, query, withoutWebGL);
export const openMap = (context, query) => opened(context, query);

const opened = async (context, query = "", script) => {
  const page = await context.newPage();
  if (script) await page.addInitScript(script);
  page.on("console", (m) => {
    if (!["error", "warning"].includes(m.type()) || tolerated(m)) return;
    check(false, `console: ${m.text()} ${m.location().url}`);
  });
  page.on("pageerror", (e) => check(false, `error: ${e.message}`));
  page.on("dialog", (d) => {
    check(false, `dialog: ${d.message()}`);
    d.dismiss();
  });
  page.on("request", (r) => {
    check(/^(blob|data):/.test(r.url()) || r.url().startsWith(base + "/"), `request of ${r.url()}`);
  });
  await page.goto(`${base}/review${query}`);
  await whole(page);
  return page;
};

export const shown = async (page) => {
  await whole(page);
  return page.locator("#case-id").textContent();
};
export const atCase = async (page, id) => {
  await page.waitForFunction((x) => document.getElementById("case-id")?.textContent === x, id);
  await whole(page);
};
export const settled = (page) => page.waitForFunction(() => document.getElementById("outbox").hidden);
export const api = async (context, path) => {
  const answer = await context.request.get(`${base}/${path}`, { headers: { Accept: "application/json" } });
  return answer.json();
};

/** known is what the service knows of a case. */
export const known = async (context, id) => {
  const body = await api(context, `cases/${id}`);
  const values = Object.fromEntries(body.fields.map((f) => [f.name, f.value ?? ""]));
  return { ...body, values, judged: body.history.filter((e) => e.kind.code === "judged") };
};

export const isAxe = async (page, what) => {
  for (const f of await axe(page, true)) check(false, `${what}: ${f}`);
};
