// The phone's first page: offers arrive by server-sent events, and her position leaves only when she shares it.
// Needs #now[data-stream], #offers. The page works without this: reload shows the same offers.
import { signed } from "./key.js";
import { toast } from "moments/shell";

const page = document.getElementById("now");
const state = document.getElementById("stream-state");
let refreshing = 0;

function says(badge, name, text) {
  badge.dataset.state = name;
  badge.querySelector("[data-says]").textContent = text;
  badge.querySelector(".dot").classList.toggle("live", name === "live");
}

function refresh() {
  clearTimeout(refreshing);
  refreshing = setTimeout(() => document.body.dispatchEvent(new CustomEvent("inbox:changed")), 60);
}

async function unsafe(address, body) {
  return signed(address, {
    method: "POST",
    headers: { "Idempotency-Key": crypto.randomUUID(), ...(body ? { "Content-Type": "application/json" } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  });
}

const announced = new Set();

function arrived(event) {
  let message;
  try { message = JSON.parse(event.data); } catch { return; }
  refresh();
  if (!message.id || message.seen_at || announced.has(message.id)) return;
  announced.add(message.id);
  toast(`New: ${message.title}`, { tone: "good" });
  if (document.visibilityState === "visible") unsafe(`/v1/inbox/${encodeURIComponent(message.id)}/seen`).catch(() => {}); // not known to be seen: it is pushed, too
}

const stream = new EventSource(page.dataset.stream);
stream.addEventListener("open", () => { says(state, "live", "live"); });
stream.addEventListener("error", () => { says(state, "waiting", stream.readyState === EventSource.CLOSED ? "offline" : "connecting"); });
for (const kind of ["message", "offer", "withdrawn", "expired"]) stream.addEventListener(kind, arrived);
addEventListener("pagehide", () => stream.close());

// --- where she is: only on her word, only while the page is open --------------------------------------------------------

const button = document.querySelector("[data-locate]");
const note = document.querySelector("[data-locating]");
let watching = null;
let sent = 0;

function stop(text) {
  if (watching !== null) navigator.geolocation.clearWatch(watching);
  watching = null;
  button.textContent = "Share";
  button.setAttribute("aria-pressed", "false");
  note.textContent = text;
}

async function tell(position) {
  const mine = watching;
  const { latitude, longitude, accuracy, speed, heading } = position.coords;
  const fix = { lat: latitude, lon: longitude, accuracy_m: accuracy, occurred_at: new Date(position.timestamp).toISOString() };
  if (speed !== null) fix.speed_mps = speed;
  if (heading !== null && !Number.isNaN(heading)) fix.bearing_deg = heading;
  try {
    const answer = await unsafe("/v1/fixes", { fixes: [fix] });
    const trouble = answer.ok ? "" : ((await answer.json()).detail ?? "Your position was not taken.");
    if (watching !== mine) return; // she stopped meanwhile, and reads that
    if (trouble) { stop(trouble); return; }
    sent += 1;
    note.textContent = `Shared ${sent} time${sent === 1 ? "" : "s"}, within ${Math.round(accuracy)} m.`;
  } catch {
    if (watching === mine) note.textContent = "No connection; your position was not sent.";
  }
}

button?.addEventListener("click", () => {
  if (watching !== null) { stop("Not shared any more."); return; }
  if (!("geolocation" in navigator)) { note.textContent = "This browser cannot tell where it is."; return; }
  button.textContent = "Stop";
  button.setAttribute("aria-pressed", "true");
  note.textContent = "Waiting for the phone …";
  watching = navigator.geolocation.watchPosition(tell, (error) => {
    if (error.code === error.PERMISSION_DENIED) permits("denied");
    stop(error.code === error.PERMISSION_DENIED ? "The browser was not allowed to tell us. Its settings decide that." : "The phone does not know where it is just now.");
  }, { enableHighAccuracy: true, maximumAge: 5000 });
});

// --- what the system permits: told when it is known, so that our answer to "why was I not noticed" is the true one -------

const SAYS = { granted: "while_in_use", denied: "never" };

async function permits(state) {
  if (!(state in SAYS) || sessionStorage.getItem("permits") === state) return;
  const answer = await signed("/v1/me/location-permission", {
    method: "PUT", headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() }, body: JSON.stringify({ access: SAYS[state] }),
  }).catch(() => null);
  if (answer?.ok) sessionStorage.setItem("permits", state);
}

navigator.permissions?.query({ name: "geolocation" }).then((status) => {
  if (status.state === "granted" || sessionStorage.getItem("permits")) permits(status.state); // a browser that was never asked says denied, too
  status.addEventListener("change", () => permits(status.state));
}).catch(() => {});
