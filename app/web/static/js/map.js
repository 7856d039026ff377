// The city map: an offline basemap from our own GeoJSON, fences, moments, shoppers, and one walker to drag.
// import { cityMap } from "moments/map";  const map = await cityMap(element, { fences: "/console/fences.geojson" });
// Text is drawn from the system's fonts: the style has no glyph address, so MapLibre renders letters itself.
import * as maplibregl from "maplibre-gl";
import { config, isDark, onThemeChange } from "moments/shell";

const CENTRE = [24.9436, 60.1693];
const BOUNDS = [[24.928, 60.160], [24.960, 60.183]];
const CREDIT = '<a href="https://www.openstreetmap.org/copyright" rel="noopener">© OpenStreetMap contributors</a>';
const NOTHING = { type: "FeatureCollection", features: [] };
const FONT = ["Liberation Sans", "Noto Sans", "DejaVu Sans", "Arial", "sans-serif"];

/** A colour of the map as the theme has it now. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--map-${name}`).trim();
}

function widths(...stops) {
  return ["interpolate", ["exponential", 1.6], ["zoom"], ...stops];
}

const kind = (...names) => ["in", ["get", "k"], ["literal", names]];

function basemap() {
  const source = (name) => ({ type: "geojson", data: new URL(config.city[name], location.href).href, ...(name === "roads" ? { attribution: CREDIT } : {}) });
  const road = (id, filter, line, edge) => [
    { id: `${id}-edge`, type: "line", source: "roads", filter, layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour("road-edge"), "line-width": edge } },
    { id, type: "line", source: "roads", filter, layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour("road"), "line-width": line } },
  ];
  const roads = [
    ...road("roads-service", kind("service"), widths(14, 0.8, 17, 5, 19, 16), widths(14, 1.2, 17, 6.5, 19, 19)),
    ...road("roads-street", kind("street", "pedestrian"), widths(13, 1.2, 16, 6, 19, 34), widths(13, 1.8, 16, 7.5, 19, 38)),
    ...road("roads-medium", kind("medium"), widths(13, 1.8, 16, 8, 19, 42), widths(13, 2.6, 16, 9.5, 19, 46)),
    ...road("roads-major", kind("major"), widths(13, 2.4, 16, 10, 19, 50), widths(13, 3.4, 16, 12, 19, 55)),
  ];
  // every edge below every line, or crossings would show seams
  const layered = [...roads.filter((layer) => layer.id.endsWith("-edge")), ...roads.filter((layer) => !layer.id.endsWith("-edge"))];
  return {
    version: 8,
    sources: Object.fromEntries(["roads", "buildings", "green", "water", "rail"].map((name) => [name, source(name)])),
    layers: [
      { id: "land", type: "background", paint: { "background-color": colour("land") } },
      { id: "squares", type: "fill", source: "green", filter: kind("square"), paint: { "fill-color": colour("square") } },
      { id: "green", type: "fill", source: "green", filter: ["!", kind("square")], paint: { "fill-color": colour("green") } },
      { id: "water", type: "fill", source: "water", paint: { "fill-color": colour("water") } },
      ...layered,
      { id: "paths", type: "line", source: "roads", minzoom: 15, filter: kind("foot"), paint: { "line-color": colour("road-edge"), "line-width": widths(15, 0.6, 19, 3), "line-dasharray": [2, 1.5] } },
      { id: "rail", type: "line", source: "rail", minzoom: 13.5, paint: { "line-color": colour("rail"), "line-width": widths(14, 0.5, 19, 2), "line-opacity": 0.7 } },
      { id: "buildings", type: "fill", source: "buildings", paint: { "fill-color": colour("building"), "fill-outline-color": colour("building-edge") } },
      { id: "park-names", type: "symbol", source: "green", minzoom: 15, filter: ["all", ["has", "name"], kind("park", "square")], layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 11, "text-max-width": 7 }, paint: { "text-color": colour("label"), "text-opacity": 0.8, "text-halo-color": colour("halo"), "text-halo-width": 1.2 } },
      { id: "street-names", type: "symbol", source: "roads", minzoom: 14.6, filter: ["all", ["has", "name"], kind("major", "medium", "street", "pedestrian")], layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-font": FONT, "text-size": ["interpolate", ["linear"], ["zoom"], 14.5, 10, 18, 14], "symbol-spacing": 320, "text-padding": 12 }, paint: { "text-color": colour("label"), "text-halo-color": colour("halo"), "text-halo-width": 1.6 } },
    ],
  };
}

const fenceColour = () => ["case", ["has", "refused"], colour("sensitive"), ["==", ["get", "kind"], "mall"], colour("fence-mall"), ["==", ["get", "chain"], "ooey-gooey"], colour("fence-chain"), colour("fence")];

// a corridor is drawn as a line as wide as it is on the ground: pixels double with every zoom
const corridorWidth = () => ["interpolate", ["exponential", 2], ["zoom"], 10, ["/", ["get", "width_px_22"], 4096], 22, ["get", "width_px_22"]];

const chosenFilter = (placeIds) => ["in", ["get", "place_id"], ["literal", placeIds]];

function overlays() {
  return {
    sources: { heat: { type: "geojson", data: NOTHING }, sensitive: { type: "geojson", data: NOTHING }, fences: { type: "geojson", data: NOTHING }, corridors: { type: "geojson", data: NOTHING }, places: { type: "geojson", data: NOTHING }, shoppers: { type: "geojson", data: NOTHING }, moments: { type: "geojson", data: NOTHING } },
    layers: [
      { id: "heat-fill", type: "fill", source: "heat", paint: { "fill-color": colour("heat"), "fill-opacity": ["interpolate", ["linear"], ["get", "share"], 0, 0.12, 1, 0.6] } },
      { id: "heat-line", type: "line", source: "heat", paint: { "line-color": colour("heat"), "line-width": 1, "line-opacity": 0.7 } },
      { id: "heat-people", type: "symbol", source: "heat", minzoom: 13.5, layout: { "text-field": ["to-string", ["get", "people"]], "text-font": FONT, "text-size": 13 }, paint: { "text-color": colour("label"), "text-halo-color": colour("halo"), "text-halo-width": 2 } },
      { id: "sensitive-fill", type: "fill", source: "sensitive", paint: { "fill-color": colour("sensitive"), "fill-opacity": 0.16 } },
      { id: "sensitive-line", type: "line", source: "sensitive", paint: { "line-color": colour("sensitive"), "line-width": 1.2, "line-dasharray": [3, 2] } },
      { id: "fence-fill", type: "fill", source: "fences", paint: { "fill-color": fenceColour(), "fill-opacity": ["case", ["==", ["get", "kind"], "mall"], 0.1, 0.2] } },
      { id: "fence-line", type: "line", source: "fences", paint: { "line-color": fenceColour(), "line-width": ["interpolate", ["linear"], ["zoom"], 13, 1, 17, 2.2], "line-opacity": 0.9 } },
      { id: "corridor-fill", type: "line", source: "corridors", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": fenceColour(), "line-opacity": 0.2, "line-width": corridorWidth() } },
      { id: "corridor-edge", type: "line", source: "corridors", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": fenceColour(), "line-opacity": 0.9, "line-width": ["interpolate", ["linear"], ["zoom"], 13, 1, 17, 2.2], "line-gap-width": corridorWidth() } },
      { id: "fence-chosen", type: "line", source: "fences", filter: chosenFilter([]), paint: { "line-color": colour("chosen"), "line-width": 4 } },
      { id: "corridor-chosen", type: "line", source: "corridors", filter: chosenFilter([]), layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour("chosen"), "line-width": 5 } },
      { id: "shopper-dots", type: "circle", source: "shoppers", paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 13, 2.5, 17, 5.5], "circle-color": colour("shopper"), "circle-stroke-color": colour("halo"), "circle-stroke-width": 1.5, "circle-opacity": 0.9 } },
      { id: "moment-halo", type: "circle", source: "moments", paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 13, 6, 17, 16], "circle-color": colour("moment"), "circle-opacity": ["*", 0.28, ["coalesce", ["get", "fresh"], 1]] } },
      { id: "moment-dots", type: "circle", source: "moments", paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 13, 2.5, 17, 5], "circle-color": colour("moment"), "circle-opacity": ["coalesce", ["get", "fresh"], 1], "circle-stroke-color": colour("halo"), "circle-stroke-width": 1 } },
      { id: "place-names", type: "symbol", source: "places", minzoom: 15, layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": ["interpolate", ["linear"], ["zoom"], 15, 10.5, 18, 14], "text-max-width": 8, "text-anchor": "top", "text-offset": [0, 0.4], "text-optional": true }, paint: { "text-color": fenceColour(), "text-halo-color": colour("halo"), "text-halo-width": 1.8 } },
    ],
  };
}

function wholeStyle() {
  const base = basemap();
  const over = overlays();
  return { ...base, sources: { ...base.sources, ...over.sources }, layers: [...base.layers, ...over.layers] };
}

const EARTH_RADIUS_M = 6371008.8;

/** The circle a fence of `radius_m` is, as a ring of `steps` points; `centre` is [lon, lat] in degrees. */
export function circleRing(centre, radius_m, steps = 48) {
  const [lon, lat] = centre;
  const ring = [];
  for (let step = 0; step <= steps; step += 1) {
    const angle = (2 * Math.PI * step) / steps;
    const north = (radius_m * Math.cos(angle)) / EARTH_RADIUS_M;
    const east = (radius_m * Math.sin(angle)) / (EARTH_RADIUS_M * Math.cos((lat * Math.PI) / 180));
    ring.push([lon + (east * 180) / Math.PI, lat + (north * 180) / Math.PI]);
  }
  return ring;
}

/** How wide `metres` at a latitude are at zoom 22, in pixels (Web Mercator, tiles of 512 pixels). */
export function pixelsAt22(metres, lat) {
  return (metres * 512 * 2 ** 22) / (2 * Math.PI * 6378137 * Math.cos((lat * Math.PI) / 180));
}

/** Fences as areas and lines to draw, and one labelled point per fence. Takes the import format: a Point carries `radius_m`, a line `buffer_m`. */
export function drawable(collection) {
  const areas = [];
  const lines = [];
  const points = [];
  for (const feature of collection.features) {
    const { geometry, properties } = feature;
    if (geometry.type === "Point") {
      areas.push({ ...feature, geometry: { type: "Polygon", coordinates: [circleRing(geometry.coordinates, properties.radius_m ?? 20)] } });
      points.push(feature);
    } else if (geometry.type === "LineString" || geometry.type === "MultiLineString") {
      const line = geometry.type === "LineString" ? geometry.coordinates : geometry.coordinates[0];
      const middle = line[Math.floor((line.length - 1) / 2)];
      lines.push({ ...feature, properties: { ...properties, width_px_22: pixelsAt22(2 * properties.buffer_m, middle[1]) } });
      points.push({ ...feature, geometry: { type: "Point", coordinates: middle } });
    } else {
      areas.push(feature);
      const ring = geometry.type === "Polygon" ? geometry.coordinates[0] : geometry.coordinates[0][0];
      const middle = ring.reduce((sum, at) => [sum[0] + at[0] / ring.length, sum[1] + at[1] / ring.length], [0, 0]);
      points.push({ ...feature, geometry: { type: "Point", coordinates: middle } });
    }
  }
  const several = (features) => ({ type: "FeatureCollection", features });
  return { areas: several(areas), lines: several(lines), points: several(points) };
}

async function collection(given) {
  if (typeof given !== "string") return given ?? NOTHING;
  const answer = await fetch(given, { headers: { Accept: "application/geo+json, application/json" } });
  if (!answer.ok) throw new Error(`the map's data did not load (${answer.status})`);
  return answer.json();
}

function withoutMap(element, why) {
  const note = document.createElement("div");
  note.className = "map-fallback";
  note.innerHTML = "<strong>The map cannot be drawn here.</strong><span></span>";
  note.querySelector("span").textContent = why;
  element.append(note);
  element.dataset.state = "failed";
}

/**
 * Draws the city into `element`. Options: `fences` and `sensitive` zones (addresses or FeatureCollections), `centre`, `zoom`, `label`, `interactive`, `bounds` (null: the whole world), `minZoom`, `onPick` (a press on a fence calls it with the id of its place, instead of telling its name).
 * Resolves, when the first frame is drawn, to { map, setFences, setChosen, setHeat, setShoppers, addMoment, walker, destroy }; null if WebGL is absent.
 */
export async function cityMap(element, { fences = null, sensitive = null, centre = CENTRE, zoom = 15.2, label = "Map of central Helsinki", interactive = true, bounds = BOUNDS, minZoom = 12.5, onPick = null } = {}) {
  maplibregl.setWorkerUrl(new URL(config.maplibreWorker, location.href).href);
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", label);
  let map;
  const begunDark = isDark();
  try {
    map = new maplibregl.Map({ container: element, style: wholeStyle(), center: centre, zoom, minZoom, maxZoom: 19, maxBounds: bounds, interactive, attributionControl: false, dragRotate: false, pitchWithRotate: false, fadeDuration: 0 });
  } catch (error) {
    withoutMap(element, "This browser offers no WebGL. The lists on this page say the same in words.");
    return null;
  }
  map.addControl(new maplibregl.AttributionControl({ compact: false }), "bottom-right");
  if (interactive) map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.touchZoomRotate.disableRotation();

  const held = { sensitive: NOTHING, fences: NOTHING, shoppers: NOTHING, heat: NOTHING, chosen: [], moments: [] };
  const put = (name, data) => map.getSource(name)?.setData(data);
  const putAll = () => {
    const { areas, lines, points } = drawable(held.fences);
    put("sensitive", held.sensitive);
    put("fences", areas);
    put("corridors", lines);
    put("places", points);
    put("shoppers", held.shoppers);
    put("heat", held.heat);
    for (const layer of ["fence-chosen", "corridor-chosen"]) map.setFilter(layer, chosenFilter(held.chosen));
    put("moments", { type: "FeatureCollection", features: held.moments });
  };
  await new Promise((resolve) => map.once("load", resolve));
  const recolour = () => { map.setStyle(wholeStyle(), { diff: true }); map.once("styledata", putAll); };
  onThemeChange(recolour);
  if (isDark() !== begunDark) recolour(); // changed while it was loading

  let heatAsked = 0;
  const surface = {
    map,
    async setFences(given) { held.fences = await collection(given); putAll(); },
    /** Outlines the fences of these places. */
    setChosen(placeIds) { held.chosen = placeIds; putAll(); },
    /** Cells with `people` and `share` (0 to 1 of the fullest); null takes them away. The last one asked for counts: an older one that comes late is null. */
    async setHeat(given) {
      heatAsked += 1;
      const turn = heatAsked;
      const found = await collection(given).catch((problem) => { if (turn === heatAsked) throw problem; });
      if (turn !== heatAsked) return null;
      held.heat = found;
      putAll();
      return found;
    },
    /** `points`: [{ id, lon, lat }]. */
    setShoppers(points) {
      held.shoppers = { type: "FeatureCollection", features: points.map(({ id, lon, lat }) => ({ type: "Feature", properties: { id }, geometry: { type: "Point", coordinates: [lon, lat] } })) };
      put("shoppers", held.shoppers);
    },
    /** Shows a moment at a place for `stay_ms`. The dot is spread a little, so that several at one place can be told apart. */
    addMoment({ id, lon, lat, text = "" }, stay_ms = 60000) {
      const turn = held.moments.length * 2.4;
      const spread = 0.00006 * Math.sqrt(held.moments.length % 12);
      const dot = { type: "Feature", properties: { id, text, fresh: 1 }, geometry: { type: "Point", coordinates: [lon + spread * 2 * Math.cos(turn), lat + spread * Math.sin(turn)] } };
      held.moments = [...held.moments, dot].slice(-80);
      putAll();
      const pulse = document.createElement("div");
      pulse.className = "pulse";
      const marker = new maplibregl.Marker({ element: pulse }).setLngLat(dot.geometry.coordinates).addTo(map);
      setTimeout(() => marker.remove(), 3600);
      setTimeout(() => { held.moments = held.moments.filter((other) => other !== dot); putAll(); }, stay_ms);
    },
    walker: (options) => walker(map, options),
    destroy: () => map.remove(),
  };
  held.sensitive = await collection(sensitive);
  await surface.setFences(fences);
  if (onPick) pickFences(map, onPick);
  else if (interactive) showNames(map);
  await new Promise((resolve) => (map.areTilesLoaded() ? resolve() : map.once("idle", resolve)));
  element.dataset.state = "ready";
  return surface;
}

function pickFences(map, onPick) {
  map.on("click", ["fence-fill", "corridor-fill"], (event) => onPick(event.features[0].properties.place_id));
  pointed(map);
}

function pointed(map) {
  map.on("mouseenter", ["fence-fill", "corridor-fill"], () => { map.getCanvas().style.cursor = "pointer"; });
  map.on("mouseleave", ["fence-fill", "corridor-fill"], () => { map.getCanvas().style.cursor = ""; });
}

function showNames(map) {
  const popup = new maplibregl.Popup({ closeButton: false, closeOnClick: true, offset: 8 });
  map.on("click", ["fence-fill", "corridor-fill"], (event) => {
    const { name, kind: what, chain, refused } = event.features[0].properties;
    const text = document.createElement("div");
    text.textContent = [name, what === "mall" ? "mall" : what, chain && chain !== "null" ? chain : ""].filter(Boolean).join(" · ");
    if (refused) text.textContent += `. Nothing happens here: ${refused}.`;
    popup.setLngLat(event.lngLat).setDOMContent(text).addTo(map);
  });
  pointed(map);
}

const STEP_M = 6;

/**
 * A person one can drag, or move with the arrow keys (6 m a press, 24 m with Shift).
 * `onMove({ lon, lat })` is called while moving, at most every `every_ms`. Returns { moveTo({ lon, lat }), marker, element }.
 */
export function walker(map, { lon, lat, name = "Jane", onMove = () => {}, every_ms = 400 } = {}) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "walker";
  element.setAttribute("aria-label", `${name} on the map: drag, or use the arrow keys, to walk`);
  const letter = document.createElement("span");
  letter.textContent = name.slice(0, 1);
  element.append(letter);
  const marker = new maplibregl.Marker({ element, draggable: true }).setLngLat([lon, lat]).addTo(map);
  let told_at = 0;
  let pending = 0;
  const tell = (now = false) => {
    clearTimeout(pending);
    const wait = told_at + every_ms - performance.now();
    if (!now && wait > 0) { pending = setTimeout(tell, wait, true); return; }
    told_at = performance.now();
    const at = marker.getLngLat();
    onMove({ lon: at.lng, lat: at.lat });
  };
  marker.on("drag", () => tell());
  marker.on("dragend", () => tell(true));
  element.addEventListener("keydown", (event) => {
    const way = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const step = event.shiftKey ? STEP_M * 4 : STEP_M;
    const at = marker.getLngLat();
    const north = (step * way[1] * 180) / (Math.PI * EARTH_RADIUS_M);
    const east = (step * way[0] * 180) / (Math.PI * EARTH_RADIUS_M * Math.cos((at.lat * Math.PI) / 180));
    marker.setLngLat([at.lng + east, at.lat + north]);
    tell();
  });
  return { element, marker, moveTo: ({ lon: toLon, lat: toLat }) => marker.setLngLat([toLon, toLat]) };
}
