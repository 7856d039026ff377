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

// what asks again by itself waits while somebody types into it
document.addEventListener("htmx:before:request", (event) => {
  const source = event.detail?.ctx?.sourceElement;
  const typing = document.activeElement?.matches("input, select, textarea") && document.activeElement.value;
  if (source?.matches?.("[data-waits-for-fields]") && source.contains(document.activeElement) && typing) event.preventDefault();
});

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
