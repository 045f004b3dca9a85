// What the pages of the service need of MapLibre GL JS.
export { LngLatBounds, Map, Marker, NavigationControl, ScaleControl, getVersion, setMaxParallelImageRequests, setWorkerUrl } from "maplibre-gl";
