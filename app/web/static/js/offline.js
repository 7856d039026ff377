// Judging a signed coupon with no network: the twin of offers/coupon_token.py and offers/tills/journal.py.
// Knows no page and no storage; needs WebCrypto with Ed25519. A browser test holds both twins to the same answers.
import { hmac, hmacKey, hotp, NEIGHBOURS } from "moments/codes";

const PREFIX = "MM1.";
const LONGEST = 700;
const SHORTEST = 58;
const SIGNATURE = 64;
const PLACE = 6;
const TAIL = 7;
const ANY_SUM = 0xffffffff;
const ANYWHERE = 255;
const LOOK_STEPS = 240;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const utf8 = new TextEncoder();
const CONTEXT = utf8.encode("moments coupon 1\0");
const BUNDLE_CONTEXT = utf8.encode("moments till bundle 1\0");

const fail = (reason, facts = {}) => ({ reason, facts });
const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

function join(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export function fromBase32(text) {
  const out = new Uint8Array(Math.floor((text.length * 5) / 8));
  let [bits, held, at] = [0, 0, 0];
  for (const char of text) {
    const value = BASE32.indexOf(char);
    if (value < 0) return null;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) { bits -= 8; out[at++] = (held >> bits) & 255; }
  }
  return [1, 3, 6].includes(text.length % 8) ? null : out;
}

function couponId(bytes) {
  let number = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let out = "";
  for (let k = 0; k < 26; k += 1) { out = DIGITS[Number(number & 31n)] + out; number >>= 5n; }
  return `cpn_${out}`;
}

/** {claims, message, signature, live} of a scanned text, or {reason, facts}. */
export function read(scanned) {
  const text = scanned.trim().toUpperCase();
  if (scanned.length > LONGEST || !text.startsWith(PREFIX)) return fail("signed_code_malformed");
  const rest = text.slice(PREFIX.length);
  const dot = rest.indexOf(".");
  const raw = fromBase32(dot < 0 ? rest : rest.slice(0, dot));
  if (!raw || raw[0] !== 1) return fail("signed_code_malformed");
  if (raw.length < SHORTEST) return fail("signed_code_truncated");
  const view = new DataView(raw.buffer);
  const head = { flags: view.getUint8(38), uses: view.getUint8(39), times: [40, 44, 48, 52].map((at) => view.getUint32(at) * 1000) };
  let at = 57;
  let places = null;
  if (raw[56] !== ANYWHERE) {
    places = Array.from({ length: raw[56] }, (_, k) => hex(raw.subarray(at + k * PLACE, at + (k + 1) * PLACE)));
    at += raw[56] * PLACE;
  }
  if (at >= raw.length) return fail("signed_code_truncated");
  const benefitEnds = at + 1 + raw[at];
  const end = benefitEnds + (head.flags & 4 ? TAIL : 0);
  if (raw.length < end + SIGNATURE) return fail("signed_code_truncated");
  const [trust, least] = [(head.flags >> 4) & 3, (head.flags >> 6) & 3];
  if (raw.length > end + SIGNATURE || trust === 3 || least === 3) return fail("signed_code_malformed");
  const [issuedAt, goodUntil, startsAt, endsAt] = head.times;
  const claims = {
    kid: hex(raw.subarray(1, 5)), couponId: couponId(raw.subarray(5, 22)), coupon: raw.slice(5, 22), device: raw.slice(22, 30),
    atTill: Boolean(head.flags & 1), trust, least, uses: head.uses, issuedAt, goodUntil, startsAt, endsAt, places,
    benefit: new TextDecoder().decode(raw.subarray(at + 1, benefitEnds)), currency: "", aloneMinor: null,
  };
  if (head.flags & 4) {
    const alone = view.getUint32(benefitEnds);
    claims.aloneMinor = alone === ANY_SUM ? null : alone;
    claims.currency = new TextDecoder().decode(raw.subarray(benefitEnds + 4, end));
  }
  return { claims, message: join(CONTEXT, raw.subarray(0, end)), signature: raw.slice(end), live: dot < 0 ? "" : rest.slice(dot + 1) };
}

export async function checkingKey(base64url) {
  const raw = Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  return crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
}

export async function bundleIsOurs(key, text, signature) {
  return crypto.subtle.verify("Ed25519", key, signature, join(BUNDLE_CONTEXT, utf8.encode(text)));
}

async function stepMade(key, code, now) {
  for (let away = 0; away <= LOOK_STEPS; away += 1) {
    for (const late of away ? [away, -away] : [0]) {
      if ((await hotp(key, now - late)) === code) return late;
    }
  }
  return null;
}

/** {claims} of a coupon that is genuine and shown by its phone now, or {reason, facts}. `keys`: [{kid, check, live, goodUntil}], or [{kid, goodUntil, revokedAt}] for those that were ended. */
export async function judge(scanned, nowMs, keys, stepS) {
  const shown = read(scanned);
  if (shown.reason) return shown;
  const { claims } = shown;
  const key = keys.find((k) => k.kid === claims.kid && nowMs < k.goodUntil);
  if (!key) return fail("signed_code_key_unknown");
  if (key.revokedAt <= nowMs) return fail("signed_code_key_revoked");
  if (!(await crypto.subtle.verify("Ed25519", key.check, shown.signature, shown.message))) return fail("signed_code_forged");
  if (nowMs >= claims.goodUntil && nowMs < claims.endsAt) return fail("signed_code_outdated");
  if (!shown.live) return fail("live_code_needed");
  const secret = await hmacKey(await hmac(key.live, join(utf8.encode("live"), [claims.coupon.length], claims.coupon, claims.device)));
  const late = await stepMade(secret, shown.live, Math.floor(nowMs / 1000 / stepS));
  if (late === null) return fail("live_code_wrong");
  if (Math.abs(late) > NEIGHBOURS) return fail(late > 0 ? "live_code_late" : "live_code_early", { apart_s: Math.abs(late) * stepS });
  return { claims };
}

/** What is worth much waits for the network; `givenMinor` is what the clerk says she takes off, or null. */
function tooMuchAlone({ aloneMinor }, givenMinor) {
  if (aloneMinor === null || (givenMinor !== null && givenMinor <= aloneMinor)) return null;
  return fail(givenMinor === null && aloneMinor > 0 ? "sum_needed" : "only_with_network");
}

/** The first thing the coupon itself says against using it here now, or null. */
export async function against(claims, nowMs, placeId, givenMinor = null) {
  const mark = hex((await sha256(utf8.encode(`place\0${placeId}`))).subarray(0, PLACE));
  if (claims.places && !claims.places.includes(mark)) return fail("place_not_covered");
  if (!claims.atTill) return fail("channel_not_covered");
  if (nowMs < claims.startsAt) return fail("coupon_not_yet_valid");
  if (nowMs >= claims.endsAt) return fail("coupon_expired");
  return claims.trust < claims.least ? fail("trust_too_low") : tooMuchAlone(claims, givenMinor);
}

/** `at` is the house's time as this till knows it, `clock` what the till's own clock said, `discountMinor` what the clerk said. */
export async function entryHash(before, seq, kind, at, text, clock = "", discountMinor = null) {
  const told = [...(clock ? [clock] : []), ...(discountMinor === null ? [] : [discountMinor])];
  return hex(await sha256(utf8.encode([before, seq, kind, at, ...told, text].join("\n"))));
}
