// The till: keep the field ready for the scanner, undo by key, and scan by camera where there is one.
import { config } from "moments/shell";

const form = document.getElementById("scan");
const field = document.getElementById("code");
const cameraButton = document.querySelector("[data-camera]");
const box = document.getElementById("camera");
const video = box?.querySelector("video");
const says = box?.querySelector("[data-says]");
const FORMATS = ["qr_code", "data_matrix", "code_128"];
let stream = null;
let starting = null; // which start of the camera this is; null when it is not wanted any more

// The next coupon may be scanned before the answer to this one: what was sent is replaced or cleared, what was typed since is kept.
const waiting = []; // {code, sum} as they stood in the fields, and the sum `said` with it, of each scan that has no answer yet
form?.addEventListener("submit", () => field.select());
form?.addEventListener("htmx:config:request", (event) => {
  const { body } = event.detail.ctx.request;
  const last = waiting.at(-1);
  const stood = { code: field.value, sum: discount.value, said: discount.value };
  if (last?.sum === stood.sum) stood.said = last.code === stood.code ? last.said : ""; // it stands there for the one before
  body.set("discount", stood.said);
  waiting.push(stood);
});
form?.addEventListener("htmx:finally:request", () => waiting.shift());

const discount = document.getElementById("discount");
document.addEventListener("htmx:after:swap", (event) => {
  const result = document.getElementById("result");
  const answer = result?.firstElementChild;
  const { ctx } = event.detail;
  if (!answer || !field || ctx.target !== result) return; // the presence code comes every few seconds and answers nothing
  const mine = ctx.sourceElement === form ? waiting[0] : null;
  if (waiting.some(({ code }) => code === field.value)) field.value = "";
  const typed = mine && discount.value !== mine.sum; // the sum of the next one
  if (mine && !typed && answer.dataset.good === "yes") discount.value = ""; // the sum was of that coupon; a scan that failed is made again with it
  if (typed && document.activeElement === discount) return;
  (["sum_needed", "sum_mistyped"].includes(answer.dataset.verdict) ? discount : field).focus();
});

document.addEventListener("keydown", (event) => {
  if (event.altKey && event.code === "KeyZ") {
    event.preventDefault();
    document.getElementById("undo")?.click();
  }
  if (event.key === "Escape") closeCamera();
});

// a hardware scanner types: whatever is typed outside a field belongs to the code
document.addEventListener("keydown", (event) => {
  const at = document.activeElement;
  const elsewhere = !at || at === document.body || at.id === "main" || at.dataset?.verdict;
  if (elsewhere && event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey) field?.focus();
});

// Nor is a scan a sum: from its first letter on, and what a scanner typed right before it, it belongs to the code.
const SCANNER_MS = 40;
let burst = "";
let typedAt = 0;
discount?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !field.value) {
    event.preventDefault();
    field.focus();
  }
  if (event.key.length !== 1 || event.ctrlKey || event.altKey || event.metaKey) return;
  burst = event.timeStamp - typedAt < SCANNER_MS ? burst + event.key : event.key;
  typedAt = event.timeStamp;
  if (!/[a-z]/i.test(event.key)) return;
  event.preventDefault();
  const before = burst.slice(0, -1);
  if (discount.value.endsWith(before)) discount.value = discount.value.slice(0, discount.value.length - before.length);
  field.value = burst;
  field.focus();
});

let ready = null;

/** The reader, made once and early: a till that loses its network must not need it to load the reader. */
function detector() {
  ready ??= reader().catch((error) => { ready = null; throw error; });
  return ready;
}

async function reader() {
  if ("BarcodeDetector" in globalThis) {
    const known = await BarcodeDetector.getSupportedFormats();
    if (FORMATS.every((format) => known.includes(format))) return new BarcodeDetector({ formats: FORMATS });
  }
  const ponyfill = await import("barcode-detector");
  ponyfill.prepareZXingModule({ overrides: { locateFile: (path, prefix) => (path.endsWith(".wasm") ? config.zxingWasm : prefix + path) }, fireImmediately: true });
  return new ponyfill.BarcodeDetector({ formats: FORMATS });
}

/** A GS1 symbol opens with a sign that no text has: what it holds is written as people write it, so that it is known as that. */
function textOf({ format, rawValue }) {
  const text = rawValue.replace(/^\x1d/, "");
  return format !== "qr_code" && /^8112\d{21,}$/.test(text) ? `(8112)${text.slice(4)}` : text;
}

function closeCamera() {
  starting = null;
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  if (box) box.hidden = true;
  cameraButton?.setAttribute("aria-pressed", "false");
}

async function look(reader, mine) {
  while (starting === mine) {
    try {
      const [found] = video.readyState >= 2 ? await reader.detect(video) : [];
      if (found?.rawValue && starting === mine) {
        field.value = textOf(found);
        closeCamera();
        form.requestSubmit();
        return;
      }
    } catch { /* a frame that cannot be read is followed by another */ }
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
}

if (cameraButton && navigator.mediaDevices?.getUserMedia) {
  cameraButton.hidden = false;
  setTimeout(() => detector().catch(() => {}), 1000);
  cameraButton.setAttribute("aria-pressed", "false");
  cameraButton.addEventListener("click", async () => {
    if (starting) { closeCamera(); return; }
    const mine = {};
    starting = mine;
    box.hidden = false;
    says.textContent = "Starting the camera …";
    try {
      const reader = await detector();
      const given = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (starting !== mine) { given.getTracks().forEach((track) => track.stop()); return; } // closed before it was there
      stream = given;
      video.srcObject = stream;
      await video.play();
      if (starting !== mine) return;
      cameraButton.setAttribute("aria-pressed", "true");
      says.textContent = "Hold the code into the picture.";
      look(reader, mine);
    } catch (error) {
      if (starting !== mine) return;
      closeCamera();
      box.hidden = false;
      says.textContent = error.name === "NotAllowedError" ? "The browser was not allowed to use the camera." : "No camera could be started; type the code instead.";
    }
  });
}
