// Prints the licences of MapLibre GL JS and of what is bundled into it.
import { readFileSync, readdirSync } from "node:fs";

const packageOf = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
const found = new Set();
const visit = (name) => {
  if (found.has(name) || name.startsWith("@types/")) return;
  found.add(name);
  Object.keys(packageOf(name).dependencies ?? {}).forEach(visit);
};
visit("maplibre-gl");
for (const name of [...found].sort((a, b) => (b === "maplibre-gl") - (a === "maplibre-gl") || (a < b ? -1 : 1))) {
  const { version, license } = packageOf(name);
  console.log(`==== ${name} ${version} (${license})\n`);
  const files = readdirSync(`node_modules/${name}`).filter((f) => /^(licen[sc]e|notice|copying)/i.test(f)).sort();
  for (const file of files) {
    const text = readFileSync(`node_modules/${name}/${file}`, "utf8");
    console.log(text.replace(/\r/g, "").replace(/[^\S\n]+$/gm, "").trim() + "\n");
  }
}
