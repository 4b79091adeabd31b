// The Query page with scripts: an editor that completes what may be seen, answers without a new page, and a way to stop.
const form = document.getElementById("ask");
const field = document.getElementById("sql");
const stop = form.querySelector("[data-stop]");
const state = form.querySelector("[data-state]");
let editor = null;

async function edit() {
  if (!form.dataset.editor) return;
  const { open } = await import(form.dataset.editor);
  const names = async () => {
    const answer = await fetch(form.dataset.names);
    return answer.ok ? answer.json() : {};
  };
  field.required = false;
  editor = open(field, { names, label: "SQL", run: () => form.querySelector("[value=run]").click() });
  form.querySelector("label[for=sql]").addEventListener("click", () => editor.focus());
}

// Names beside the editor become buttons that write them into it.
function insert(text) {
  if (editor) return editor.insert(text);
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.focus();
}
for (const name of document.querySelectorAll(".catalog li [data-insert]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = name.textContent;
  button.setAttribute("aria-label", "Write " + name.textContent);
  button.addEventListener("click", () => insert(name.dataset.insert));
  name.replaceWith(button);
}

// While an answer is awaited there is a button that stops it: the connection closes, and the server cancels the query.
let clock = 0;
let asking = null;
form.addEventListener("htmx:before:request", (event) => {
  asking = event.target;
  const began = Date.now();
  stop.hidden = false;
  state.textContent = "Running";
  clearInterval(clock);
  clock = setInterval(() => { state.textContent = `Running, ${Math.round((Date.now() - began) / 1000)} s`; }, 5000);
});
stop.addEventListener("click", () => {
  asking.dispatchEvent(new CustomEvent("htmx:abort"));
  over("Stopped");
});
form.addEventListener("htmx:finally:request", () => {
  const result = document.getElementById("result");
  if (!stop.hidden) over(result.dataset.told || "");
  if (editor && result.dataset.line) editor.go(Number(result.dataset.line), Number(result.dataset.column));
});
function over(told) {
  clearInterval(clock);
  stop.hidden = true;
  state.textContent = told;
}

edit();
