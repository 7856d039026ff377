// The coupon on the phone: its code changes every step, with or without a network, until the signature runs out.
// Needs [data-live] with what the server told; the page shows the first code without this.
import encodeQR from "qr";
import { bytesOf, hmacKey, hotp } from "moments/codes";

let told = null;     // {stem, key, stepS, aheadMs, goodUntil} of the element on the page
let drawn = null;    // {stem, step, svg, digits} as last shown, so that a page refreshed within a step shows it again at once
let drawing = false;

function svgOf(text) {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: 4 });
  const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return `<svg viewBox="0 0 ${rows.length} ${rows.length}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${rows.length}v${rows.length}H0z"/><path d="${path}"/></svg>`;
}

async function hear() {
  const element = document.querySelector("[data-live]");
  if (!element) { told = null; return; }
  const { stem, secret, step, now, good } = element.dataset;
  if (told?.stem === stem) return;
  const aheadMs = Date.parse(now) - Date.now(); // before anything is waited for
  const key = await hmacKey(bytesOf(secret));
  if (document.querySelector("[data-live]")?.dataset.stem === stem) told = { stem, key, stepS: Number(step), aheadMs, goodUntil: Date.parse(good) };
}

function show() {
  const picture = document.querySelector("[data-live-qr]");
  if (!picture || !drawn || drawn.stem !== document.querySelector("[data-live]")?.dataset.stem) return; // signed anew: the page's own is right until ours is drawn
  picture.innerHTML = drawn.svg;
  document.querySelector("[data-live-digits]").textContent = `${drawn.digits.slice(0, 4)} ${drawn.digits.slice(4)}`;
}

async function tick() {
  const element = document.querySelector("[data-live]");
  if (!element || told?.stem !== element.dataset.stem || drawing) return; // what is told of another coupon says nothing of this one
  const now = (Date.now() + told.aheadMs) / 1000;
  const step = Math.floor(now / told.stepS);
  const left = Math.max(1, Math.ceil((step + 1) * told.stepS - now));
  if (now * 1000 >= told.goodUntil) {
    element.dataset.over = "";
    document.querySelector("[data-live-left]").textContent = "No connection for too long. Open this coupon again with a network.";
    return;
  }
  if (drawn?.step !== step || drawn.stem !== told.stem) {
    drawing = true;
    const { stem, key } = told; // another may be told while we wait
    const digits = await hotp(key, step);
    drawn = { stem, step, digits, svg: svgOf(`${stem}${digits}`) };
    drawing = false;
    show();
    if (!element.isConnected) return; // used, or signed anew, while we waited
  }
  document.querySelector("[data-live-left]").textContent = `Changes in ${left} s`;
  document.querySelector("[data-live-bar]").value = left;
}

async function refreshed() {
  show();
  await hear();
  await tick();
}

if (globalThis.crypto?.subtle) {
  refreshed();
  setInterval(tick, 250);
  document.addEventListener("htmx:after:swap", refreshed);
}
