// No verdict is lost, none is said in the name of another, and nobody waits for the service; see review.test.mjs.
import { post } from "./flows.mjs";
import {
  atCase,
  base,
  check,
  isAxe,
  known,
  knownHere,
  open,
  openMap,
  person,
  provoke,
  settled,
  shown,
  tokenA,
  tokenB,
  tokenR,
  unjudged,
} from "./reviewer.mjs";

const login = (context, token) =>
  context.request.post(`${base}/login`, { form: { token }, headers: { Origin: new URL(base).origin } });

/** times is how often a case was judged. */
const times = async (context, id) => (await known(context, id)).judged.length;

/** next presses keys, and returns after how many milliseconds of the page another case is there. */
const next = (page, ...keys) =>
  page.evaluate(
    (all) =>
      new Promise((done) => {
        const before = document.getElementById("case-id").textContent;
        const from = performance.now();
        const look = () =>
          document.getElementById("case-id")?.textContent === before
            ? requestAnimationFrame(look)
            : done(performance.now() - from);
        for (const key of all) dispatchEvent(new KeyboardEvent("keydown", { key }));
        look();
      }),
    keys,
  );

const full = () => {
  Storage.prototype.setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
};
const blocked = () => {
  const get = () => {
    throw new DOMException("blocked", "SecurityError");
  };
  Object.defineProperty(window, "localStorage", { get });
};

/** losses are the tests; a and b are reviewers. */
export const losses = (a, b) => ({
  "a full disk of the service": async () => {
    const page = await open(a, unjudged);
    const id = await shown(page);
    const before = await times(a, id);
    provoke("status of 507", /events$/);
    const full = { status: 507, title: "Insufficient Storage", detail: "no space left" };
    await page.route("**/events", (route) =>
      route.fulfill({ status: 507, contentType: "application/problem+json", body: JSON.stringify(full) }),
    );
    await next(page, "1");
    await page.waitForSelector("#banner:visible");
    const told = await page.locator("#banner").textContent();
    check(told.includes("服务器的磁盘已满") && told.includes("自动发送"), `it is told so: ${told}`);
    await page.unroute("**/events");
    await settled(page);
    check(await page.locator("#banner").isHidden(), "it is still told when there is room");
    const now = await known(a, id);
    check(now.values.verdict === "confirmed" && now.judged.length === before + 1, "the verdict is not said once");
    await page.close();
  },

  "a slow service": async () => {
    const page = await openMap(a, unjudged);
    let answer; // has the service go on
    const answers = new Promise((done) => (answer = done));
    let refused; // the case of which the rules do not allow the event
    provoke("status of 422", /events$/);
    await page.route("**/events", async (route) => {
      await answers;
      const lacking = JSON.stringify({ kind: "judged", fields: { verdict: "refuted" } });
      const its = route.request().url().endsWith(`/cases/${refused}/events`);
      await route.continue(its ? { postData: lacking } : {});
    });
    const ids = [];
    const waits = [];
    let before = 0; // how often the last case was judged
    for (let i = 0; i < 4; i++) {
      ids.push(await shown(page));
      await knownHere(page);
      before = await times(a, ids.at(-1));
      waits.push(await next(page, "1"));
    }
    refused = ids.at(-1);
    console.log(`before the service answers, the next case is there after ${waits.map(Math.round).join(", ")} ms`);
    const waiting = await page.locator("#outbox").textContent();
    check(waiting.includes(`${ids.length} 条待发送`), `what waits is told so: ${waiting}`);
    answer();
    await page.waitForSelector("#dialog .unsent");
    const told = await page.locator("#dialog .unsent").textContent();
    check(told.includes(refused) && told.includes("台账规则不允许"), `what was refused does not come back: ${told}`);
    check(told.includes("须写明原因") && !/[a-z]{4}/.test(told), `it is not told in Chinese: ${told}`);
    await page.click(`#dialog li:has-text("${refused}") >> text=打开`);
    await atCase(page, refused);
    await page.waitForFunction(() => !/待发送/.test(document.getElementById("outbox").textContent));
    for (const id of ids.slice(0, -1))
      check((await known(a, id)).values.verdict === "confirmed", `${id} is not confirmed`);
    check((await times(a, refused)) === before, "what was refused is written");
    await page.click("#outbox");
    await page.click("#dialog >> text=放弃");
    await settled(page);
    await page.close();
  },

  "a browser that stores nothing": async () => {
    for (const [what, script] of [
      ["full", full],
      ["blocked", blocked],
    ]) {
      const context = await person(tokenA);
      await context.addInitScript(script);
      const page = await open(context, unjudged);
      const id = await shown(page);
      const before = await times(a, id);
      provoke("ERR_INTERNET_DISCONNECTED", /./);
      await page.route("**/events", (route) => route.abort("internetdisconnected"));
      await page.keyboard.press("1");
      await page.waitForSelector("#banner[data-kind=fleeting]");
      check(/1 条待发送/.test(await page.locator("#outbox").textContent()), `${what}: it is not kept`);
      await isAxe(page, what);
      await page.unroute("**/events");
      await page.evaluate(() => dispatchEvent(new Event("online")));
      await settled(page);
      check(await page.locator("#banner").isHidden(), `${what}: the banner stays`);
      const now = await known(a, id);
      check(now.values.verdict === "confirmed" && now.judged.length === before + 1, `${what}: it is ${now.values.verdict}`);
      await context.close();
    }
  },

  "another person logs in in the same browser": async () => {
    const shared = await person(tokenA);
    let page = await open(shared, unjudged);
    await page.waitForLoadState("networkidle");
    const id = await shown(page);
    const before = await times(a, id);
    provoke("status of 403", `cases/${id}/events`);
    await login(shared, tokenB);
    await page.keyboard.press("1");
    await page.waitForSelector("#banner[data-kind=expired]");
    check((await times(a, id)) === before, "it was said in the name of another");
    await page.reload();
    await page.waitForFunction(() => /1 条待发送/.test(document.getElementById("outbox").textContent));
    await page.click("#outbox");
    check((await page.locator("#dialog .unsent").textContent()).includes("等他登录后发送"), "it is not told whose it is");
    check((await times(a, id)) === before, "it was sent in the name of another");
    await login(shared, tokenA);
    await page.reload();
    await settled(page);
    const now = await known(a, id);
    check(now.judged.length === before + 1 && now.judged.at(-1).actor === "李明", `said by ${now.judged.map((e) => e.actor)}`);
    await shared.close();
  },

  "a clock that is set back": async () => {
    const page = await open(a, unjudged);
    const id = await shown(page);
    const before = await times(a, id);
    provoke("ERR_INTERNET_DISCONNECTED", /./);
    await page.route("**/events", (route) => route.abort("internetdisconnected"));
    await next(page, "1");
    await page.evaluate(() => {
      const now = Date.now;
      Date.now = () => now() - 3600_000;
    });
    await shown(page);
    await page.keyboard.press("k");
    await atCase(page, id);
    await page.keyboard.press("3");
    await page.keyboard.press("2");
    await page.waitForFunction(() => /2 条待发送/.test(document.getElementById("outbox").textContent));
    await page.unroute("**/events");
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await settled(page);
    const now = await known(a, id);
    const { verdict } = now.values;
    check(verdict === "refuted" && now.judged.length === before + 2, `the later verdict is lost: ${verdict}`);
    await page.close();
  },

  "a ledger restored from a copy": async () => {
    const page = await open(a, unjudged);
    const id = await shown(page);
    const before = await times(a, id);
    provoke("status of 412", `cases/${id}/events`);
    await page.route("**/events", (route) =>
      route.continue({ headers: { ...route.request().headers(), "if-match": '"99999999"' } }),
    );
    await page.keyboard.press("1");
    await page.waitForSelector("#dialog .unsent");
    check((await page.locator("#dialog .unsent").textContent()).includes("台账已更换"), "it is not told why");
    await page.unroute("**/events");
    await Promise.all([post(page), page.click("#dialog >> text=再次提交")]);
    await settled(page);
    const now = await known(a, id);
    check(now.values.verdict === "confirmed" && now.judged.length === before + 1, `it is ${now.values.verdict}`);
    await page.close();
  },

  "many at once, in several requests": async () => {
    const page = await a.newPage();
    await page.route("**/bulk.js", async (route) => {
      const answer = await route.fetch();
      const text = (await answer.text()).replace("const portion = 500;", "const portion = 2;");
      await route.fulfill({ response: answer, body: text });
    });
    let requests = 0;
    page.on("request", (r) => (requests += r.url().endsWith("/cases/events") ? 1 : 0));
    await page.goto(`${base}/review${unjudged}`);
    const ids = [];
    for (let i = 0; i < 5; i++) {
      ids.push(await shown(page));
      await page.keyboard.press("x");
      await next(page, "j");
    }
    await page.click("#bulk >> text=判为“不属实”");
    await page.keyboard.press("Escape");
    check((await page.locator("#bulk").textContent()).includes("已选 5 个"), "what is ticked is forgotten");
    await page.click("#bulk >> text=判为“不属实”");
    await page.click("#dialog >> text=误判");
    await page.click("#dialog .danger");
    await page.waitForSelector("#dialog >> text=5 个已保存，0 个没有被接受");
    await page.keyboard.press("Escape");
    check(requests === 3, `${requests} requests`);
    for (const id of ids) check((await known(a, id)).values.verdict === "refuted", `${id} is not refuted`);
    await page.close();
  },

  "a reader": async () => {
    if (!tokenR) return console.log("there is no reader");
    const reader = await person(tokenR);
    const page = await open(reader, unjudged);
    check((await page.locator("#verdicts").textContent()).includes("不能作出结论"), "it is not told");
    check((await page.locator("#verdicts button").count()) === 0, "there are buttons that nobody may press");
    let posts = 0;
    page.on("request", (r) => (posts += r.method() === "POST" ? 1 : 0));
    for (const key of ["1", "3", "n", "u"]) await page.keyboard.press(key);
    check(await page.locator("#dialog").isHidden(), "something is asked");
    await page.keyboard.press("x");
    check((await page.locator("#bulk").textContent()).includes("已选 1 个"), "nothing can be ticked");
    check((await page.locator("#bulk >> text=判为").count()) === 0, "many can be refuted");
    check(posts === 0 && (await page.locator("#outbox").isHidden()), "something is sent");
    await isAxe(page, "a reader");
    await reader.close();
  },
});
