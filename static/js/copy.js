// Adds a copy button to every value that machines compare. Without this script a click selects the value.
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
