// What reviewers and acceptors do besides single verdicts; see review.test.mjs.
import { readFileSync } from "node:fs";
import {
  api,
  atCase,
  base,
  check,
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
  tokenC,
  unjudged,
  whole,
} from "./reviewer.mjs";

export const post = (page) => page.waitForResponse((r) => r.url().endsWith("/events") && r.request().method() === "POST");
const inbox = async (page) => {
  await page.waitForSelector("#outbox.attention");
  if (!(await page.locator("#dialog .unsent").isVisible())) await page.click("#outbox");
  await page.waitForSelector("#dialog .unsent");
  return page.locator("#dialog .unsent").textContent();
};

/** flows are the tests; a and b are reviewers. */
export const flows = (a, b) => ({
  "undo after the page was loaded anew": async () => {
    const shared = await person(tokenA); // the browser of two people
    const page = await open(shared, unjudged);
    const id = await shown(page);
    await page.keyboard.press("3");
    await page.keyboard.press("2");
    await settled(page);
    check((await known(a, id)).values.verdict === "refuted", "the verdict is not given");
    provoke("status of 401", /^(collections|tiles|cases)\//); // what is still asked for in between
    const login = async (token) => {
      await shared.clearCookies();
      await shared.request.post(`${base}/login`, { form: { token }, headers: { Origin: new URL(base).origin } });
      await page.reload();
      await whole(page);
    };
    await login(tokenB);
    await page.keyboard.press("u");
    check((await page.locator("#said").textContent()).includes("没有可撤销"), "others may undo it");
    await login(tokenA);
    await Promise.all([post(page), page.keyboard.press("u")]);
    await atCase(page, id);
    await settled(page);
    const now = await known(a, id);
    check(now.values.verdict === "unreviewed" && now.values.reason === "", `undone, it is ${now.values.verdict}`);
    await shared.close();
  },

  "what the service refuses is told in Chinese": async () => {
    const changes = [
      [412, "台账已更换", (r) => ({ headers: { ...r.headers(), "if-match": '"99999999"' } })],
      [
        422,
        "台账规则不允许",
        () => ({ postData: JSON.stringify({ kind: "judged", fields: { verdict: "refuted" } }) }),
      ],
      [403, "没有权限", () => ({ postData: JSON.stringify({ kind: "advanced", fields: { to: "filed" } }) })],
    ];
    for (const [status, text, change] of changes) {
      const page = await open(b, unjudged);
      const id = await shown(page);
      const { seq } = await known(a, id);
      provoke(`status of ${status}`, `cases/${id}/events`);
      await page.route("**/events", (route) => route.continue(change(route.request())));
      await page.keyboard.press("1");
      const told = await inbox(page);
      check(told.includes(id) && told.includes(text), `${status} is told so: ${told}`);
      check((await known(a, id)).seq === seq, `${status}: it was written`);
      await isAxe(page, `refused by ${status}`);
      await page.click("#dialog >> text=放弃");
      await settled(page);
      await page.close();
    }
  },

  "what is refused of many": async () => {
    const [page, other] = [await open(b, unjudged), await open(a, unjudged)];
    const ids = [await shown(page)];
    await page.keyboard.press("x");
    await page.keyboard.press("j");
    await page.waitForFunction((x) => document.getElementById("case-id").textContent !== x, ids[0]);
    ids.push(await shown(page));
    await page.keyboard.press("x");
    await other.keyboard.press("1"); // of the first one
    await settled(other);
    await page.click("#bulk >> text=判为“不属实”");
    await page.click("#dialog >> text=误判");
    await page.click("#dialog .danger");
    await page.waitForSelector("#dialog >> text=1 个已保存，1 个没有被接受");
    const told = await page.locator("#dialog .refused").textContent();
    check(told.includes(ids[0]) && told.includes("打开之后别人改了同一项"), `it is told so: ${told}`);
    await isAxe(page, "refused of many");
    await page.keyboard.press("Escape");
    check((await inbox(page)).includes(ids[0]), "what was refused is forgotten once the dialog is closed");
    await page.click("#dialog >> text=放弃");
    await settled(page);
    check((await known(a, ids[0])).values.verdict === "confirmed", "the verdict of another was overwritten");
    check((await known(a, ids[1])).values.verdict === "refuted", "the other one was not refuted");
    await page.close();
    await other.close();
  },

  "all that the filters choose, a closed tab, and back": async () => {
    provoke("ERR_INTERNET_DISCONNECTED", /./);
    const { features } = await api(a, "collections/cases/items?f=json&merged_into=&limit=50&sortby=-prio&verdict=unreviewed");
    const query = `${unjudged}&severity=${features.find((f) => f.properties.severity).properties.severity}`;
    const list = `collections/cases/items${query}&merged_into=&f=json&limit=1000`;
    const ids = (await api(a, list)).features.map((f) => f.id);
    let page = await open(a, query);
    await page.keyboard.press("x");
    await page.click("#bulk >> text=选全部");
    check((await page.locator("#bulk").textContent()).includes(`${ids.length} 个`), "not all are meant");
    await page.click("#bulk >> text=判为“不属实”");
    await page.click("#dialog >> text=误判");
    await page.route("**/cases/events", (route) => route.abort("internetdisconnected"));
    await page.click("#dialog .danger");
    await page.waitForSelector("#dialog progress");
    await page.waitForFunction(() => /连接中断/.test(document.getElementById("dialog").textContent));
    await isAxe(page, "progress");
    await page.close();
    page = await open(a, unjudged);
    await settled(page);
    const left = await api(a, list);
    check(left.numberMatched === 0, `${left.numberMatched} of ${ids.length} are left`);
    await page.keyboard.press("u");
    await page.waitForSelector(`#dialog >> text=${ids.length} 个将恢复`);
    await isAxe(page, "undo of many");
    await Promise.all([post(page), page.click("#dialog .buttons .main")]);
    await settled(page);
    const again = (await api(a, list)).features.map((f) => f.id);
    check(again.join() === ids.join(), `${again.length} of ${ids.length} are as they were`);
    await page.close();
  },

  "merged cases are found by their number alone": async () => {
    const acceptor = await person(tokenC);
    if ((await api(acceptor, "me")).role === "reviewer") return console.log("nobody may merge");
    const { features } = await api(a, "collections/cases/items?f=json&merged_into=&limit=1000&verdict=unreviewed");
    const county = (f) => f.properties.county;
    const into = features.find((f) => features.filter((g) => county(g) === county(f)).length > 1);
    const { id } = features.find((f) => f.id !== into.id && county(f) === county(into));
    const { seq } = await known(a, id);
    const headers = { "If-Match": `"${seq}"`, "Idempotency-Key": `merge ${id}`, Origin: new URL(base).origin };
    const data = { kind: "merged", fields: { into: into.id } };
    const answer = await acceptor.request.post(`${base}/cases/${id}/events`, { headers, data });
    check(answer.ok(), `merged: ${await answer.text()}`);
    const page = await open(a, unjudged);
    const left = `共 ${(features.length - 1).toLocaleString("zh-CN")} 个`;
    check((await page.locator("#matched").textContent()).includes(left), `there are not ${left}`);
    await page.locator("#filters input[name=id]").fill(id);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.getElementById("matched").textContent.includes("共 1 个"));
    await atCase(page, id);
    await page.close();
    await acceptor.close();
  },

  "steps, assigning, evidence": async () => {
    const acceptor = await person(tokenC);
    if ((await api(acceptor, "me")).role === "reviewer")
      return console.log("steps are left out: nobody may accept");
    const page = await open(acceptor, unjudged);
    const id = await shown(page);
    await page.keyboard.press("1");
    await settled(page);
    await page.goto(`${base}/review?id=${id}&case=${id}`);
    await atCase(page, id);
    const step = async (name, fields) => {
      await page.keyboard.press("m");
      await page.waitForSelector("#dialog .steps");
      await isAxe(page, "steps");
      await page.click(`#dialog .steps >> text=${name}`);
      await page.waitForSelector("#dialog form");
      await isAxe(page, name);
      for (const [field, value] of Object.entries(fields)) {
        const input = page.locator(`#dialog [name=${field}]`);
        if (await input.evaluate((e) => e.tagName === "SELECT")) await input.selectOption(value);
        else await input.fill(value);
      }
      if (picture && name.startsWith("填写")) await page.screenshot({ path: `${picture}-form.png` });
      await Promise.all([post(page), page.click("#dialog button[type=submit]")]);
      await settled(page);
      await whole(page);
    };
    await step("立案", {});
    check((await known(a, id)).state.code === "filed", "it is not filed");
    const four = {
      problem: "毁林建房",
      measures: "拆除复绿",
      standard: "恢复林地",
      responsible_unit: "某镇人民政府",
    };
    const rest = { responsible_person: "赵强", due_date: "2030-12-31", assigned_to: "王芳" };
    // What may be said next depends on what was said; the service takes its time to tell so.
    let tell;
    let said = false;
    const told = new Promise((done) => (tell = done));
    page.on("request", (r) => (said ||= r.method() === "POST"));
    await page.route(`**/cases/${id}`, async (route) => {
      if (said) await told;
      await route.continue();
    });
    await step("填写整改与分派", { ...four, ...rest });
    await page.keyboard.press("m");
    await page.waitForSelector("#dialog >> text=正在载入");
    tell();
    await page.waitForSelector("#dialog .steps >> text=整改中");
    await page.keyboard.press("Escape");
    await step("整改中", {});
    const now = await known(a, id);
    check(now.state.code === "rectifying" && now.values.assigned_to === "王芳", `it is ${now.state.code}`);
    check(now.values.problem === "毁林建房" && now.values.due_date === "2030-12-31", "the four lists are not kept");
    await evidence(page, a, id);
    await acceptor.close();
  },

  "many are assigned": async () => {
    const page = await open(a, unjudged);
    const id = await shown(page);
    await page.keyboard.press("x");
    await page.click("#bulk >> text=分派");
    const { name } = await api(b, "me");
    await page.fill("#dialog input[name=assigned_to]", name);
    await page.click("#dialog .danger");
    await page.waitForSelector("#dialog >> text=1 个已保存，0 个没有被接受");
    await page.keyboard.press("Escape");
    check((await known(a, id)).values.assigned_to === name, "it is not assigned");
    const mine = await open(b, `${unjudged}&assigned=me`);
    check((await shown(mine)) === id, `${name} does not find what is assigned`);
    await mine.close();
    await page.close();
  },

  "the place in the list is kept": async () => {
    const page = await open(a);
    await page.evaluate(() => (document.getElementById("rows").scrollTop = 66 * 150));
    const id = await page.locator("#row-152 .id").textContent();
    await page.click("#row-152");
    // The facts of a case stay while a list is read: what tells that it is there is its row.
    const there = async () => {
      await page.waitForSelector(`#row-152[aria-selected=true] >> text=${id}`);
      await atCase(page, id);
    };
    await there();
    await page.reload();
    await there();
    await page.selectOption("select[name=verdict]", "confirmed");
    await page.waitForFunction(() => new URL(location.href).searchParams.get("verdict") === "confirmed");
    await page.goBack();
    await there();
    await page.close();
  },

  images: async () => {
    const page = await openMap(a, unjudged);
    await page.waitForSelector("#legend input");
    const picture200 = (name) => page.waitForResponse((r) => r.url().includes(`/${name}/`) && r.status() === 200);
    const images = page.locator("#map-tools >> text=影像");
    await Promise.all([picture200("image_before"), picture200("image_after"), images.click()]);
    await page.waitForFunction(() => document.getElementById("side-after").checkVisibility());
    const box = await page.locator("#divider").boundingBox();
    await page.mouse.move(box.x + 22, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x - 150, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    const at = Number(await page.getAttribute("#divider", "aria-valuenow"));
    check(at > 5 && at < 45, `the divider is at ${at}`);
    if (picture) await page.screenshot({ path: `${picture}.png` });
    await page.close();
  },

  "zones and the legend": async () => {
    const page = await openMap(a, unjudged);
    await page.waitForSelector("#legend input");
    const hidden = () =>
      page.evaluate(async () => {
        const { review } = await import(document.querySelector("script[type=module]").src);
        return review.maps.maps.map((m) => m.getLayoutProperty("zones", "visibility"));
      });
    await page.uncheck("#legend li:has(.k-zones) input");
    check((await hidden()).join() === "none,none", `zones are ${await hidden()}`);
    await page.check("#legend li:has(.k-zones) input");
    check((await hidden()).join() === "visible,visible", `zones are ${await hidden()}`);
    await page.close();
  },

  "dialogs keep the focus": async () => {
    const page = await open(a, unjudged);
    for (const key of ["?", "n", "m"]) {
      await page.focus("#rows");
      await page.keyboard.press(key);
      await page.waitForSelector("#dialog[open]");
      for (let i = 0; i < 30; i++) {
        await page.keyboard.press("Tab");
        const inside = await page.evaluate(() => {
          const at = document.activeElement;
          return at === document.body || at.closest("#dialog") !== null; // the browser's own bar comes in between
        });
        check(inside, `${key}: the focus leaves the dialog`);
        if (!inside) break;
      }
      await page.keyboard.press("Escape");
      check(await page.locator("#dialog").isHidden(), `${key}: Escape does not close it`);
      check(
        await page.evaluate(() => document.activeElement.id === "rows"),
        `${key}: the focus does not come back`,
      );
    }
    await page.close();
  },

  "phone without a position": async () => {
    const size = { width: 390, height: 844 };
    const phone = await person(tokenA, { viewport: size, isMobile: true, hasTouch: true, permissions: [] });
    const page = await openMap(phone, unjudged);
    for (const tab of ["list", "map", "facts"]) {
      await page.tap(`#tab-${tab}`);
      check(await page.locator("#verdicts .v-confirmed").isVisible(), `${tab}: no verdicts are to be seen`);
    }
    await page.tap("#tab-map");
    await page.tap("[data-key=locate]");
    await page.waitForFunction(() => document.getElementById("map-note").textContent.includes("没有允许使用位置"));
    await phone.close();
  },
});

/** evidence sends a file in each of the ways that there are, and saves it again. */
const evidence = async (page, a, id) => {
  const name = "现场<b>照片.txt";
  const input = page.locator("#facts .uploads input").first();
  await Promise.all([post(page), input.setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from("一") })]);
  await page.waitForSelector(`#facts a[download="${name}"]`);
  const [file] = await Promise.all([page.waitForEvent("download"), page.click(`#facts a[download="${name}"]`)]);
  check(readFileSync(await file.path(), "utf8") === "一", "another file is saved");
  check(file.suggestedFilename().includes("照片"), `it is saved as ${file.suggestedFilename()}`);
  check((await page.locator("#facts b", { hasText: /^照片/ }).count()) === 0, "its name was read as HTML");
  const drop = page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["二"], "航拍.txt", { type: "text/plain" }));
    document
      .getElementById("facts")
      .dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  });
  await Promise.all([post(page), drop]);
  await page.waitForSelector('#facts a[download="航拍.txt"]');
  check(
    (await page.locator("#facts input[capture=environment][accept^=image]").count()) === 1,
    "no camera is offered",
  );
  check((await known(a, id)).evidence.length === 2, "the files are not with the case");
  await isAxe(page, "evidence");
};
