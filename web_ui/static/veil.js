// Comforts on top of pages that work without them: copy buttons, "/" to search, and keys for the list of tags.
for (const block of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy " + block.dataset.copy);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.textContent.trim());
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  (block.parentElement.querySelector(".bar") || block.parentElement).append(button);
}
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("input[type=search]");
  const isTyping = event.target.closest("input, textarea, select");
  if (event.key === "/" && search && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    search.focus();
  }
});
// The list of tags by keyboard: j and k move, space ticks, y confirms and n rejects what is ticked.
const review = document.querySelector("form[data-review]");
if (review) {
  const ticks = [...review.querySelectorAll(".tick")];
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input:not(.tick), textarea, select");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = ticks.indexOf(document.activeElement);
    if (event.key === "j" || event.key === "k") {
      const to = event.key === "j" ? Math.min(at + 1, ticks.length - 1) : Math.max(at - 1, 0);
      ticks[to].focus();
      event.preventDefault();
    }
    if ((event.key === "y" || event.key === "n") && (at >= 0 || ticks.some((tick) => tick.checked))) {
      if (!ticks.some((tick) => tick.checked)) ticks[at].checked = true;
      review.querySelector(event.key === "y" ? "[value=confirm]" : "[value=reject]").click();
    }
  });
}
// A page that shows work under way looks again by itself, unless somebody is filling in its form.
if (document.querySelector("[data-refresh]")) {
  setInterval(() => {
    if (!document.activeElement || !document.activeElement.closest("form")) location.reload();
  }, 5000);
}
