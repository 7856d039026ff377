// What every page needs: the theme switch, toasts, and an Idempotency-Key on every unsafe htmx request.
// Owns nothing of any room. Import { toast, config, onThemeChange } from "moments/shell".

import { fetchProving } from "./passkeys.js";

export const config = JSON.parse(document.getElementById("browser-config").textContent);

const THEMES = ["auto", "light", "dark"];
const LABEL = { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };

function chosenTheme() {
  return document.documentElement.dataset.theme ?? "auto";
}

function showTheme(button) {
  button.setAttribute("aria-label", `${LABEL[chosenTheme()]}. Change`);
  button.title = LABEL[chosenTheme()];
  button.dataset.shows = chosenTheme();
}

/** Calls `listener(isDark)` whenever the page turns light or dark, by the switch or by the system. */
export function onThemeChange(listener) {
  const tell = () => listener(isDark());
  document.addEventListener("themechange", tell);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
}

export function isDark() {
  const chosen = chosenTheme();
  return chosen === "dark" || (chosen === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
}

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  showTheme(button);
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(chosenTheme()) + 1) % THEMES.length];
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try { localStorage.setItem("theme", next); } catch { /* the choice then holds for this page only */ }
    document.querySelectorAll("[data-theme-switch]").forEach(showTheme);
    document.dispatchEvent(new CustomEvent("themechange"));
  });
}

/** A short word to the user, read out politely by screen readers. `tone`: "" | "good" | "bad". */
export function toast(text, { tone = "", stay_ms = 5000 } = {}) {
  const shelf = document.getElementById("toasts");
  const item = document.createElement("div");
  item.className = `toast ${tone}`;
  item.textContent = text;
  shelf.append(item);
  setTimeout(() => item.remove(), stay_ms);
}

// One key for one intention: what a form or button sends keeps its key until an answer came, so a retry after a lost
// connection cannot act twice; after an answer the next click is a new intention, and so is something else that is sent meanwhile.
const intentions = new WeakMap(); // form or button -> Map(what it sends -> {key, lost: no answer came})
const intentionsOf = (source) => intentions.get(source) ?? intentions.set(source, new Map()).get(source);
const UNSAFE = new Set(["POST", "PUT", "PATCH", "DELETE"]);
document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  const source = ctx.sourceElement;
  if (source.closest("[data-signed]")) {
    source.dataset.asked = "";
    ctx.fetch = fetchProving;
  }
  if (!UNSAFE.has(ctx.request.method.toUpperCase())) return;
  ctx.intention = `${ctx.request.action}?${new URLSearchParams(ctx.request.body)}`;
  const open = intentionsOf(source);
  if (!open.has(ctx.intention)) open.set(ctx.intention, { key: crypto.randomUUID(), lost: false });
  ctx.request.headers["Idempotency-Key"] = open.get(ctx.intention).key;
  ctx.fetch = fetchProving;
});
// What only a signed request is given is asked for once both this file and htmx, whichever is later, are there.
(function sign() {
  const waiting = document.querySelectorAll("[data-signed][hx-trigger=signing]:not([data-asked])");
  for (const element of waiting) element.dispatchEvent(new Event("signing"));
  if (waiting.length) setTimeout(sign, 50);
})();
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const open = intentionsOf(ctx.sourceElement);
  for (const [said, { lost }] of open) if (lost || said === ctx.intention) open.delete(said);
  // where the answer belongs may have been drawn anew meanwhile, by the answer to something else
  if (ctx.target?.isConnected === false && ctx.target !== ctx.sourceElement) ctx.target = document.getElementById(ctx.target.id) ?? ctx.target;
});
document.addEventListener("htmx:finally:request", (event) => {
  const { ctx } = event.detail;
  const unanswered = intentionsOf(ctx.sourceElement).get(ctx.intention);
  if (unanswered) unanswered.lost = true;
});
const notReached = () => toast("That did not reach us. Check the connection and try again.", { tone: "bad" });
document.addEventListener("htmx:error", (event) => { if (event.detail.ctx?.sourceEvent?.type !== "every") notReached(); }); // nobody asked for what comes by itself

// What she downloads may ask for proof too, and a link cannot answer that.
document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[download]");
  if (!link || link.protocol === "blob:" || link.origin !== location.origin) return;
  event.preventDefault();
  const { href, download } = link;
  try {
    const answer = await fetchProving(href);
    if (!answer.ok) { toast((await answer.json().catch(() => ({}))).detail ?? "That did not work.", { tone: "bad" }); return; }
    const given = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await answer.blob()), download });
    given.click();
    setTimeout(() => URL.revokeObjectURL(given.href), 60_000);
  } catch { notReached(); }
});

// Buttons that open or close a <dialog> by id, since inline handlers are refused by our policy.
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest?.("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
});
