// What several pages need: countdowns, words that fade, dialogs opened by links. Importing it is enough.

/** `2 d 3 h left`, `1 h 05 min left`, `9 min 04 s left`, `48 s left`; the same forms the server writes first. */
export function leftText(seconds) {
  const s = Math.floor(seconds);
  const days = Math.floor(s / 86400);
  const hours = Math.floor((s % 86400) / 3600);
  const minutes = Math.floor((s % 3600) / 60);
  if (days) return `${days} d ${hours} h left`;
  if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} min left`;
  return minutes ? `${minutes} min ${String(s % 60).padStart(2, "0")} s left` : `${s} s left`;
}

function countDown() {
  const now = Date.now();
  for (const element of document.querySelectorAll("[data-until]")) {
    const seconds = (Date.parse(element.dataset.until) - now) / 1000;
    const over = seconds <= 0;
    element.textContent = over ? element.dataset.over : "short" in element.dataset ? `${Math.floor(seconds)} s` : leftText(seconds);
    element.classList.toggle("soon", !over && seconds < 600);
    if (over && element.dataset.disables) document.getElementById(element.dataset.disables)?.setAttribute("disabled", "");
  }
}

function fade() {
  for (const element of document.querySelectorAll("[data-fades]:not([data-fading])")) {
    element.dataset.fading = "";
    setTimeout(() => element.remove(), 7000);
  }
}

countDown();
fade();
setInterval(countDown, 1000);
document.addEventListener("htmx:after:swap", () => { countDown(); fade(); });

// What asks again by itself waits while somebody types into it or presses something in it, also when that began after it had asked: its
// answer would take away what is typed, or put another button under the finger, which then has pressed nothing.
let pressed = null;
addEventListener("pointerdown", (event) => { pressed = event.button === 0 ? event.target : null; }, true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { pressed = null; }, true);

function busy(element) {
  const at = document.activeElement;
  const typing = element.matches("[data-waits-for-fields]") && element.contains(at) && at.matches("input, select, textarea") && at.value;
  return typing || element.contains(pressed);
}

for (const step of ["htmx:before:request", "htmx:before:swap"]) {
  document.addEventListener(step, (event) => {
    const { sourceElement, sourceEvent } = event.detail.ctx ?? {};
    if (sourceEvent?.type === "every" && busy(sourceElement)) event.preventDefault();
  });
}

// a link that opens a dialog also loads into it; the address stays good for a new tab
document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest?.("a[data-opens]")) event.preventDefault();
});

// a page that can be printed has a button for it, where there are scripts
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
