// Passkeys in the browser: make one, show one, and do again by itself what asked for more proof (RFC 9470).
// Owns the two ceremonies. Fingerprint and face stay on the phone; what goes out is a signature. Needs nothing of a page.

import { askAgain, signed } from "./key.js";

const JSON_BODY = { "Content-Type": "application/json" };

/** Can this browser do it here? (Not under an IP address, and not in very old browsers.) */
export const usable = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential && isSecureContext;

async function post(address, body) {
  const answer = await signed(address, { method: "POST", headers: body ? JSON_BODY : {}, body: body ? JSON.stringify(body) : undefined });
  if (answer.ok) return answer.json();
  const refusal = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(refusal.detail ?? "That did not work."), { code: refusal.code });
}

/** Make a passkey and keep it under `name`. Whoever has one shows it first. Throws when she does not want to, or is refused. */
export async function make(name) {
  const begin = () => post("/v1/passkeys/making");
  const { public_key } = await begin().catch(async (error) => {
    if (error.code !== "insufficient_user_authentication" || !(await hasOne())) throw error;
    await show("/v1/step-up");
    return begin();
  });
  const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(public_key) });
  return post("/v1/passkeys", { name, credential: credential.toJSON() });
}

/** Show a passkey to `address`: "/v1/step-up" in this session, "/v1/sessions/passkey" to come in. */
export async function show(address) {
  const { public_key } = await post("/v1/passkeys/showing");
  const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(public_key) });
  const answer = await post(address, { credential: credential.toJSON() });
  askAgain();
  return answer;
}

async function hasOne() {
  const answer = await fetch("/v1/passkeys");
  return answer.ok && (await answer.json()).passkeys.some((passkey) => !passkey.suspect);
}

async function shows() {
  if (await hasOne()) await show("/v1/step-up");
  else await make("This phone");
}

let proving = null;

/** Show that it is her: with her passkey, or by making her first one. A browser asks one thing at a time, so all that need it wait for the same. */
export function prove() {
  proving ??= shows().finally(() => { proving = null; });
  return proving;
}

/** Does this answer ask for more proof? */
export function asksForMore(answer) {
  return answer.status === 401 && (answer.headers.get("WWW-Authenticate") ?? "").includes("insufficient_user_authentication");
}

/** `fetch`, signed with the key of this browser, and once more with the same headers and body (and so the same Idempotency-Key) after she has shown that it is her. */
export async function fetchProving(address, options) {
  const answer = await signed(address, options);
  if (!usable || !asksForMore(answer)) return answer;
  try { await prove(); } catch { return answer; }
  return signed(address, options);
}
