// The till with no network: keeps a bundle and a journal in this browser, takes coupons up to a cap, and tells the house later.
// Owns the storage (IndexedDB, written through to the disk before a coupon is shown as taken) and the words on the page.
// One journal per store and browser; tabs take turns (Web Locks). offline.js judges.
import { bytesOf, hmacKey } from "moments/codes";
import { against, bundleIsOurs, checkingKey, entryHash, judge } from "moments/offline";

const form = document.getElementById("scan");
const state = document.querySelector("[data-offline-state]");
const clock = document.querySelector("[data-offline-clock]");
const found = document.querySelector("[data-offline-findings]");
const CLOCK_MS = 2000;
const ASKEW_MS = 60_000;
const PLACE = "moments-till-place";
const WORDS = { redeemed: "taken", undone: "undone", double: "used twice", refused: "not taken", waiting: "waits", over_cap: "over the cap", review: "taken, and would not have been with a network" };

const place = () => form.elements.place_id.value;
/** How far the clock has been moved since the page began; a till that slept counts as moved too, so it only explains, it never refuses. */
const steady = () => Date.now() - performance.now();
const began = steady();

function database() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("moments-till", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("tills");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function stored(mode, work) {
  const db = await database();
  return new Promise((resolve, reject) => {
    const turn = db.transaction("tills", mode, { durability: "strict" });
    const asked = work(turn.objectStore("tills"));
    turn.oncomplete = () => { db.close(); resolve(asked.result); };
    turn.onabort = () => { db.close(); reject(turn.error); };
  });
}

const kept = (id) => stored("readonly", (store) => store.get(id));
const keep = (id, till) => stored("readwrite", (store) => store.put(till, id));
const inTurn = (work) => navigator.locks.request("moments-till", work);

async function send(path, body) {
  const method = body ? "POST" : "GET";
  const headers = body ? { "Content-Type": "application/json" } : {};
  const answer = await fetch(`/v1/till/${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw Object.assign(new Error(String(answer.status)), { told: await answer.json().catch(() => ({})) });
  return answer.json();
}

async function opened(sent) {
  const { keys } = await send("keys");
  const signer = keys.find((key) => key.kid === sent.kid);
  if (!signer || !(await bundleIsOurs(await checkingKey(signer.x), sent.bundle, bytesOf(sent.signature)))) throw new Error("not our bundle");
  const bundle = JSON.parse(sent.bundle);
  // keys are kept as keys that no script can read back; the document with their bytes is dropped
  bundle.keys = await Promise.all(bundle.keys.map(async (key) => ({
    kid: key.kid, goodUntil: Date.parse(key.good_until), check: await checkingKey(key.x), live: await hmacKey(bytesOf(key.live_key)),
  })));
  bundle.keys.push(...bundle.revoked.map((key) => ({ kid: key.kid, goodUntil: Date.parse(key.good_until), revokedAt: Date.parse(key.revoked_at) })));
  return bundle;
}

function minutes(ms) {
  const count = Math.round(Math.abs(ms) / 60_000);
  return `${count} ${count === 1 ? "minute" : "minutes"}`;
}

function show(till) {
  const waiting = till?.journal.length ?? 0;
  const askew = Math.abs(till?.aheadMs ?? 0) >= ASKEW_MS;
  clock.hidden = !askew;
  if (askew) clock.textContent = `This till's clock is ${minutes(till.aheadMs)} ${till.aheadMs > 0 ? "behind" : "ahead"}. Please set it; until then its times are put right by ours.`;
  if (waiting) state.textContent = `No network: ${waiting} ${waiting === 1 ? "entry is" : "entries are"} kept in this till and told when it is back.`;
  else state.textContent = till ? "Ready to go on without a network." : "";
  state.dataset.waiting = waiting;
}

function tell(outcomes, journal) {
  for (const { seq, outcome, reason, facts } of outcomes) {
    if (outcome === "redeemed" || outcome === "undone") continue;
    const item = document.createElement("li");
    const at = journal.find((entry) => entry.seq === seq)?.at;
    const when = at ? new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
    const other = facts.other_at ? `; the other use was ${new Date(facts.other_at).toLocaleString()}, ${facts.first === "this" ? "after" : "before"} this one` : "";
    item.textContent = `${when} ${WORDS[outcome]}${outcome === "double" ? other : `: ${(reason ?? "").replaceAll("_", " ")}`}`;
    item.dataset.outcome = outcome;
    found.querySelector("ul").append(item);
    found.hidden = false;
  }
}

/** Tell what was taken, then fetch a fresh bundle. Throws while there is no network; what was told once has one effect. */
async function sync(id) {
  await inTurn(async () => {
    let till = await kept(id);
    while (till?.journal.length) {
      const part = till.journal.slice(0, 200);
      const { outcomes } = await send("journal", { till_id: till.bundle.till_id, place_id: id, entries: part });
      till = { ...till, journal: till.journal.slice(part.length) };
      await keep(id, till);
      tell(outcomes, part);
    }
    const bundle = await opened(await send("bundle", { place_id: id, ...(till ? { till_id: till.bundle.till_id } : {}) }));
    till = { bundle, journal: [], seq: bundle.seq, hash: bundle.hash, taken: [], aheadMs: Date.parse(bundle.issued_at) - Date.now(), lastMs: 0 };
    await keep(id, till);
    if (id === place()) show(till);
  });
}

async function written(id, till, kind, text, nowMs, discountMinor = null) {
  const seq = till.seq + 1;
  const at = new Date(nowMs).toISOString();
  const clockSays = new Date().toISOString();
  const said = discountMinor === null ? {} : { discount_minor: discountMinor };
  const entry = { seq, kind, text, at, clock: clockSays, ...said, hash: await entryHash(till.hash, seq, kind, at, text, clockSays, discountMinor) };
  const grown = { ...till, seq, hash: entry.hash, lastMs: nowMs, journal: [...till.journal, entry] };
  return grown;
}

/** A live code that is apart by as much as this till's clock was moved: then it is the till that is wrong, not the phone. */
function explained(judged) {
  const movedMs = steady() - began;
  const apartMs = judged.facts.apart_s * 1000 * (judged.reason === "live_code_late" ? 1 : -1);
  if (Math.abs(movedMs) < ASKEW_MS || Math.abs(movedMs - apartMs) > ASKEW_MS) return judged;
  return { reason: movedMs > 0 ? "till_clock_ahead" : "till_clock_behind", facts: {} };
}

/** What the clerk typed as taken off, in minor units of the page's currency; null for nothing, NaN for what is no sum. */
function minorOf(typed) {
  const text = typed.replaceAll(" ", "").replace(",", ".");
  if (!text) return null;
  const digits = Number(form.dataset.digits);
  const [whole, part = ""] = text.split(".");
  if (!/^\d{1,10}(\.\d{1,4})?$/.test(text) || part.length > digits) return NaN;
  return Number(whole + part.padEnd(digits, "0"));
}

async function refusal(till, id, scanned, nowMs, typed) {
  const { bundle } = till;
  if (nowMs < Date.parse(bundle.issued_at) - CLOCK_MS || nowMs < till.lastMs - CLOCK_MS) return { reason: "till_clock_behind", facts: {} };
  if (nowMs >= Date.parse(bundle.expires_at)) return { reason: "till_bundle_expired", facts: {} };
  if (!scanned.trim().toUpperCase().startsWith("MM1.")) return { reason: "needs_network", facts: {} };
  const judged = await judge(scanned, nowMs, bundle.keys, bundle.step_s);
  if (judged.reason === "live_code_late" || judged.reason === "live_code_early") return explained(judged);
  if (judged.reason) return judged;
  const { claims } = judged;
  const givenMinor = claims.currency === form.dataset.currency ? typed : null;
  const wrong = await against(claims, nowMs, id, givenMinor);
  if (wrong) return wrong;
  if (bundle.held_back?.includes(claims.couponId)) return { reason: "only_with_network", facts: {} };
  const used = bundle.spent.includes(claims.couponId) || till.taken.some((one) => one.couponId === claims.couponId);
  if (used) return { reason: "coupon_already_redeemed", facts: {} };
  if (till.journal.filter((entry) => entry.kind === "redeem").length >= bundle.cap) return { reason: "till_cap_reached", facts: {} };
  return { claims, givenMinor };
}

function verdict(good, code, title, text, benefit, seq) {
  const made = (name, word, className) => Object.assign(document.createElement(name), { textContent: word, className: className ?? "" });
  const section = made("section", "", `verdict ${good ? "good" : "bad"}`);
  Object.assign(section.dataset, { verdict: code, good: good ? "yes" : "no" });
  section.tabIndex = -1;
  section.append(made("h2", title));
  if (benefit) section.append(made("p", benefit, "benefit"));
  section.append(made("p", text, "lead"));
  if (seq) {
    const button = made("button", "Undo", "button large");
    button.id = "undo";
    button.addEventListener("click", () => undo(seq));
    section.append(button);
  }
  document.getElementById("result").replaceChildren(section);
}

function askSum() {
  form.elements.discount.focus();
  form.elements.discount.select();
}

/** What was sent and did not come through: the fields may hold the next one by now. */
async function take(id, scanned, sum) {
  await inTurn(async () => {
    const till = await kept(id);
    if (!till) { verdict(false, "till_no_bundle", "No network", "This till has not been prepared to work without a network."); return; }
    const nowMs = Date.now() + till.aheadMs;
    const typed = minorOf(sum);
    if (Number.isNaN(typed)) { verdict(false, "sum_mistyped", "What does it take off?", "Type the sum with digits, such as 4.90, and scan once more."); askSum(); return; }
    const judged = await refusal(till, id, scanned, nowMs, typed);
    if (judged.reason) {
      const words = till.bundle.words[judged.reason] ?? judged.reason;
      verdict(false, judged.reason, judged.reason === "sum_needed" ? "What does it take off?" : "Not taken", words.replace("{apart_s}", judged.facts.apart_s));
      if (judged.reason === "sum_needed") askSum();
      return;
    }
    const grown = await written(id, till, "redeem", scanned.trim(), nowMs, judged.givenMinor);
    grown.taken = [...till.taken, { couponId: judged.claims.couponId, seq: grown.seq }];
    await keep(id, grown);
    if (form.elements.discount.value === sum) form.elements.discount.value = "";
    verdict(true, "taken_offline", "Taken without a network", "It is told to the house when the network is back.", judged.claims.benefit, grown.seq);
    if (id === place()) show(grown);
  });
}

async function undo(seq) {
  const id = place();
  await inTurn(async () => {
    const till = await kept(id);
    const entry = till?.journal.find((one) => one.seq === seq);
    const nowMs = Date.now() + (till?.aheadMs ?? 0);
    if (!entry || nowMs > Date.parse(entry.at) + till.bundle.undo_s * 1000) { verdict(false, "undo_too_late", "Too late to undo", "The entry stands."); return; }
    const grown = await written(id, till, "undo", String(seq), nowMs);
    grown.taken = till.taken.filter((one) => one.seq !== seq);
    await keep(id, grown);
    verdict(true, "undone", "Undone", "The coupon is good again.");
    if (id === place()) show(grown);
  });
}

async function tryToTell() {
  const id = place();
  try { await sync(id); } catch (problem) {
    const till = await kept(id).catch(() => null);
    if (id !== place()) return; // another store is asked about by now
    if (problem.told?.code) state.textContent = problem.told.detail;
    else show(till);
  }
}

/** Reloaded without a network the page is the one that was kept: the clerk is where she was before. */
function whereSheWas() {
  const field = form.elements.place_id;
  const last = localStorage.getItem(PLACE);
  if ([...(field.options ?? [])].some((option) => option.value === last)) field.value = last;
  field.addEventListener("change", () => localStorage.setItem(PLACE, field.value));
}

if (form && state && crypto.subtle && navigator.locks) {
  whereSheWas();
  tryToTell();
  navigator.serviceWorker?.register("/till-worker.js", { scope: "/till" }).catch(() => {}); // without it the page has to stay open
  navigator.storage?.persist?.().catch(() => {}); // the journal is not to make room for anything
  addEventListener("online", tryToTell);
  form.elements.place_id.addEventListener("change", () => { state.textContent = ""; tryToTell(); }); // not ready before it is ready there
  setInterval(async () => { if (Number(state.dataset.waiting)) await tryToTell(); }, 15_000);
  setInterval(tryToTell, 600_000); // a fresh bundle before the last one is old
  // the request did not come through, or its answer did not come back: the journal is settled either way
  document.addEventListener("htmx:error", (event) => {
    const { ctx } = event.detail;
    if (event.target !== form || !ctx || ctx.response) return;
    event.stopImmediatePropagation();
    const sent = ctx.request.body;
    if (form.elements.code.value === sent.get("code")) {
      form.elements.code.value = "";
      form.elements.code.focus();
    }
    take(sent.get("place_id"), sent.get("code"), sent.get("discount") ?? "");
  }, true);
}
