// The console's map: fences once, then the newest moments every two seconds, each shown at the point of its place; where people were,
// if asked, in cells that enough of them stand behind.
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
// switched on, the cells are fetched anew; off, they are gone
function heatSwitch(surface) {
  const row = element.querySelector("[data-heat-row]");
  const control = row.querySelector("[data-heat-switch]");
  const note = document.querySelector("[data-heat-note]");
  const plain = note.textContent;
  row.hidden = false;
  control.addEventListener("change", async () => {
    note.hidden = !control.checked;
    note.textContent = plain;
    try {
      const told = await surface.setHeat(control.checked ? element.dataset.heat : null);
      if (!told) return; // switched again meanwhile
      element.dataset.heatCells = String(told.features.length);
      if (!control.checked) return;
      if (!told.features.length) note.textContent = `${plain} So far no cell has that many.`;
      else if (told.hidden) note.textContent = `${plain} There are such cells.`;
    } catch {
      control.checked = false;
      note.textContent = "Where people were could not be loaded; try again.";
    }
  });
}

if (surface) {
  heatSwitch(surface);
  await poll(surface);
  setInterval(() => { if (document.visibilityState === "visible") poll(surface); }, EVERY_MS);
}
