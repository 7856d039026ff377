// The campaign form while one writes: each refusal of the verdict stands at its box too, long lists are narrowed by typing, and places
// are chosen on the map. Without this file the form does the same after a press on "Look at it".

const form = document.querySelector("[data-campaign-form]");
const box = (name) => document.getElementById(name);

function tell() {
  const verdict = document.getElementById("verdict");
  const wrong = new Map();
  for (const item of verdict.querySelectorAll("[data-box]")) {
    const { box: name, remedy } = item.dataset;
    wrong.set(name, wrong.has(name) ? `${wrong.get(name)}; ${remedy}` : remedy);
  }
  for (const note of form.querySelectorAll("[data-error-of]")) {
    const name = note.dataset.errorOf;
    const said = wrong.get(name) ?? "";
    if (note.textContent !== said) note.textContent = said;
    const input = box(name);
    if (!input?.matches("input, select, textarea")) continue;
    if (said) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  const word = form.querySelector("[data-verdict-word]");
  if (word) word.textContent = verdict.querySelector("[data-says]")?.textContent ?? "";
}

document.addEventListener("htmx:after:swap", tell);
for (const button of form.querySelectorAll("[data-look]")) button.hidden = true;

// a refusal leads to its box, also where that is folded away
form.addEventListener("click", (event) => {
  const link = event.target.closest?.("#verdict a[href^='#']");
  const aim = link && box(decodeURIComponent(link.hash.slice(1)));
  if (!aim) return;
  event.preventDefault();
  for (let fold = aim.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  aim.scrollIntoView({ block: "center" });
  aim.focus({ preventScroll: true });
});

for (const field of form.querySelectorAll("[data-narrows]")) {
  const list = form.querySelector(`[data-picks="${CSS.escape(field.dataset.narrows)}"]`);
  field.hidden = false;
  field.addEventListener("input", (event) => {
    event.stopPropagation(); // this is no part of the campaign
    const wanted = field.value.trim().toLowerCase();
    for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(wanted) && !item.querySelector(":checked");
  });
  field.addEventListener("change", (event) => event.stopPropagation());
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}

const places = form.querySelector("[data-picks='trigger.place_ids']");
const chosen = () => [...places.querySelectorAll(":checked")].map((tick) => tick.dataset.value);

async function drawMap(element) {
  const { cityMap } = await import("moments/map");
  const onPick = (placeId) => {
    const tick = places.querySelector(`[data-value="${CSS.escape(placeId)}"]`);
    if (tick && !tick.disabled) tick.click();
  };
  const surface = await cityMap(element, { fences: element.dataset.fences, sensitive: element.dataset.sensitive, label: "Map of central Helsinki: press a fence to choose its place", onPick });
  surface?.setChosen(chosen());
  places.addEventListener("change", () => surface?.setChosen(chosen()));
}

const onMap = form.querySelector(".on-map");
if (onMap && places) {
  onMap.hidden = false;
  onMap.addEventListener("toggle", () => drawMap(onMap.querySelector(".map")), { once: true });
}
