// Export of what is filtered: the pages of the service joined.
import { $, ask, el, say } from "./dom.js";
import { t, number } from "./texts.js";
import { conditions, pages } from "./cases.js";
import { title } from "./words.js";

const download = (parts, type, name) => {
  const href = URL.createObjectURL(new Blob(parts, { type }));
  const a = el("a", { href, download: name });
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
};

/** cell is a value as CSV has it; one that a spreadsheet would take for a formula is told to be a text. */
export const cell = (v) => {
  if (v === null || v === undefined) return "";
  let s = String(v);
  if (typeof v === "string" && /^[=+\-@\t\r]/.test(s)) s = "'" + s;
  return /[",\r\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s;
};

const kinds = {
  geojson: async (query, note, signal) => {
    const parts = ['{"type":"FeatureCollection","features":[\n'];
    let n = 0;
    for await (const page of pages(query, signal)) {
      for (const f of page.features) parts.push(n++ ? ",\n" : "", JSON.stringify(f));
      note(n, page.numberMatched);
    }
    parts.push("\n]}\n");
    download(parts, "application/geo+json", "cases.geojson");
    return n;
  },
  csv: async (query, note, signal) => {
    const parts = ["\ufeff"];
    let n = 0,
      columns = null;
    query.set("skipGeometry", "true");
    for await (const page of pages(query, signal)) {
      if (!columns) {
        columns = Object.keys(page.features[0]?.properties ?? {});
        parts.push(columns.map((name) => cell(title(name))).join(",") + "\r\n");
      }
      for (const f of page.features) parts.push(columns.map((name) => cell(f.properties[name])).join(",") + "\r\n");
      note((n += page.features.length), page.numberMatched);
    }
    download(parts, "text/csv;charset=utf-8", "cases.csv");
    return n;
  },
};

/** exportAll asks for the kind of file, and saves it. */
export const exportAll = (choice, me, matched) =>
  ask(t("exportTitle", number(matched)), (close) => {
    const stop = new AbortController();
    const progress = el("p", { role: "status" });
    const run = async (kind) => {
      const query = conditions(choice, me);
      query.set("f", "json");
      query.set("limit", "1000");
      query.set("sortby", "id");
      try {
        await kinds[kind](
          query,
          (n, of) => {
            progress.textContent = t("exportReading", number(n), number(of ?? matched));
          },
          stop.signal,
        );
        close();
        say(t("export"));
      } catch (e) {
        if (!stop.signal.aborted) progress.textContent = t("failed", e.message || e.status);
      }
    };
    $("dialog").addEventListener("close", () => stop.abort(), { once: true });
    return [
      el("p", {}, t("exportText")),
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "button", class: "main", autofocus: true, onclick: () => run("geojson") }, "GeoJSON"),
        el("button", { type: "button", class: "main", onclick: () => run("csv") }, "CSV"),
      ),
      progress,
    ];
  });
