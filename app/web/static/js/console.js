// The console's map: fences once, then the newest moments every two seconds, each shown at the point of its place.
import { cityMap } from "moments/map";

const element = document.getElementById("map");
const badge = document.getElementById("live-state");
const shown = new Set();
const EVERY_MS = 2000;

function says(live) {
  badge.querySelector("[data-says]").textContent = live ? "live" : "no connection, trying again";
  badge.querySelector(".dot").classList.toggle("live", live);
}

async function poll(surface) {
  try {
    const answer = await fetch(element.dataset.moments, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const { moments } = await answer.json();
    for (const moment of [...moments].reverse()) {
      if (shown.has(moment.id)) continue;
      shown.add(moment.id);
      surface.addMoment({ id: moment.id, lon: moment.lon, lat: moment.lat, text: `${moment.kind} ${moment.place}` }, 120000);
    }
    element.dataset.momentsShown = String(shown.size);
    says(true);
  } catch {
    says(false);
  }
}

const surface = await cityMap(element, { fences: element.dataset.fences, sensitive: element.dataset.sensitive, label: "Map of central Helsinki with fences, zones kept free and moments" });
element.querySelector(".map-loading")?.remove();
if (surface) {
  await poll(surface);
  setInterval(() => { if (document.visibilityState === "visible") poll(surface); }, EVERY_MS);
}
