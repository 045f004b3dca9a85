// The style of a map: a picture, and outlines over it. It has no texts, so it needs no glyphs.
import { address } from "./api.js";

export const empty = { type: "FeatureCollection", features: [] };

/** layersOf are the layers that show what can be clicked. */
export const layersOf = { cases: ["cases-fill", "cases-dot", "cases-few"] };

const verdicts = [
  "match",
  ["get", "verdict"],
  "confirmed",
  "#b3261e",
  "partly",
  "#c2570c",
  "refuted",
  "#6b7280",
  "unverifiable",
  "#7c3aed",
  "#1d4ed8",
];
const polygon = ["==", ["geometry-type"], "Polygon"],
  point = ["==", ["geometry-type"], "Point"];

const vector = (id, query = "") => ({
  type: "vector",
  tiles: [address(`tiles/${encodeURIComponent(id)}/`) + "{z}/{x}/{y}.mvt" + (query && "?" + query)],
  maxzoom: 16,
});

const picture = (run, side, kind) => {
  const name = kind === "image" ? "image_" + side : side,
    l = run.layers[name];
  return {
    type: "raster",
    tiles: [address(`tiles/${encodeURIComponent(run.id)}/${name}/`) + "{z}/{x}/{y}.png"],
    tileSize: l.tileSize ?? 256,
    minzoom: l.minzoom ?? 0,
    maxzoom: l.maxzoom || 14,
    ...(l.bounds && { bounds: l.bounds }),
  };
};

const runLayers = [
  {
    id: "zones-fill", // tells where zones are, and is not seen
    source: "zones",
    "source-layer": "zones",
    type: "fill",
    filter: polygon,
    paint: { "fill-opacity": 0 },
  },
  {
    id: "zones",
    source: "zones",
    "source-layer": "zones",
    type: "line",
    paint: { "line-color": "#0f7b4f", "line-width": 1.6, "line-dasharray": [4, 2] },
  },
  {
    id: "candidates",
    source: "candidates",
    "source-layer": "candidates",
    type: "line",
    filter: polygon,
    paint: { "line-color": "#111827", "line-width": 1, "line-opacity": 0.7 },
  },
];

const caseLayers = [
  {
    id: "cases-fill",
    source: "cases",
    "source-layer": "cases",
    type: "fill",
    filter: polygon,
    paint: { "fill-color": verdicts, "fill-opacity": 0.14 },
  },
  {
    id: "cases-line",
    source: "cases",
    "source-layer": "cases",
    type: "line",
    filter: polygon,
    paint: { "line-color": verdicts, "line-width": 1.6 },
  },
  {
    id: "cases-dot",
    source: "cases",
    "source-layer": "cases",
    type: "circle",
    filter: point,
    paint: {
      "circle-color": verdicts,
      "circle-radius": 4.5,
      "circle-stroke-color": "#fff",
      "circle-stroke-width": 1,
    },
  },
  {
    id: "cases-few",
    source: "cases",
    "source-layer": "cases_count",
    type: "circle",
    paint: {
      "circle-color": "#1d4ed8",
      "circle-opacity": 0.75,
      "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "count"]], 1, 3, 40, 16],
      "circle-stroke-color": "#fff",
      "circle-stroke-width": 1,
    },
  },
  {
    id: "leads",
    source: "leads",
    "source-layer": "leads",
    type: "circle",
    paint: {
      "circle-color": "#fbbf24",
      "circle-radius": 5,
      "circle-stroke-color": "#422006",
      "circle-stroke-width": 1.5,
    },
  },
];

const ownLayers = [
  { id: "case-casing", source: "case", type: "line", paint: { "line-color": "#fff", "line-width": 5.5 } },
  { id: "case-line", source: "case", type: "line", paint: { "line-color": "#c026d3", "line-width": 3 } },
  {
    id: "case-dot",
    source: "case",
    type: "circle",
    filter: point,
    paint: {
      "circle-color": "#c026d3",
      "circle-radius": 8,
      "circle-stroke-color": "#fff",
      "circle-stroke-width": 2.5,
    },
  },
  {
    id: "here-circle",
    source: "here",
    type: "fill",
    filter: polygon,
    paint: { "fill-color": "#2563eb", "fill-opacity": 0.18 },
  },
  {
    id: "here-edge",
    source: "here",
    type: "line",
    filter: polygon,
    paint: { "line-color": "#2563eb", "line-width": 1 },
  },
  {
    id: "here-dot",
    source: "here",
    type: "circle",
    filter: point,
    paint: {
      "circle-color": "#2563eb",
      "circle-radius": 7,
      "circle-stroke-color": "#fff",
      "circle-stroke-width": 3,
    },
  },
];

/** styleOf is the style of one side: run is null for none, kind what lies below, query chooses the cases. */
export const styleOf = (side, run, kind, query) => {
  const sources = { case: { type: "geojson", data: empty }, here: { type: "geojson", data: empty } };
  const layers = [{ id: "ground", type: "background", paint: { "background-color": "#eef1ee" } }];
  if (run) {
    if (kind !== "none") {
      sources.picture = picture(run, side, kind);
      layers.push({
        id: "picture",
        source: "picture",
        type: "raster",
        paint: { "raster-fade-duration": 0, "raster-resampling": kind === "class" ? "nearest" : "linear" },
      });
    }
    if (run.id) {
      sources.zones = vector(run.id + ".zones");
      sources.candidates = vector(run.id + ".candidates");
      layers.push(...runLayers);
    }
    sources.cases = vector("cases", query);
    sources.leads = vector("leads");
    layers.push(...caseLayers);
  }
  return { version: 8, sources, layers: [...layers, ...ownLayers] };
};
