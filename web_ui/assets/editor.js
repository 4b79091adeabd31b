// An editor for SQL in place of a text field, which stays in the form and holds what is written.
//
// It lives in a shadow root, where its styles are adopted sheets and no <style> element that the page's policy forbids.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--clear)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--masked)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
]);

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--surface)", fontSize: "0.9375rem" },
  "&.cm-focused": { outline: "3px solid var(--focus)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", maxHeight: "26rem" },
  ".cm-content": { caretColor: "var(--text)", padding: "0.6rem 0" },
  ".cm-content, .cm-gutter": { minHeight: "10rem" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--muted)", border: "none" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--focus) 30%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--sunken)", outline: "1px solid var(--muted)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.2rem 0.5rem", fontFamily: "var(--mono)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { fontStyle: "normal", opacity: "0.85" },
});

/**
 * Puts an editor before a text field and hides the field; both always hold the same text.
 * `names` gives what may be completed, once it is wanted, as `{database: {dataset: [{name, type, outcome}, ...]}}`;
 * `run` is called on Ctrl-Enter.
 */
export function open(field, { names, run, label }) {
  const host = document.createElement("div");
  host.className = "editor";
  field.before(host);
  field.hidden = true;
  const root = host.attachShadow({ mode: "open" });
  const language = new Compartment();
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: field.value,
      extensions: [
        keymap.of([{ key: "Mod-Enter", run: () => { run(); return true; } }]),
        lineNumbers(),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ icons: false }),
        language.of(sql({ dialect: PostgreSQL })),
        syntaxHighlighting(colours),
        theme,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) field.value = update.state.doc.toString();
        }),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
      ],
    }),
  });
  const know = async () => {
    const known = await names();
    view.dispatch({ effects: language.reconfigure(completing(known)) });
  };
  view.contentDOM.addEventListener("focus", know, { once: true });
  return {
    focus: () => view.focus(),
    insert: (text) => {
      view.dispatch(view.state.replaceSelection(text));
      view.focus();
    },
    go: (line, column) => {
      const place = view.state.doc.line(Math.min(line, view.state.doc.lines));
      view.dispatch({ selection: { anchor: Math.min(place.from + column - 1, place.to) }, scrollIntoView: true });
      view.focus();
    },
  };
}

/** SQL with the names that may be completed: datasets anywhere, and the columns of those that the text names. */
function completing(known) {
  const tables = Object.entries(known).flatMap(([database, datasets]) => Object.entries(datasets).map(
    ([name, columns]) => ({ name, full: `${database}.${name}`, columns: columns.map(option) }),
  ));
  const schema = Object.fromEntries(Object.entries(known).map(([database, datasets]) => [
    database,
    Object.fromEntries(Object.entries(datasets).map(([name, columns]) => [name, columns.map(option)])),
  ]));
  const columns = (context) => {
    const word = context.matchBefore(/\w+/);
    if (!word && !context.explicit) return null;
    if (word && context.state.sliceDoc(word.from - 1, word.from) === ".") return null;
    const text = context.state.doc.toString().toLowerCase();
    const named = tables.filter((table) => text.includes(table.name.toLowerCase()));
    const options = [
      ...named.flatMap((table) => table.columns),
      ...tables.map((table) => ({ label: table.full, type: "type", boost: 1 })),
    ];
    return { from: word ? word.from : context.pos, options, validFor: /^\w*$/ };
  };
  const keywordCompletion = (label, type) => ({ label, type, boost: -1 });
  const support = sql({ dialect: PostgreSQL, schema, keywordCompletion });
  return [support, support.language.data.of({ autocomplete: columns })];
}

function option({ name, type, outcome }) {
  const isPlain = /^[a-z_]\w*$/i.test(name);
  const detail = outcome === "clear" ? type : `${type}, ${outcome}`;
  return { label: name, type: "property", detail, boost: 2, apply: isPlain ? name : `"${name.replaceAll('"', '""')}"` };
}
