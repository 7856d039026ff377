// Live codes (RFC 4226 over SHA-256) and their steps, for the phone that makes them and the till that checks them.
// The same as app/security/rotating.py; a browser test compares the two. Needs WebCrypto, so https or localhost.

export const NEIGHBOURS = 1;

export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

export async function hmacKey(raw) {
  return crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

export async function hmac(key, data) {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
}

export async function hotp(key, counter, digits = 8) {
  const message = new DataView(new ArrayBuffer(8));
  message.setBigUint64(0, BigInt(counter));
  const mac = await hmac(key, message.buffer);
  const at = mac[mac.length - 1] & 15;
  const number = new DataView(mac.buffer).getUint32(at) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, "0");
}
