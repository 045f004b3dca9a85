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
  #hidden = new Set(); // sources that the legend has not ticked

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
    paced(map);
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
        else this.#zones(map, e.point);
      });
      let next = 0;
      map.on("mousemove", (e) => {
        cancelAnimationFrame(next);
        next = requestAnimationFrame(() => this.#zones(map, e.point));
      });
      map.on("mouseout", () => this.#zones(map, null));
      map.on("dragstart", () => {
        this.following = false;
      });
    }
  }

  /** #zones tells the names of the zones at a point of a map. */
  #zones(map, point) {
    const layers = ["zones-fill"].filter((l) => map.getLayer(l));
    const found = point && layers.length ? map.queryRenderedFeatures(point, { layers }) : [];
    const names = new Set(
      found.map((f) => [f.properties.zone_name, f.properties.func_zone].filter(Boolean).join(" · ")),
    );
    $("zone-names").textContent = [...names].slice(0, 3).join("；");
    $("zone-names").hidden = names.size === 0;
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
        map.once("styledata", () => {
          this.#put();
          if (this.#hidden.size > 0) this.#hide();
        });
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
          swatch("k-case", t("legend-case")),
          ["cases", "candidates", "zones", "leads"].map((k) => this.#toggle(k)),
        ),
      ),
    );
  }

  #toggle(name) {
    const change = (e) => {
      if (e.target.checked) this.#hidden.delete(name);
      else this.#hidden.add(name);
      this.#hide();
    };
    const box = el("input", { type: "checkbox", checked: !this.#hidden.has(name), onchange: change });
    return el("li", {}, el("label", {}, box, el("span", { class: `swatch k-${name}` }), t(`legend-${name}`)));
  }

  /** #hide hides the layers of what the legend has not ticked. */
  #hide() {
    for (const map of this.maps) {
      for (const layer of map.getStyle()?.layers ?? []) {
        if (!["cases", "candidates", "zones", "leads"].includes(layer.source)) continue;
        map.setLayoutProperty(layer.id, "visibility", this.#hidden.has(layer.source) ? "none" : "visible");
      }
    }
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
    this.maps[0].fitBounds(box, { ...this.#fitting(), animate: false });
  }

  #fitting() {
    const { clientWidth: w, clientHeight: h } = $("maps");
    return { padding: Math.max(0, Math.min(w, h) * 0.25), maxZoom: 17 };
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

  /** warm has the pictures of other cases fetched, so that they are there when these are chosen. */
  async warm(rows) {
    const { run, layer } = this;
    for (const row of rows) {
      const box = this.boxOf(null, row);
      const camera = box && layer !== "none" && this.maps[0]?.cameraForBounds(box, this.#fitting());
      if (!camera) continue;
      for (const side of ["before", "after"]) {
        const name = layer === "image" ? "image_" + side : side;
        const l = run.layers[name];
        if (!l || run !== this.run || layer !== this.layer) return;
        const folder = `tiles/${encodeURIComponent(run.id)}/${name}/`;
        for (const tile of tilesOf(box.getCenter(), camera.zoom, l, $("maps"))) {
          await fetch(address(`${folder}${tile}.png`), { priority: "low" }).catch(() => {});
        }
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

/** tilesOf lists the tiles of a layer that a map shows around a place: "z/x/y". */
const tilesOf = ({ lng, lat }, zoom, { maxzoom, tileSize = 256 }, { clientWidth, clientHeight }) => {
  const z = Math.min(maxzoom || 14, Math.max(0, Math.round(zoom + Math.log2(512 / tileSize))));
  const n = 2 ** z;
  const x = (n * (lng + 180)) / 360;
  const y = (n * (1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI)) / 2;
  const scale = 512 * 2 ** zoom;
  const [dx, dy] = [clientWidth, clientHeight].map((pixels) => ((pixels / 2) * n) / scale);
  const all = [];
  for (let j = Math.floor(y - dy); j <= y + dy; j++) {
    for (let i = Math.floor(x - dx); i <= x + dx; i++) all.push(`${z}/${i}/${j}`);
  }
  return all.slice(0, 24);
};

/** paced has a map that stands still drawn at most eight times a second, however fast its tiles come: where a computer
 * draws without a graphics card, the page has time for the reviewer then. */
const paced = (map) => {
  const now = map.triggerRepaint.bind(map);
  let last = 0;
  let timer = 0;
  const draw = () => {
    timer = 0;
    last = performance.now();
    now();
  };
  map.triggerRepaint = () => {
    const left = 120 - (performance.now() - last);
    if (map.isMoving() || left <= 0) draw();
    else timer ||= setTimeout(draw, left);
  };
  return map;
};
