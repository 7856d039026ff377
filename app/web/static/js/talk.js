// A conversation: what is said goes out without leaving the page, what is new is looked for every few seconds and after each word.
// What is said is signed where the page has a key; the looks are not: each proof is a row that all processes share, and a cookie may look.
// Needs #talk[data-more][data-after][data-state], #talk-state and forms[data-says]. Without this each form leads to the page as it is then.

import { signed } from "./key.js";
import { toast } from "moments/shell";

const talk = document.getElementById("talk");
const EVERY_MS = 2500;
let looking = false;
let again = false;

function down() {
  talk.scrollTop = talk.scrollHeight;
}

function show(html) {
  const held = document.createElement("template");
  held.innerHTML = html;
  const found = held.content.querySelector("[data-after]");
  if (!found) return;
  const last = Number(talk.dataset.after);
  const fresh = [...found.querySelectorAll("li.bubble")].filter((bubble) => Number(bubble.dataset.seq) > last);
  if (fresh.length) for (const form of talk.querySelectorAll("form[data-says]")) form.remove(); // what was proposed before is answered
  talk.append(...fresh);
  document.getElementById("talk-state").replaceWith(found.querySelector("#talk-state"));
  talk.dataset.after = found.dataset.after;
  talk.dataset.state = found.dataset.state;
  down();
}

async function look() {
  if (looking) { again = true; return; }
  looking = true;
  try {
    const address = `${talk.dataset.more}?${new URLSearchParams({ after: talk.dataset.after, state: talk.dataset.state })}`;
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    if (answer.status === 200) show(await answer.text());
  } catch { /* no connection: the next look may have one */ }
  looking = false;
  if (again) { again = false; look(); }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-says]");
  if (!form) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const boxes = [...form.querySelectorAll("input:not([type=hidden]), textarea")].map((box) => [box, box.value]);
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    const answer = await signed(form.action, { method: "POST", headers: { "HX-Request": "true", "Idempotency-Key": crypto.randomUUID() }, body });
    if (answer.ok) for (const [box, said] of boxes) { if (box.value === said) box.value = ""; } // what is typed since is the next thing to say
    else if (answer.status !== 429) { location.reload(); return; }
  } catch {
    toast("That did not reach us. Check the connection and try again.", { tone: "bad" });
  } finally {
    for (const button of buttons) button.disabled = false;
  }
  await look();
});

down();
setInterval(look, EVERY_MS);
