// The passkeys on "My data", the way in on the welcome page, and the page that asks for proof before a form goes on.
// Owns the buttons alone; the ceremonies are in passkeys.js. Without it the pages work, only without passkeys.
import { fetchProving, make, prove, show, usable } from "./passkeys.js";
import { toast } from "moments/shell";

const CANCELLED = new Set(["NotAllowedError", "AbortError"]);

let busy = false; // a browser asks for one finger at a time

async function trying(work) {
  if (busy) return;
  busy = true;
  try { await work(); } catch (error) {
    toast(CANCELLED.has(error.name) ? "Nothing was changed." : error.message, { tone: CANCELLED.has(error.name) ? "" : "bad" });
  } finally { busy = false; }
}

const changed = () => document.body.dispatchEvent(new CustomEvent("passkeys:changed"));

async function ask(method, address, body) {
  const answer = await fetchProving(address, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail ?? "That did not work.");
  changed();
}

const ACTS = {
  make: async () => { await make("This phone"); toast("This phone can now confirm that it is you.", { tone: "good" }); changed(); },
  enter: async () => { await show("/v1/sessions/passkey"); location.assign("/m"); },
  prove: async (button) => { await prove(); button.form.requestSubmit(); },
  remove: (button) => ask("DELETE", `/v1/passkeys/${button.value}`),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-passkey]");
  if (!button) return;
  event.preventDefault();
  trying(() => ACTS[button.dataset.passkey](button));
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("form[data-passkey-name]");
  if (!form) return;
  event.preventDefault();
  trying(() => ask("PATCH", `/v1/passkeys/${form.dataset.passkeyName}`, { name: form.elements.name.value }));
});

function reveal() {
  for (const element of document.querySelectorAll("[data-needs-passkeys]")) element.hidden = !usable;
}
reveal();
document.addEventListener("htmx:after:swap", reveal);
