// The chosen theme before the first paint. Loaded without defer; keep it tiny. `auto` follows the system.
"use strict";
(() => {
  let chosen = "auto";
  try { chosen = localStorage.getItem("theme") || "auto"; } catch { /* storage may be refused; the system's wish then holds */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
