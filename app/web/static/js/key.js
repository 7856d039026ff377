// The key of this browser (DPoP, RFC 9449): made here, kept in IndexedDB where no script can read it out, bound to the session, and shown
// with the requests that count. Needs #phone-key of a phone page; without it, or where a browser cannot keep a key (a private window, no
// secure context), everything is sent as it is and the house asks otherwise.

const told = JSON.parse(document.getElementById("phone-key")?.textContent ?? "null");
const ahead = told?.now ? told.now - Date.now() : 0; // by the house's clock: a phone's own may be anything
const NONCE_LASTS_MS = 240_000;
let nonce = told?.nonce ?? null;
let nonceAt = Date.now();

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const utf8 = (text) => new TextEncoder().encode(text);
const sha256 = (text) => crypto.subtle.digest("SHA-256", utf8(text)).then(base64url);
const answered = (request) => new Promise((done, failed) => { request.onsuccess = () => done(request.result); request.onerror = request.onblocked = () => failed(request.error); });

async function shelf(mode) {
  const opening = indexedDB.open("moments", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
  const database = await answered(opening);
  database.addEventListener("versionchange", () => database.close());
  const transaction = database.transaction("keys", mode);
  for (const end of ["complete", "abort"]) transaction.addEventListener(end, () => database.close());
  return transaction.objectStore("keys");
}

async function kept() {
  const found = await answered((await shelf("readonly")).get("phone"));
  if (found) return found;
  const made = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  try {
    await answered((await shelf("readwrite")).add(made, "phone"));
    return made;
  } catch {
    return answered((await shelf("readonly")).get("phone")); // another tab was first
  }
}

async function proofOf({ privateKey }, jwk, method, address) {
  const { origin, pathname } = new URL(address, location.href);
  const said = { jti: crypto.randomUUID(), htm: method, htu: origin + pathname, iat: Math.floor((Date.now() + ahead) / 1000), ath: told.ath, ...(nonce && { nonce }) };
  const text = [{ typ: "dpop+jwt", alg: "ES256", jwk }, said].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  return `${text}.${base64url(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, utf8(text)))}`;
}

/** `fetch` with a proof; once more with the house's nonce where it asks for another than was shown. */
async function send(prove, address, options = {}) {
  const method = (options.method ?? "GET").toUpperCase();
  const once = async () => fetch(address, { ...options, headers: { ...Object.fromEntries(new Headers(options.headers)), DPoP: await prove(method, address) } });
  const shown = nonce; // another request may have brought the next one by the time this is answered
  const answer = await once();
  const wanted = answer.status === 401 && answer.headers.get("DPoP-Nonce");
  if (!wanted || wanted === shown) return answer;
  [nonce, nonceAt] = [wanted, Date.now()];
  return once();
}

const REFUSED = "key-refused";
const SHOWN = "key-shown";
const SHOW_EVERY_MS = 6 * 3_600_000;
const remembered = (name) => { try { return sessionStorage.getItem(name); } catch { return null; } };
const remember = (name, value) => { try { sessionStorage.setItem(name, value); } catch { /* asked again on the next page */ } };

/** A key that is not shown for a week gives way to another: whoever only looks shows it now and then. */
function stillHere(prove) {
  if (Date.now() - Number(remembered(SHOWN)) < SHOW_EVERY_MS) return;
  remember(SHOWN, String(Date.now()));
  send(prove, "/v1/me").catch(() => {});
}

/** Another key may take the place of the first once she has proved who she is. */
export function askAgain() {
  try { sessionStorage.removeItem(REFUSED); } catch { /* nothing was kept */ }
}

/** Signs for this session, or null where it cannot. Binds the key first, when the session has none of ours. */
async function begin() {
  if (!told?.ath || !globalThis.crypto?.subtle) return null;
  try { // a browser that keeps nothing may refuse at any step
    const key = await kept();
    const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", key.publicKey);
    const prove = (method, address) => proofOf(key, { crv, kty, x, y }, method, address);
    if (told.bound === (await sha256(JSON.stringify({ crv, kty, x, y })))) {
      stillHere(prove);
      return prove;
    }
    if (told.bound && remembered(REFUSED) === told.bound) return null; // asked on the page before
    const asked = send(prove, "/v1/sessions/key", { method: "POST", signal: AbortSignal.timeout(10_000) });
    binding = true;
    const answer = await asked;
    if (answer.status === 409) remember(REFUSED, told.bound);
    else if (answer.ok) navigator.storage?.persist?.();
    return answer.ok ? prove : null;
  } catch { return null; }
}

if (told?.forget) try { indexedDB.deleteDatabase("moments"); } catch { /* nothing was kept */ }
let signer = null;
let binding = false;
const begun = begin().then((prove) => { signer = prove; });
const patience = new Promise((done) => setTimeout(done, 4_000)); // a browser's shelf may never answer

/** Who signs. A shelf that answers late is still used; once the key is being bound, what is not signed with it would be refused. */
async function signing() {
  await Promise.race([begun, patience]);
  if (binding) await begun;
  return signer;
}

/** `fetch`, signed where this browser can. */
export async function signed(address, options) {
  const prove = await signing();
  return prove && new URL(address, location.href).origin === location.origin ? send(prove, address, options) : fetch(address, options);
}

// A form or link that leads to a page carries no header of ours: its proof goes along as a cookie for that one address.
async function carryProof(method, address) {
  const prove = await signing();
  if (!prove || address.origin !== location.origin) return;
  if (nonce && Date.now() - nonceAt > NONCE_LASTS_MS) await send(prove, "/v1/me").catch(() => {});
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `moments_proof=${await prove(method, address)}; path=${address.pathname}; max-age=30; samesite=strict${secure}`;
}

addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (!told?.ath || event.defaultPrevented || form.method !== "post" || submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  await carryProof("POST", new URL(form.getAttribute("action") ?? "", location.href)).catch(() => {});
  const pressed = Object.assign(document.createElement("input"), { type: "hidden", name: submitter?.name ?? "", value: submitter?.value ?? "" });
  form.append(pressed); // which button it was goes along, as it would have
  HTMLFormElement.prototype.submit.call(form);
  pressed.remove();
});

addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-proved]");
  if (!link || !told?.ath || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  await carryProof("GET", new URL(link.href)).catch(() => {});
  location.assign(link.href);
});
