// Keeps the till's page for a start without a network: VERSION and KEPT (addresses of files) stand above, put there by worker.py.
// Owns one cache of this version. Keeps the page as the clerk was given it and files of ours; no answer about a coupon, ever.
const PAGE = "/till";
const NAME = `moments-till-${VERSION}`;
const PATIENCE_MS = 5000;

addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(NAME);
  await cache.addAll(KEPT);
  await fetched(new Request(PAGE, { redirect: "manual" }), cache);
  await skipWaiting();
})()));

addEventListener("activate", (event) => event.waitUntil((async () => {
  const old = (await caches.keys()).filter((name) => name.startsWith("moments-till-") && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
})()));

/** The page as it is now, kept for later. One that is not given any more (signed out, another role) is not kept either. */
async function fetched(request, cache) {
  const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (answer.ok && !answer.redirected) await cache.put(PAGE, answer.clone());
  else if (answer.status < 500) await cache.delete(PAGE);
  return answer;
}

async function page(request) {
  const cache = await caches.open(NAME);
  const kept = await cache.match(PAGE);
  try {
    const answer = await fetched(request, cache);
    return answer.status >= 500 && kept ? kept : answer;
  } catch (problem) {
    if (kept) return kept;
    throw problem;
  }
}

async function file(request) {
  return (await (await caches.open(NAME)).match(request)) ?? fetch(request);
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || search) return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(page(request));
  else if (KEPT.includes(pathname)) event.respondWith(file(request));
});
