// The map of the dashboard, in place of the drawing. It shows the cases of today, so on pages of other days the drawing stays; it is what is printed too.
import { Map as GLMap, NavigationControl, ScaleControl, setWorkerUrl } from "./map.js";
import { english, t } from "./texts.js";
import { styleOf } from "./style.js";

const box = document.getElementById("map");

// styled is the style of the review page without leads, in the colours of the drawing.
const styled = () => {
  const style = styleOf("after", { id: "", layers: {} }, "none", "");
  const colour = ["case", ["any", ["to-boolean", ["get", "suspicion"]], ["==", ["get", "overdue"], true]], "#b3261e", "#2f6fb0"];
  style.layers = style.layers.filter((l) => l.id === "ground" || l.source === "cases");
  for (const l of style.layers) for (const p of ["fill-color", "line-color", "circle-color"]) if (l.source && p in l.paint) l.paint = { ...l.paint, [p]: l.id === "cases-few" ? "#2f6fb0" : colour };
  return style;
};

const show = () => {
  setWorkerUrl(new URL("./map-worker.js", import.meta.url).href);
  const [west, south, east, north] = box.dataset.bounds.split(",").map(Number);
  box.hidden = false;
  const map = new GLMap({
    container: box, style: styled(), bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: 30, maxZoom: 13 },
    maxZoom: 18, attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, fadeDuration: 0, scrollZoom: false,
    locale: english ? {} : { "NavigationControl.ZoomIn": "放大", "NavigationControl.ZoomOut": "缩小", "Map.Title": "地图", "ScaleControl.Meters": "米", "ScaleControl.Kilometers": "公里" },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.on("error", () => {}); // a tile that is missing leaves a gap
  map.getCanvas().setAttribute("aria-label", t("map"));
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ unit: "metric" }), "bottom-right");
  map.once("load", () => document.body.classList.add("live"));
};

if (box && "now" in box.dataset) {
  try {
    show();
  } catch {
    box.hidden = true; // without WebGL the drawing stays
  }
}
