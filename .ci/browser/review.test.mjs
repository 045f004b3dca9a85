// node review.test.mjs BASE TOKEN_A TOKEN_B [PICTURE [TOKEN_C TOKEN_D TOKEN_E TOKEN_R]]: reviews cases of the service at
// BASE in Chromium, as two reviewers who log in by these tokens, and fails where anything is amiss; C, D and E are
// acceptors or keepers of a county, a city and the province, R is a reader. It writes
// verdicts: BASE serves a copy of a ledger with at least 40 cases that nobody has judged. PICTURE.png is what a
// reviewer sees, PICTURE-390.png the same on a phone, PICTURE-dark.png in the dark. With ONLY in the environment the
// tests that have it in their names are done; "images" is done so alone, at a BASE whose run has images.
import { readFileSync } from "node:fs";
import {
  api,
  atCase,
  base,
  begin,
  browser,
  check,
  faults,
  given,
  isAxe,
  known,
  open,
  openMap,
  person,
  picture,
  provoke,
  settled,
  shown,
  tokenA,
  tokenB,
  unjudged,
  whole,
} from "./reviewer.mjs";
import { flows } from "./flows.mjs";
import { losses } from "./losses.mjs";
import { loop } from "./loop.mjs";

const tests = {};
const a = await person(tokenA),
  b = await person(tokenB);

tests["list, keys and verdicts"] = async () => {
  const page = await openMap(a, unjudged);
  const all = await api(a, "collections/cases/items?f=json&merged_into=&limit=6&sortby=-prio&verdict=unreviewed");
  const ids = all.features.map((f) => f.id);
  check(
    (await page.locator("#matched").textContent()).includes(all.numberMatched.toLocaleString("zh-CN")),
    "the number of cases is not shown",
  );
  check((await shown(page)) === ids[0], "the first case is not that of the highest priority");
  await page.keyboard.press("j");
  await atCase(page, ids[1]);
  await page.keyboard.press("ArrowUp");
  await atCase(page, ids[0]);
  await isAxe(page, "the page");
  await page.keyboard.press("1");
  await atCase(page, ids[1]);
  await page.keyboard.press("3");
  await page.waitForSelector("#verdicts .reasons");
  await isAxe(page, "reasons");
  await page.keyboard.press("1");
  await atCase(page, ids[2]);
  await settled(page);
  const [first, second] = [await known(a, ids[0]), await known(a, ids[1])];
  check(
    first.values.verdict === "confirmed" && first.judged.length === 1,
    `the first case is ${first.values.verdict}, judged ${first.judged.length} times`,
  );
  check(
    second.values.verdict === "refuted" &&
      second.values.reason === "misclassified" &&
      second.state.code === "archived",
    `the second case is ${second.values.verdict}, ${second.values.reason}`,
  );
  await page.keyboard.press("u");
  await atCase(page, ids[1]);
  await settled(page);
  const undone = await known(a, ids[1]);
  check(
    undone.values.verdict === "unreviewed" && undone.values.reason === "" && undone.state.code === "unreviewed",
    `undone, the second case is ${undone.values.verdict} ${undone.values.reason} ${undone.state.code}`,
  );
  await page.keyboard.press("n");
  await page.keyboard.type("<img src=x onerror=alert(1)>");
  await Promise.all([
    page.waitForResponse((r) => r.url().endsWith("/events") && r.request().method() === "POST"),
    page.keyboard.press("Control+Enter"),
  ]);
  await settled(page);
  check((await known(a, ids[1])).values.note === "<img src=x onerror=alert(1)>", "the note is not kept");
  await page.reload();
  await atCase(page, ids[1]);
  check(
    (await page
      .locator("#facts")
      .textContent()
      .then((x) => x.includes("<img src=x"))) && (await page.locator("#facts img").count()) === 0,
    "the note is not shown as a text",
  );
  await page.keyboard.press("?");
  await page.waitForSelector("#dialog[open] .keys");
  await isAxe(page, "help");
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  check((await page.evaluate(() => document.activeElement.name)) === "id", "/ does not lead to the filters");
  await page.keyboard.press("Escape");
  if (picture) await page.screenshot({ path: `${picture}.png` });
  await page.close();
};

tests["the next case is there at once"] = async () => {
  const page = await openMap(a, unjudged);
  const times = [];
  for (let i = 0; i < 5; i++) {
    await page.waitForLoadState("networkidle");
    const before = await shown(page);
    await settled(page);
    times.push(
      await page.evaluate(
        (x) =>
          new Promise((done) => {
            const from = performance.now(),
              look = () =>
                document.getElementById("case-id")?.textContent !== x
                  ? requestAnimationFrame(() => done(performance.now() - from))
                  : requestAnimationFrame(look);
            dispatchEvent(new KeyboardEvent("keydown", { key: "j" }));
            look();
          }),
        before,
      ),
    );
  }
  console.log(`the next case is there after ${times.map(Math.round).join(", ")} ms`);
  await page.close();
};

tests["filters stand in the address"] = async () => {
  const page = await open(a);
  check((await page.locator("#map-note").textContent()).includes("WebGL"), "nobody is told why there is no map");
  check(!(await page.locator("#map-tools").isVisible()), "there are tools of a map that is not there");
  const total = await page.locator("#matched").textContent();
  await page.selectOption("select[name=verdict]", "confirmed");
  const { numberMatched } = await api(a, "collections/cases/items?f=json&merged_into=&limit=1&verdict=confirmed");
  await page.waitForFunction(
    (n) => document.getElementById("matched").textContent.includes(n),
    numberMatched.toLocaleString("zh-CN"),
  );
  check(new URL(page.url()).searchParams.get("verdict") === "confirmed", `the address is ${page.url()}`);
  check(
    (await page.locator("#rows .row .v-confirmed").count()) === (await page.locator("#rows .row").count()),
    "other cases are listed",
  );
  const colleague = await open(b, new URL(page.url()).search);
  check(
    (await colleague.locator("#matched").textContent()) === (await page.locator("#matched").textContent()),
    "a colleague sees another list",
  );
  await colleague.close();
  await page.goBack();
  await page.waitForFunction((x) => document.getElementById("matched").textContent === x, total);
  check((await page.locator("select[name=verdict]").inputValue()) === "", "the filter stays after going back");
  await page.goForward();
  await page.waitForFunction(
    (n) => document.getElementById("matched").textContent.includes(n),
    numberMatched.toLocaleString("zh-CN"),
  );
  const id = await shown(page);
  await page.locator("#filters input[name=id]").fill("");
  await page.click("text=清除筛选");
  await page.locator("#filters input[name=id]").fill(id);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.getElementById("matched").textContent.includes("共 1 个"));
  await page.close();
};

tests["two reviewers"] = async () => {
  const [one, two] = [await open(a, unjudged), await open(b, unjudged)];
  for (const choice of ["采用对方的", "两者都保留"]) {
    const id = await shown(one);
    provoke("status of 409", `cases/${id}/events`);
    await two.goto(`${base}/review${unjudged}&case=${id}`);
    await atCase(two, id);
    await two.keyboard.press("1");
    await settled(two);
    await one.keyboard.press("3");
    await one.keyboard.press("2");
    await one.waitForSelector("#dialog[open] .clash");
    const cells = await one.locator(".clash td").allTextContents();
    check(
      ["待核查", "属实", "不属实"].every((x) => cells.includes(x)),
      `both values are not shown: ${cells}`,
    );
    await isAxe(one, "the conflict");
    await one.click(`#dialog >> text=${choice}`);
    await settled(one);
    const now = await known(a, id);
    if (choice === "采用对方的")
      check(
        now.values.verdict === "confirmed" && now.disputes.length === 0,
        `theirs is not kept: ${now.values.verdict}`,
      );
    else
      check(
        now.disputes.some((d) => d.name === "verdict" && d.values.length === 2),
        `both are not kept: ${JSON.stringify(now.disputes)}`,
      );
  }
  await one.close();
  await two.close();
};

tests["lost connection and closed tab"] = async () => {
  let page = await open(a, unjudged);
  await page.waitForLoadState("networkidle");
  const ids = [await shown(page)];
  const said = async (id) => (await known(a, id)).judged.length;
  const times = [await said(ids[0])];
  provoke("ERR_INTERNET_DISCONNECTED", /./);
  await a.setOffline(true);
  await page.keyboard.press("1");
  await page.waitForFunction(() => /1 条待发送/.test(document.getElementById("outbox").textContent));
  ids.push(await shown(page));
  await page.keyboard.press("3");
  await page.keyboard.press("2");
  await page.waitForFunction(() => /2 条待发送/.test(document.getElementById("outbox").textContent));
  check(await page.locator("#banner").isVisible(), "nobody is told that the connection is lost");
  await page.close();
  await a.setOffline(false);
  page = await open(a, unjudged);
  await settled(page);
  const found = [await known(a, ids[0]), await known(a, ids[1])];
  check(
    found[0].values.verdict === "confirmed" && found[0].judged.length === times[0] + 1,
    `${found[0].values.verdict}, said ${found[0].judged.length} times`,
  );
  check(
    found[1].values.verdict === "refuted" && found[1].values.reason === "natural" && found[1].judged.length === 1,
    `${found[1].values.verdict}, said ${found[1].judged.length} times`,
  );
  const [x, y] = found.map((c) => c.judged.at(-1).seq);
  check(x < y, "they were not sent in their order");
  await page.close();
};

tests["lost answers"] = async () => {
  const page = await open(a, unjudged);
  const id = await shown(page);
  let lost = 0;
  provoke("ERR_FAILED", `cases/${id}/events`);
  await page.route("**/events", async (route) => {
    if (lost++ > 1) return route.continue();
    await route.fetch(); // the server has committed
    await route.abort();
  });
  await page.keyboard.press("1");
  await settled(page);
  const now = await known(a, id);
  check(
    lost >= 3 && now.values.verdict === "confirmed" && now.judged.length === 1,
    `sent ${lost} times, it is said ${now.judged.length} times`,
  );
  await page.close();
};

tests["expired session"] = async () => {
  const page = await open(a, unjudged);
  await page.waitForLoadState("networkidle");
  const id = await shown(page);
  provoke("status of 401", /^(me|login|cases\/[0-9-]+(\/events)?|collections\/.*|tiles\/.*)$/);
  await a.clearCookies();
  await page.keyboard.press("1");
  await page.waitForSelector("#banner[data-kind=expired]");
  await page.waitForFunction(() => /1 条待发送/.test(document.getElementById("outbox").textContent));
  await page.click("#banner button");
  await page.fill("#dialog input[name=token]", "wrong");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#dialog .warned:not([hidden])");
  await isAxe(page, "login");
  await page.fill("#dialog input[name=token]", tokenA);
  await page.keyboard.press("Enter");
  await settled(page);
  const now = await known(a, id);
  check(
    now.values.verdict === "confirmed" && now.judged.length === 1,
    `the case is ${now.values.verdict}, said ${now.judged.length} times`,
  );
  check(await page.locator("#banner").isHidden(), "the banner stays");
  await page.close();
};

tests["many at once"] = async () => {
  const page = await open(a, unjudged);
  const ids = [await shown(page)];
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.waitForFunction((x) => document.getElementById("case-id")?.textContent !== x, ids[0]);
  ids.push(await shown(page));
  await page.keyboard.press("x");
  check((await page.locator("#bulk").textContent()).includes("已选 2 个"), "two are not chosen");
  await isAxe(page, "chosen cases");
  await page.click("#bulk >> text=判为“不属实”");
  check((await page.locator("#h-dialog").textContent()).includes("2 个"), "the number is not asked");
  await page.click("#dialog >> text=历史遗留");
  await isAxe(page, "many at once");
  await page.click("#dialog .danger");
  await page.waitForSelector("#dialog >> text=2 个已保存，0 个没有被接受");
  await page.keyboard.press("Escape");
  for (const id of ids) check((await known(a, id)).values.reason === "legacy", `${id} is not refuted`);
  await page.close();
};

tests["export"] = async () => {
  const page = await open(a, unjudged);
  const { numberMatched } = await api(a, "collections/cases/items?f=json&merged_into=&limit=1&verdict=unreviewed");
  for (const [kind, count] of [
    ["GeoJSON", (s) => JSON.parse(s).features.length],
    ["CSV", (s) => s.trim().split("\r\n").length - 1],
  ]) {
    await page.click("#export");
    await page.waitForSelector("#dialog[open]");
    const [file] = await Promise.all([page.waitForEvent("download"), page.click(`#dialog >> text=${kind}`)]);
    const text = readFileSync(await file.path(), "utf8");
    check(count(text) === numberMatched, `${kind} has ${count(text)} cases of ${numberMatched}`);
    await page.waitForFunction(() => !document.getElementById("dialog").open);
  }
  await page.close();
};

tests["divider, about, English"] = async () => {
  const page = await openMap(a, unjudged);
  if (await page.locator("#divider").isVisible()) {
    await page.focus("#divider");
    await page.keyboard.press("ArrowLeft");
    check((await page.getAttribute("#divider", "aria-valuenow")) === "45", "the divider does not go by keys");
    await page.keyboard.press("Home");
    check((await page.getAttribute("#divider", "aria-valuenow")) === "0", "the divider does not go to its end");
  }
  await page.click("#about");
  await page.waitForSelector("#dialog .licences");
  check(
    (await page.locator(".licences").textContent()).includes("MapLibre contributors"),
    "the licence is not shown",
  );
  await page.keyboard.press("Escape");
  await page.close();
  const english = await open(a, unjudged + "&lang=en");
  check(
    (await english.locator("#verdicts").textContent()).includes("refuted") &&
      (await english.title()).includes("Review"),
    "the page is not in English",
  );
  await english.close();
};

tests["dark"] = async () => {
  const dark = await person(tokenA, { colorScheme: "dark", reducedMotion: "reduce" });
  const page = await openMap(dark, unjudged);
  await isAxe(page, "in the dark");
  if (picture) await page.screenshot({ path: `${picture}-dark.png` });
  await dark.close();
};

tests["phone"] = async () => {
  const place = await api(a, "collections/cases/items?f=json&merged_into=&limit=1&sortby=-prio&verdict=unreviewed");
  const { lon, lat } = place.features[0].properties;
  const phone = await person(tokenA, {
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
    geolocation: { longitude: lon, latitude: lat, accuracy: 30 },
    permissions: ["geolocation"],
  });
  const page = await openMap(phone, unjudged);
  const small = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("button, select, input, summary, [role=slider]")]
        .filter((e) => e.checkVisibility({ visibilityProperty: true }))
        .map((e) => [e, (e.closest("label") ?? e).getBoundingClientRect()])
        .filter(([, r]) => r.width > 0 && (r.height < 44 || r.width < 44))
        .map(([e, r]) => `${e.outerHTML.slice(0, 60)} ${Math.round(r.width)} × ${Math.round(r.height)}`),
    );
  for (const tab of ["list", "map", "facts"]) {
    await page.tap(`#tab-${tab}`);
    for (const s of await small()) check(false, `${tab}: smaller than 44 px: ${s}`);
    check(
      await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      `${tab}: wider than the phone`,
    );
    await isAxe(page, tab);
    if (picture) await page.screenshot({ path: `${picture}-390-${tab}.png` });
  }
  await page.tap("#tab-map");
  await page.tap("[data-key=locate]");
  await page.waitForSelector("#map-note:not([hidden])");
  check((await page.locator("#map-note").textContent()).includes("精度约 30 米"), "the position is not shown");
  if (picture) await page.screenshot({ path: `${picture}-390.png` });
  await page.tap("#tab-facts");
  const id = await shown(page);
  await page.tap("#verdicts .v-confirmed");
  await settled(page);
  check((await known(a, id)).values.verdict === "confirmed", "the verdict is not given");
  await phone.close();
};

try {
  for (const [name, test] of Object.entries({ ...tests, ...flows(a, b), ...losses(a, b), ...loop(a, b) })) {
    if (process.env.ONLY ? !name.includes(process.env.ONLY) : name === "images") continue;
    begin(name);
    await test().catch((e) => check(false, e.message.split("\n").slice(0, 4).join(" ")));
  }
} finally {
  await browser.close();
}
if (faults.length) {
  process.exit(1);
}
console.log(`${given}: all is well`);
