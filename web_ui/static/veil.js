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
// On a narrow screen the menu is a row that scrolls: the page that is open is in sight.
const current = document.querySelector(".menu [aria-current]");
function showCurrent() {
  const menu = current.closest(".menu");
  if (menu.scrollWidth > innerWidth) menu.scrollLeft = current.offsetLeft - innerWidth / 3;
}
if (current) {
  showCurrent();
  addEventListener("resize", showCurrent);
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
// On a narrow screen the rows of a table are lists of facts: each cell knows its heading. Grids of data and the numbers of
// a picture stay tables.
const ROWS = ".scroll > table:not(.sample)";
function stack(within) {
  for (const table of within.querySelectorAll(ROWS)) {
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
    if (!heads.length || table.closest(".figure") || heads.some((head) => head.colSpan > 1)) continue;
    for (const row of [...table.tBodies].flatMap((body) => [...body.rows])) {
      for (const cell of row.cells) {
        const name = [...(heads[cell.cellIndex]?.childNodes ?? [])].map((node) => node.textContent.trim()).filter(Boolean).join(", ");
        const isControl = cell.querySelector("input, button");
        if (cell.matches("td") && name && !isControl) cell.dataset.label = name;
        cell.classList.toggle("is-empty", !cell.childElementCount && !cell.textContent.trim());
      }
    }
    table.classList.add("stacked");
  }
}
stack(document);
new MutationObserver((changes) => changes.forEach((change) => stack(change.target)))
  .observe(document.querySelector("main"), { childList: true, subtree: true });
// What shows work under way is fetched anew by itself, piece by piece, so that nothing that is being filled in is lost.
const underWay = () => [...document.querySelectorAll("[data-refresh][id]")];
const shown = new Map();
const lookAgain = async () => {
  if (!underWay().length) return;
  try {
    const answer = await fetch(location, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    let isOver = false;
    for (const piece of answer.ok ? underWay() : []) {
      const now = page.getElementById(piece.id);
      if (!now || piece.contains(document.activeElement)) continue;
      if (shown.get(piece.id) !== now.innerHTML) {
        piece.innerHTML = now.innerHTML;
        shown.set(piece.id, now.innerHTML);
      }
      piece.toggleAttribute("data-refresh", now.hasAttribute("data-refresh"));
      isOver ||= !now.hasAttribute("data-refresh");
    }
    if (isOver && !document.activeElement?.closest("form")) { location.reload(); return; }
  } catch { /* the server is away; the next look may find it again */ }
  setTimeout(lookAgain, 5000);
};
if (underWay().length) setTimeout(lookAgain, 5000);
