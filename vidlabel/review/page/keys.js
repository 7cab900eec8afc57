// The keys of the page: one table for what they do and for the dialog that lists them.

export const KEYS = [
  [["j", "ArrowDown"], "next segment", "next"],
  [["k", "ArrowUp"], "previous segment", "previous"],
  [["Enter"], "confirm, and go on", "confirm"],
  [["x", "Delete"], "delete, and go on", "remove"],
  [[" "], "play or pause", "play"],
  [[",", "ArrowLeft"], "one frame back", "stepBack"],
  [[".", "ArrowRight"], "one frame on", "stepOn"],
  [["i"], "the segment starts with the frame shown", "setStart"],
  [["o"], "the segment ends with the frame shown", "setEnd"],
  [["1", "2", "3", "4", "5", "6", "7", "8", "9"], "give the segment this label", "setLabel"],
  [["a"], "add a segment at the frame shown", "add"],
  [["n"], "no label holds in this video", "nothing"],
  [["u"], "undo", "undo"],
  [["y"], "redo", "redo"],
  [["l"], "loop the segment", "loop"],
  [["f"], "faster", "faster"],
  [["d"], "slower", "slower"],
  [["+", "="], "show less time", "zoomIn"],
  [["-"], "show more time", "zoomOut"],
  [["0"], "show all time", "zoomFit"],
  [["v"], "next video", "nextVideo"],
  [["b"], "previous video", "previousVideo"],
  [["s"], "save the table now", "save"],
  [["?"], "this list", "help"],
];

const NAMES = { " ": "Space", ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→" };

export function listKeys(body) {
  for (const [keys, meaning] of KEYS) {
    const row = body.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    const shown = keys.length > 3 ? [keys[0], "…", keys.at(-1)] : keys;
    for (const key of shown) {
      const mark = document.createElement(key === "…" ? "span" : "kbd");
      mark.textContent = NAMES[key] ?? key;
      head.append(mark, " ");
    }
    row.append(head);
    row.insertCell().textContent = meaning;
  }
}

// Calls act(name, key) for each key, unless something is being typed or a dialog is open.
export function listen(act) {
  const byKey = new Map(KEYS.flatMap(([keys, , action]) => keys.map((key) => [key, action])));
  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.key === "Escape" && target.matches("input, select")) target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (target.matches("input:not([type=checkbox]), select, textarea")) return;
    if ((event.key === " " || event.key === "Enter") && target.matches("button, input")) return;
    if (target.id === "videos" && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      act(event.key === "ArrowDown" ? "nextVideo" : "previousVideo");
      return;
    }
    const action = byKey.get(event.key);
    if (!action) return;
    event.preventDefault();
    act(action, event.key);
  });
}
