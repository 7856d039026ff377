// Shows what a push service hands to this browser, each message once, and opens the page it leads to. Keeps nothing but ids it has shown.
const SHOWN = "moments-shown";
const MOST = 200;

/** Whether this message is new here; from now on it is not. A repeat may come after the first was put away. */
async function fresh(id) {
  const cache = await caches.open(SHOWN);
  const key = `/shown/${encodeURIComponent(id)}`;
  if (await cache.match(key)) return false;
  await cache.put(key, new Response(""));
  const all = await cache.keys();
  await Promise.all(all.slice(0, Math.max(0, all.length - MOST)).map((old) => cache.delete(old)));
  return true;
}

async function show(event) {
  let told;
  try { told = event.data.json(); } catch { return; }
  if (typeof told?.title !== "string" || typeof told.message_id !== "string" || !(await fresh(told.message_id))) return;
  await registration.showNotification(told.title, {
    body: String(told.body ?? ""), tag: String(told.collapse_key ?? told.message_id), data: { link: String(told.link ?? "") },
  });
}

/** A page of ours and nothing else, whatever the message says. */
async function open(event) {
  event.notification.close();
  const wanted = new URL(event.notification.data?.link || "/m", location.origin);
  await clients.openWindow(wanted.origin === location.origin ? wanted.href : "/m");
}

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("push", (event) => event.waitUntil(show(event)));
addEventListener("notificationclick", (event) => event.waitUntil(open(event)));
