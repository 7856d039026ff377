// Where we saw you: visits and exact points as dots, and what is only known as an area drawn as that area.
import { LngLatBounds } from "maplibre-gl";
import { cityMap, colour } from "moments/map";
import { onThemeChange } from "moments/shell";

const element = document.getElementById("held-map");
const drawn = element && JSON.parse(document.getElementById("held-drawn").textContent);

function put(map) {
  const several = (features) => ({ type: "FeatureCollection", features });
  for (const name of ["cells", "points", "visits"]) {
    if (!map.getSource(`held-${name}`)) map.addSource(`held-${name}`, { type: "geojson", data: several(drawn[name]) });
  }
  const layers = [
    { id: "held-cells", type: "fill", source: "held-cells", paint: { "fill-color": colour("fence"), "fill-opacity": 0.22 } },
    { id: "held-edges", type: "line", source: "held-cells", paint: { "line-color": colour("fence"), "line-width": 2 } },
    { id: "held-points", type: "circle", source: "held-points", paint: { "circle-radius": 4.5, "circle-color": colour("shopper"), "circle-stroke-color": colour("halo"), "circle-stroke-width": 1.5 } },
    { id: "held-visits", type: "circle", source: "held-visits", paint: { "circle-radius": 8, "circle-color": colour("moment"), "circle-stroke-color": colour("halo"), "circle-stroke-width": 2 } },
  ];
  for (const layer of layers) if (!map.getLayer(layer.id)) map.addLayer(layer);
}

function around() {
  const bounds = new LngLatBounds();
  for (const { geometry } of [...drawn.cells, ...drawn.points, ...drawn.visits]) {
    for (const at of geometry.type === "Polygon" ? geometry.coordinates[0] : [geometry.coordinates]) bounds.extend(at);
  }
  return bounds;
}

if (element) {
  const surface = await cityMap(element, { label: "Map of where we saw you; the lists below say the same in words", bounds: null, minZoom: 2 });
  element.querySelector(".map-loading")?.remove();
  if (surface) {
    const { map } = surface;
    put(map);
    onThemeChange(() => map.once("styledata", () => put(map)));
    map.fitBounds(around(), { padding: 48, maxZoom: 16, animate: false });
  }
}
