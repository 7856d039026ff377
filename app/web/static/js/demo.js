// Jane on the map: dragging her sends her phone's positions, exactly as the phone would, with her own session.
import { cityMap } from "moments/map";

const element = document.getElementById("map");
const badge = document.getElementById("walk-state");
const start = { lon: Number(element.dataset.startLon), lat: Number(element.dataset.startLat) };
const WALK_MPS = 14; // ten times a walk: one may wait for Jane, but not that long
const STEP_MS = 250;
const METRES_PER_DEGREE = 111195;

function says(text, live) {
  badge.querySelector("[data-says]").textContent = text;
  badge.querySelector(".dot").classList.toggle("live", live);
}

let queue = [];
let sending = false;
let last_ms = 0;

/** Positions are sent one batch after the other, in order; the phone's clock only moves forward. */
function fixAt({ lon, lat }) {
  last_ms = Math.max(Date.now(), last_ms + 1);
  queue.push({ lat, lon, accuracy_m: 6, occurred_at: new Date(last_ms).toISOString() });
  send();
}

async function send() {
  if (sending || queue.length === 0) return;
  sending = true;
  const fixes = queue.splice(0, 50);
  try {
    const answer = await fetch("/v1/fixes", { method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() }, body: JSON.stringify({ fixes }) });
    if (answer.status === 401) says("let Jane answer on the phone first", false);
    else if (!answer.ok) says((await answer.json()).detail, false);
    else says(`walking; ${fixes.length} position${fixes.length === 1 ? "" : "s"} sent`, true);
  } catch {
    says("no connection", false);
  }
  sending = false;
  send();
}

const surface = await cityMap(element, { fences: element.dataset.fences, centre: [start.lon, start.lat], zoom: 16.2, label: "Map of central Helsinki with Jane" });
element.querySelector(".map-loading")?.remove();
if (surface) {
  const jane = surface.walker({ ...start, name: "Jane", onMove: fixAt });
  let walking = 0;

  function walkTo(goal) {
    clearInterval(walking);
    walking = setInterval(() => {
      const here = jane.marker.getLngLat();
      const north = (goal.lat - here.lat) * METRES_PER_DEGREE;
      const east = (goal.lon - here.lng) * METRES_PER_DEGREE * Math.cos((here.lat * Math.PI) / 180);
      const far = Math.hypot(north, east);
      const share = Math.min(1, (WALK_MPS * STEP_MS) / 1000 / Math.max(far, 0.001));
      const next = { lon: here.lng + (goal.lon - here.lng) * share, lat: here.lat + (goal.lat - here.lat) * share };
      jane.moveTo(next);
      fixAt(next);
      if (share === 1) { clearInterval(walking); stand(goal, 12); }
    }, STEP_MS);
  }

  /** Standing still also tells: a visit is confirmed by staying. */
  function stand(at, times) {
    let left = times;
    walking = setInterval(() => {
      fixAt({ lon: at.lon + (Math.random() - 0.5) * 0.00002, lat: at.lat + (Math.random() - 0.5) * 0.00001 });
      left -= 1;
      if (left <= 0) { clearInterval(walking); says("standing still", false); }
    }, 1000);
  }

  jane.marker.on("dragstart", () => clearInterval(walking));
  jane.marker.on("dragend", () => { const at = jane.marker.getLngLat(); stand({ lon: at.lng, lat: at.lat }, 12); });
  for (const chip of document.querySelectorAll("[data-walk-lon]")) {
    chip.addEventListener("click", () => {
      surface.map.easeTo({ center: [Number(chip.dataset.walkLon), Number(chip.dataset.walkLat)], duration: 800 });
      walkTo({ lon: Number(chip.dataset.walkLon), lat: Number(chip.dataset.walkLat) });
    });
  }
  fixAt(start);
}
