// The switch for notifications on this browser. Needs [data-push] and [data-pushing]; without it, or where the browser has no push, nothing.
import { fetchProving } from "./passkeys.js";

const button = document.querySelector("[data-push]");
const note = document.querySelector("[data-pushing]");
const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

const headers = () => ({ "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() });

function says(on, text) {
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? "Stop" : "Allow";
  note.textContent = text;
}

async function subscribe(registration) {
  const { public_key: key } = await (await fetch("/v1/web-push/key")).json();
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = subscription.toJSON();
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const answer = await fetchProving("/v1/devices/me/web-push", { method: "POST", headers: headers(), body: JSON.stringify({ endpoint, keys, timezone }) });
  if (!answer.ok) {
    await subscription.unsubscribe();
    throw new Error((await answer.json()).detail);
  }
}

async function turn() {
  const registration = await navigator.serviceWorker.register("/push-worker.js", { scope: "/m" });
  const known = await registration.pushManager.getSubscription();
  if (known) {
    await fetchProving("/v1/devices/me/push-token", { method: "DELETE", headers: headers() });
    await known.unsubscribe();
    return says(false, "Not shown any more.");
  }
  if ((await Notification.requestPermission()) !== "granted") return says(false, "The browser was not allowed to show them. Its settings decide that.");
  await navigator.serviceWorker.ready;
  await subscribe(registration);
  return says(true, "Shown here, also while this page is closed.");
}

if (button && !able) says(false, "This browser cannot show notifications.");
else if (button) {
  button.addEventListener("click", () => { button.disabled = true; turn().catch((problem) => says(false, problem.message)).finally(() => { button.disabled = false; }); });
  button.disabled = true; // until it is known which way it turns
  navigator.serviceWorker.getRegistration("/m").then(async (registration) => {
    if (await registration?.pushManager.getSubscription()) says(true, "Shown here, also while this page is closed.");
  }).catch(() => {}).finally(() => { button.disabled = false; });
}
