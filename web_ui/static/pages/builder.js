// Comforts of the sentence builder, which works without them: what the policy does is shown again while one writes,
// and fields are completed with names that the server knows for this person.
const form = document.getElementById("builder");
const parts = ["says", "impact", "preview"].map((name) => [name, document.getElementById(`${name}-part`)]);
const fresh = { wait: 0, call: null };

async function look() {
  fresh.call?.abort();
  const call = (fresh.call = new AbortController());
  const body = new URLSearchParams(new FormData(form));
  body.set("action", "preview");
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, signal: call.signal });
    if (answer.ok) show(await answer.text());
  } catch (stopped) {
    if (stopped.name !== "AbortError") throw stopped;
  } finally {
    if (fresh.call === call) for (const [, part] of parts) part.classList.remove("stale");
  }
}

// What has the focus is left alone, so that nobody loses their place.
function show(text) {
  const told = new DOMParser().parseFromString(text, "text/html");
  for (const [name, part] of parts) {
    const fresher = told.querySelector(`[data-part="${name}"]`);
    if (fresher && !part.contains(document.activeElement)) part.replaceChildren(...fresher.childNodes);
  }
}

function lookSoon(event) {
  if (parts.some(([, part]) => part.contains(event.target))) return;
  for (const [, part] of parts) part.classList.add("stale");
  clearTimeout(fresh.wait);
  fresh.wait = setTimeout(look, event.type === "change" ? 50 : 700);
}

// A field of one line offers names as browsers do; one of several lines as buttons below it.
async function complete(event) {
  const { names } = event.target.dataset;
  const list = event.target.list;
  if (!names) return;
  const start = event.target.value.slice(0, event.target.selectionEnd).split(/[,\s(=<>!]+/).pop();
  const scope = names === "column" ? form.elements.scope.value : "";
  const address = "/policies/names?" + new URLSearchParams({ kind: names, start, scope });
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  if (!list) return offer(event.target, start, (await answer.json()).names);
  const before = event.target.value.slice(0, event.target.value.length - start.length);
  const found = (await answer.json()).names;
  list.replaceChildren(...found.map((name) => Object.assign(document.createElement("option"), { value: before + name })));
}

function offer(field, start, names) {
  const offered = field.parentElement.querySelector(".offered") ?? field.insertAdjacentElement("afterend", document.createElement("p"));
  offered.className = "offered line";
  const here = start ? names.filter((name) => name !== start).slice(0, 8) : [];
  offered.replaceChildren(...here.map((name) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: name });
    button.addEventListener("click", () => {
      field.setRangeText(name, field.selectionEnd - start.length, field.selectionEnd, "end");
      offered.replaceChildren();
      field.focus();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return button;
  }));
}

let waiting = 0;
form.addEventListener("input", lookSoon);
form.addEventListener("change", lookSoon);
form.addEventListener("input", (event) => {
  clearTimeout(waiting);
  waiting = setTimeout(() => complete(event), 200);
});
