// The two maps that lie over each other, before and after; the divider cuts the upper one.
import {
  Map as GLMap,
  LngLatBounds,
  NavigationControl,
  ScaleControl,
  setMaxParallelImageRequests,
  setWorkerUrl,
} from "./map.js";
import { $, el } from "./dom.js";
import { english, t } from "./texts.js";
import { address, get } from "./api.js";
import { empty, layersOf, styleOf } from "./style.js";

setWorkerUrl(new URL("./map-worker.js", import.meta.url).href);
setMaxParallelImageRequests(4); // the service draws pictures by and by, and refuses what is too much at once

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const locale = english
  ? {}
  : {
      "NavigationControl.ZoomIn": "放大",
      "NavigationControl.ZoomOut": "缩小",
      "Map.Title": "地图",
      "ScaleControl.Meters": "米",
      "ScaleControl.Kilometers": "公里",
    };

export class Maps {
  maps = [];
  run = null; // {id, layers, classes}
  layer = "class";
  query = "";
  shown = null; // feature of the case
  #here = null;

  constructor({ choose, changed }) {
    Object.assign(this, { choose, changed });
    try {
      this.maps = ["before", "after"].map((side) => this.#make(side));
    } catch {
      $("map-note").textContent = t("noMap");
      $("map-note").hidden = false;
      return;
    }
    this.#pair();
    this.#divide();
  }

  #make(side) {
    const map = new GLMap({
      container: "map-" + side,
      style: styleOf(side, null, "none", ""),
      center: [105, 33],
      zoom: 3.5,
      maxZoom: 19,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      locale,
      refreshExpiredTiles: false,
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.on("error", (e) => this.#missed(e.error)); // a tile that is missing leaves a gap, and is no error of the page
    map.getCanvas().setAttribute("aria-label", `${t("map")} · ${t(side)}`);
    if (side === "after") return map;
    map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new ScaleControl({ unit: "metric", maxWidth: 120 }), "bottom-right");
    return map;
  }

  #missing = 0;

  /** #missed asks again for pictures that the service could not draw yet. */
  #missed(error) {
    if (error?.status !== 503) return;
    clearTimeout(this.#missing);
    this.#missing = setTimeout(
      () => this.maps.forEach((m) => m.getSource("picture") && m.refreshTiles("picture")),
      2000,
    );
  }

  #pair() {
    const [a, b] = this.maps;
    let moving = false;
    const follow = (from, to) =>
      from.on("move", () => {
        if (moving) return;
        moving = true;
        to.jumpTo({ center: from.getCenter(), zoom: from.getZoom() });
        moving = false;
      });
    follow(a, b);
    follow(b, a);
    for (const map of this.maps) {
      map.on("click", (e) => {
        const at = [
          [e.point.x - 6, e.point.y - 6],
          [e.point.x + 6, e.point.y + 6],
        ];
        const hit = map.queryRenderedFeatures(at, { layers: layersOf.cases.filter((l) => map.getLayer(l)) })[0];
        const id = hit?.properties.id ?? hit?.id;
        if (id) this.choose(String(id));
      });
      map.on("dragstart", () => {
        this.following = false;
      });
    }
  }

  #divide() {
    const divider = $("divider");
    const at = (percent) => {
      const p = Math.min(100, Math.max(0, Math.round(percent)));
      divider.setAttribute("aria-valuenow", p);
      divider.setAttribute("aria-valuetext", t("dividerAt", p));
      divider.style.left = p + "%";
      $("map-after").style.clipPath = `inset(0 0 0 ${p}%)`;
    };
    divider.setAttribute("aria-label", t("divider"));
    divider.addEventListener("pointerdown", (e) => {
      divider.setPointerCapture(e.pointerId);
      divider.focus();
    });
    divider.addEventListener("pointermove", (e) => {
      if (!divider.hasPointerCapture(e.pointerId)) return;
      const box = $("maps").getBoundingClientRect();
      at((100 * (e.clientX - box.left)) / box.width);
    });
    divider.addEventListener("keydown", (e) => {
      const now = Number(divider.getAttribute("aria-valuenow"));
      const to = {
        ArrowLeft: now - 5,
        ArrowDown: now - 5,
        ArrowRight: now + 5,
        ArrowUp: now + 5,
        PageDown: now - 20,
        PageUp: now + 20,
        Home: 0,
        End: 100,
      }[e.key];
      if (to === undefined) return;
      e.preventDefault();
      e.stopPropagation();
      at(to);
    });
    at(50);
    this.divide = at;
  }

  /** useRun shows what a run has; null shows cases alone. */
  async useRun(id) {
    clearTimeout(this.#again);
    const run = { id, layers: {}, classes: {} };
    if (id) {
      const [told, legend] = await Promise.all(
        [get(`tiles/${encodeURIComponent(id)}`), get(`tiles/${encodeURIComponent(id)}/legend`)].map((p) =>
          p.then(
            (a) => a.body,
            () => ({}),
          ),
        ),
      );
      for (const l of told.layers ?? []) if (!["missing", "unusable"].includes(l.state)) run.layers[l.name] = l;
      run.classes = legend.layers ?? {};
    }
    this.#prepare(run);
    for (const [name, l] of Object.entries(run.layers))
      if (["checking", "preparing"].includes(l.state)) delete run.layers[name];
    this.run = run;
    if (!this.kinds().includes(this.layer)) this.layer = this.kinds()[0];
    this.draw();
  }

  /** #prepare tells that pictures are not ready yet, and looks again after a while. */
  #prepare(run) {
    const waits = ["before", "after", "image_before", "image_after"]
      .map((name) => run.layers[name])
      .filter((l) => ["checking", "preparing"].includes(l?.state));
    const note = $("map-note");
    if (waits.length) {
      note.textContent = t("preparing", Math.min(...waits.map((l) => l.percent)));
      note.dataset.kind = "preparing";
      note.hidden = false;
      this.#again = setTimeout(() => this.useRun(run.id), 2000);
    } else if (note.dataset.kind === "preparing") {
      note.hidden = true;
      delete note.dataset.kind;
    }
  }

  #again = 0;

  /** kinds lists what can be shown below the outlines. */
  kinds() {
    const has = (name) => this.run?.layers[name] !== undefined;
    return [
      has("before") && has("after") && "class",
      has("image_before") && has("image_after") && "image",
      "none",
    ].filter(Boolean);
  }

  use(layer) {
    this.layer = layer;
    this.draw();
  }

  /** filter has the cases on the map be those of the list. */
  filter(query) {
    this.query = query;
    this.draw();
  }

  #drawn = "";
  draw() {
    const split = this.layer !== "none" && this.maps.length > 0;
    for (const id of ["divider", "side-before", "side-after"]) $(id).hidden = !split;
    $("map-after").hidden = !split;
    const year = (name) => this.run?.layers[this.layer === "image" ? "image_" + name : name]?.year;
    for (const side of ["before", "after"])
      $("side-" + side).textContent = `${t(side)}${year(side) ? " " + year(side) : ""}`;
    const now = JSON.stringify([
      this.run?.id,
      this.layer,
      this.query,
      Object.values(this.run?.layers ?? {}).map((l) => [l.name, l.state, l.maxzoom]),
    ]);
    if (now !== this.#drawn && this.placed) {
      this.#drawn = now;
      this.maps.forEach((map, i) => {
        map.setStyle(styleOf(i ? "after" : "before", this.run, this.layer, this.query), { diff: true });
        map.once("styledata", () => this.#put());
      });
      if (split) this.maps[1]?.resize();
    }
    this.#put();
    this.#legend();
    this.changed();
  }

  /** #put shows the case and the position, which no style has. */
  #put() {
    const shapes = { case: this.shown?.geometry ? this.shown : empty, here: this.#here ?? empty };
    for (const map of this.maps)
      for (const [name, data] of Object.entries(shapes)) map.getSource(name)?.setData(data);
  }

  #legend() {
    const lists = this.layer === "class" ? [this.run.classes.before ?? [], this.run.classes.after ?? []] : [];
    const classes = new Map(lists.flat().map((c) => [c.code, c]));
    const swatch = (kind, text, color) => {
      const s = el("span", { class: "swatch " + kind });
      if (color) s.style.background = color;
      return el("li", {}, s, text);
    };
    $("legend").hidden = this.maps.length === 0;
    $("legend").replaceChildren(
      el(
        "details",
        { open: !matchMedia("(max-width: 899px)").matches },
        el("summary", {}, t("legend")),
        el(
          "ul",
          {},
          [...classes.values()].map((c) => swatch("class", c.name, c.color)),
          ["case", "cases", "candidates", "zones", "leads"].map((k) => swatch("k-" + k, t("legend-" + k))),
        ),
      ),
    );
  }

  /** show shows a case: feature is that of the collection, row what the list knows until it is there. */
  show(feature, row) {
    this.shown = feature?.geometry ? { type: "Feature", properties: {}, geometry: feature.geometry } : null;
    this.#put();
    const box = this.boxOf(feature, row);
    if (box && this.maps.length && !this.following) this.#fit(box);
    if (!this.placed) this.place();
  }

  /** place has tiles be read from now on: before the first case is known nobody wants those of the whole country. */
  place() {
    this.placed = true;
    this.draw();
  }

  #fit(box) {
    this.maps[0].fitBounds(box, { padding: this.#padding(), maxZoom: 17, animate: false });
  }

  #padding() {
    const { clientWidth: w, clientHeight: h } = $("maps");
    return Math.max(0, Math.min(w, h) * 0.25);
  }

  boxOf(feature, row) {
    const box = new LngLatBounds();
    const add = (c) => (typeof c[0] === "number" ? box.extend(c) : c.forEach(add));
    if (feature?.geometry) add(feature.geometry.coordinates);
    else if (row?.lon !== undefined && row?.lat !== undefined) {
      const half = (Math.sqrt((row.area_ha ?? 4) * 10_000) / 111_000) * 0.8;
      box.extend([row.lon - half, row.lat - half]).extend([row.lon + half, row.lat + half]);
    }
    return box.isEmpty() ? null : box;
  }

  /** warm has the pictures of another case fetched, so that they are there when it is chosen. */
  async warm(row) {
    const box = this.boxOf(null, row);
    if (!box || this.layer === "none" || !this.maps.length) return;
    const camera = this.maps[0].cameraForBounds(box, { padding: this.#padding(), maxZoom: 17 });
    if (!camera) return;
    for (const side of ["before", "after"]) {
      const name = this.layer === "image" ? "image_" + side : side,
        l = this.run.layers[name];
      const z = Math.min(l.maxzoom || 14, Math.max(0, Math.round(camera.zoom + (l.tileSize === 512 ? 0 : 1))));
      const [x, y] = tileAt(box.getCenter(), z);
      for (const [dx, dy] of [
        [0, 0],
        [-1, 0],
        [0, -1],
        [-1, -1],
      ]) {
        await fetch(
          address(
            `tiles/${encodeURIComponent(this.run.id)}/${name}/${z}/${Math.round(x) + dx}/${Math.round(y) + dy}.png`,
          ),
          { priority: "low" },
        ).catch(() => {});
      }
    }
  }

  /** here shows where the device is; follow keeps it in the middle. */
  here(position) {
    if (!position) this.#here = null;
    else {
      const { longitude, latitude, accuracy } = position.coords;
      const circle = Array.from({ length: 65 }, (_, i) => {
        const a = (i / 32) * Math.PI;
        return [
          longitude + (accuracy * Math.cos(a)) / (111_320 * Math.cos((latitude * Math.PI) / 180)),
          latitude + (accuracy * Math.sin(a)) / 111_320,
        ];
      });
      this.#here = {
        type: "FeatureCollection",
        features: [
          {
            type: "Feature",
            properties: { kind: "accuracy" },
            geometry: { type: "Polygon", coordinates: [circle] },
          },
          {
            type: "Feature",
            properties: { kind: "here" },
            geometry: { type: "Point", coordinates: [longitude, latitude] },
          },
        ],
      };
      if (this.following)
        this.maps[0]?.easeTo({
          center: [longitude, latitude],
          zoom: Math.max(this.maps[0].getZoom(), 14),
          duration: calm.matches ? 0 : 300,
        });
    }
    this.#put();
  }

  resize() {
    this.maps.forEach((m) => m.resize());
  }
}

/** tileAt is the place in tiles of a zoom, half a tile to the north-west: of the four tiles around it the place is
 * in the middle. */
const tileAt = ({ lng, lat }, z) => {
  const n = 2 ** z,
    r = (lat * Math.PI) / 180;
  return [(n * (lng + 180)) / 360, (n * (1 - Math.asinh(Math.tan(r)) / Math.PI)) / 2];
};
