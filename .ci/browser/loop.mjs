// From a dispute and a filed case to the public notice, and what the map tells; see review.test.mjs.
import { readFileSync } from "node:fs";
import { post } from "./flows.mjs";
import {
  api,
  atCase,
  base,
  check,
  isAxe,
  known,
  knownHere,
  open,
  openMap,
  person,
  picture,
  settled,
  shown,
  tokenC,
  tokenD,
  tokenE,
  unjudged,
} from "./reviewer.mjs";

/** step makes a step of the case that is shown, by its name. */
const step = async (page, name, fields = {}) => {
  await page.focus("#rows");
  await page.keyboard.press("m");
  await page.click(`#dialog .steps button:has-text("${name}")`);
  await page.waitForSelector("#dialog form");
  await isAxe(page, name);
  for (const [field, value] of Object.entries(fields)) {
    const input = page.locator(`#dialog [name=${field}]`);
    if (await input.evaluate((e) => e.tagName === "SELECT")) await input.selectOption(value);
    else await input.fill(value);
  }
  const [answer] = await Promise.all([post(page), page.click("#dialog button[type=submit]")]);
  if (!answer.ok()) throw new Error(`${name}: ${answer.status()} ${await answer.text()}`);
  await settled(page);
  const { seq } = (await answer.json()).case;
  await knownHere(page, seq);
};

const dayIn = (timeZone) => new Date().toLocaleDateString("sv", { timeZone });
const china = "Asia/Shanghai";
/** elsewhere is a time zone in which it is another day than in China now. */
const elsewhere = () => ["Pacific/Pago_Pago", "Pacific/Kiritimati"].find((z) => dayIn(z) !== dayIn(china));

// A notice can neither begin nor end in a year of which this table has no line.
const holidays = readFileSync(new URL("../../seeds/ledger/holidays.csv", import.meta.url), "utf8");

const sizes = [
  [1280, 720],
  [390, 844],
];

/** loop are the tests; a and b are reviewers. */
export const loop = (a, b) => ({
  "zones under the pointer": async () => {
    const page = await openMap(a, unjudged);
    const zone = (await page.locator("#facts dt:has-text('保护范围') + dd").textContent()).split(" · ")[0];
    await page.waitForLoadState("networkidle");
    const box = await page.locator("#maps").boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const names = page.locator("#zone-names");
    for (let i = 0; i < 40 && !(await names.isVisible()); i++) {
      await page.mouse.move(x - 40 + (i % 2), y, { steps: 2 });
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    }
    const told = await names.textContent();
    check(told.includes(zone), `“${told}” is told, not “${zone}”`);
    await page.mouse.move(5, 5);
    await names.waitFor({ state: "hidden" });
    await page.close();
  },

  "forms fit the screen": async () => {
    for (const [width, height] of sizes)
      for (const colorScheme of ["light", "dark"]) {
        const phone = width < 500;
        const viewport = { width, height };
        const some = await person(tokenC, { viewport, colorScheme, isMobile: phone, hasTouch: phone });
        const page = await open(some, "?verdict=confirmed");
        await page.focus("#rows").catch(() => {});
        await page.keyboard.press("m");
        const names = await page.locator("#dialog .steps button").allTextContents();
        check(names.length > 1, "there are no steps");
        for (const [i, name] of names.entries()) {
          const what = `${name}, ${width} × ${height}, ${colorScheme}`;
          if (i > 0) await page.keyboard.press("m");
          await page.locator("#dialog .steps button").nth(i).click();
          const button = page.locator("#dialog form button[type=submit]");
          const box = await button.boundingBox();
          check(box.y >= 0 && box.y + box.height <= height, `${what}: the button ends at ${box.y + box.height}`);
          const over = await button.evaluate((e) => {
            const r = e.getBoundingClientRect();
            return e.contains(document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2));
          });
          check(over, `${what}: something lies over the button`);
          await isAxe(page, what);
          if (picture) await page.screenshot({ path: `${picture}-${width}-${colorScheme}-${i}.png` });
          await page.keyboard.press("Escape");
        }
        await some.close();
      }
  },

  "a dispute is settled": async () => {
    const acceptor = await person(tokenC);
    if ((await api(acceptor, "me")).role === "reviewer") return console.log("nobody may settle");
    const [{ id }] = (await api(a, "collections/cases/items?f=json&merged_into=&limit=1&sortby=-prio&verdict=unreviewed")).features;
    const { seq } = await known(a, id);
    const said = { b: { verdict: "confirmed" }, a: { verdict: "refuted", reason: "natural" } };
    for (const [who, fields] of Object.entries(said)) {
      const headers = { "If-Match": `"${seq}"`, "Idempotency-Key": `${who} ${id}`, Origin: new URL(base).origin };
      const data = { kind: "judged", fields, conflict: "keep_both" };
      const answer = await { a, b }[who].request.post(`${base}/cases/${id}/events`, { headers, data });
      check(answer.ok(), `${who}: ${await answer.text()}`);
    }
    const page = await open(acceptor, `?id=${id}&case=${id}`);
    const { disputes } = await known(a, id);
    await step(page, disputes[0].title, { value: disputes[0].values[0].code });
    const now = await known(a, id);
    check(now.disputes.length === disputes.length - 1, "it is still disputed");
    check(now.values[disputes[0].name] === disputes[0].values[0].code, "another value holds");
    await acceptor.close();
  },

  "acceptance, public notice, objection": async () => {
    if (!tokenE) return console.log("acceptance is left out: there is nobody of the province");
    const people = [];
    for (const token of [tokenC, tokenD, tokenE]) people.push(await person(token, { timezoneId: elsewhere() }));
    const page = await open(people[0], unjudged);
    const id = await shown(page);
    await page.keyboard.press("1");
    await settled(page);
    const query = `?id=${id}&case=${id}`;
    await page.goto(`${base}/review${query}`);
    await atCase(page, id);
    await step(page, "立案");
    const lists = { problem: "毁林建房", measures: "拆除复绿", standard: "恢复林地" };
    const by = { responsible_unit: "某镇人民政府", responsible_person: "赵强", due_date: "2030-12-31" };
    await step(page, "填写整改与分派", { ...lists, ...by });
    await step(page, "整改中");
    const input = page.locator("#facts .uploads input").first();
    const file = { name: "验收.txt", mimeType: "text/plain", buffer: Buffer.from("三") };
    await Promise.all([post(page), input.setInputFiles(file)]);
    await page.waitForSelector('#facts a[download="验收.txt"]');
    await settled(page);
    await step(page, (await api(a, "vocabulary")).state.find((s) => s.code === "submitted").title);
    await page.close();
    const states = ["county_checked", "city_accepted", "province_accepted"];
    for (const [i, who] of people.entries()) {
      const theirs = await open(who, query);
      const titles = Object.fromEntries((await api(a, "vocabulary")).outcome.map((o) => [o.code, o.title]));
      await step(theirs, `：${titles.passed}`, { accept_unit: `验收单位${i + 1}` });
      await theirs.close();
      const { state } = await known(a, id);
      check(state.code === states[i], `accepted, it is ${state.code}, not ${states[i]}`);
    }
    const notice = await open(people[2], query);
    const kinds = Object.fromEntries((await api(a, "vocabulary")).event.map((e) => [e.code, e.title]));
    const { missing } = (await api(people[2], `cases/${id}`)).next.find((s) => s.kind.code === "published");
    if (missing.length > 0) {
      const [{ zh }] = missing;
      const [, year] = /^节假日表中没有 (\d+) 年/.exec(zh) ?? [];
      check(year && !holidays.includes(`\n${year}-`), `there can be no notice: ${zh}`);
      await notice.focus("#rows");
      await notice.keyboard.press("m");
      await notice.waitForSelector(`#dialog li:has-text("${kinds.published}"):has-text("${zh}")`, { state: "attached" });
      return console.log(`there is no notice: ${zh}`);
    }
    const days = [dayIn(china)];
    await step(notice, kinds.published, { days: "10" });
    days.push(dayIn(china)); // another one where midnight came between
    const { fields } = (await known(a, id)).history.find((e) => e.kind.code === "published");
    const start = fields.find((f) => f.name === "start").value;
    check(days.includes(start), `the notice begins on ${start}, not on the day in China, ${days[0]}`);
    check((await known(a, id)).state.code === "publicity", `it is ${(await known(a, id)).state.code}`);
    await step(notice, kinds.objection, { objection: "范围有误" });
    const struck = (await api(people[2], `cases/${id}`)).next.find((s) => s.fields.to === "struck_off");
    const open1 = "有 1 条异议尚未答复";
    check(struck.missing.some((m) => m.zh.includes(open1)), `it may be struck off: ${JSON.stringify(struck)}`);
    check((await notice.locator("#facts").textContent()).includes(open1), "the page does not tell why not");
    await step(notice, kinds.answered, { answer: "已核对" });
    const after = (await api(people[2], `cases/${id}`)).next.find((s) => s.fields.to === "struck_off");
    check(!after.missing.some((m) => m.zh.includes("异议")), "the answer does not count");
    for (const who of people) await who.close();
  },
});
