// What is above the map: which run, which pictures, back to the case, and where the device is.
import { $, el } from "./dom.js";
import { t } from "./texts.js";

export class MapTools {
  #watch = 0;

  constructor(maps, home) {
    Object.assign(this, { maps, home, runs: [] });
  }

  /** start shows the run that is asked for, else the newest one. */
  async start(runs, run, layer) {
    this.runs = runs;
    if (layer) this.maps.layer = layer;
    await this.maps.useRun(runs.includes(run) ? run : (runs.at(-1) ?? ""));
  }

  #put(name, value) {
    const p = new URLSearchParams(location.search);
    p.set(name, value);
    history.replaceState(history.state, "", `${location.pathname}?${p}`);
  }

  use(layer) {
    this.#put("layer", layer);
    this.maps.use(layer);
  }

  /** next changes to the next kind of pictures. */
  next() {
    const kinds = this.maps.kinds();
    this.use(kinds[(kinds.indexOf(this.maps.layer) + 1) % kinds.length]);
  }

  show() {
    $("map-tools").hidden = this.maps.maps.length === 0;
    const had = $("map-tools").contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const button = (key, text, pressed, act) =>
      el(
        "button",
        {
          type: "button",
          "data-key": key,
          "aria-pressed": pressed === null ? undefined : String(pressed),
          onclick: act,
        },
        text,
      );
    const runs = el(
      "select",
      {
        "aria-label": t("run"),
        "data-key": "run",
        onchange: (e) => {
          this.#put("run", e.target.value);
          this.maps.useRun(e.target.value);
        },
      },
      this.runs.map((r) => {
        const o = el("option", { value: r }, r);
        o.selected = r === this.maps.run?.id;
        return o;
      }),
    );
    $("map-tools").replaceChildren(
      el(
        "div",
        { class: "segments", role: "group", "aria-label": t("layers") },
        this.maps.kinds().map((k) => button(k, t("layer-" + k), k === this.maps.layer, () => this.use(k))),
      ),
      ...(this.runs.length > 1 ? [runs] : []),
      button("home", t("home"), null, this.home),
      button("locate", t("locate"), this.#watch !== 0, () => this.locate()),
    );
    if (had) $("map-tools").querySelector(`[data-key="${had}"]`)?.focus();
  }

  #note(text) {
    $("map-note").textContent = text;
    delete $("map-note").dataset.kind;
    $("map-note").hidden = text === "";
  }

  /** locate follows the position of the device, or stops doing so. */
  locate() {
    if (this.#watch) {
      navigator.geolocation.clearWatch(this.#watch);
      this.#watch = 0;
      this.maps.following = false;
      this.maps.here(null);
      this.#note("");
      return this.show();
    }
    if (!navigator.geolocation || !isSecureContext) return this.#note(t("noLocation", t("insecure")));
    this.maps.following = true;
    this.#watch = navigator.geolocation.watchPosition(
      (p) => {
        this.maps.here(p);
        this.#note(t("located", Math.round(p.coords.accuracy)));
      },
      (e) => {
        this.#note(e.code === e.PERMISSION_DENIED ? t("denied") : t("noLocation", e.message));
        this.maps.following = false;
      },
      { enableHighAccuracy: true, maximumAge: 5000, timeout: 30_000 },
    );
    this.show();
  }
}
