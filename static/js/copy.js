// Makes pages handier, and none depends on it: copy buttons, Esc closes a menu, a second click sends no form twice.
"use strict";

const icon = '<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><rect x="7" y="7" width="9" height="9" rx="1.5"/><path d="M13 7V5.5A1.5 1.5 0 0 0 11.5 4h-6A1.5 1.5 0 0 0 4 5.5v6A1.5 1.5 0 0 0 5.5 13H7"/></svg>';

for (const box of document.querySelectorAll(".copy[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.innerHTML = icon;
  const label = document.createElement("span");
  label.className = "sr";
  label.setAttribute("role", "status");
  label.textContent = box.dataset.copy;
  button.title = box.dataset.copy;
  button.append(label);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(box.querySelector("code").textContent);
    label.textContent = box.dataset.copied;
    button.classList.add("done");
    setTimeout(() => {
      label.textContent = box.dataset.copy;
      button.classList.remove("done");
    }, 2000);
  });
  box.append(button);
}

// Esc, or a click elsewhere, closes a menu; the focus goes back to where it was opened.
const openMenus = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// The answer to a form may be the only page with a new secret: a second click must not take its place.
const sent = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  setTimeout(() => sent.delete(form), 5000);
});
