// Lanes: one label of one model over the time of a video, drawn as SVG; a slider for keyboards and screen readers.

const tip = document.getElementById("tip");
const WIDTH = 10000; // of the drawing, stretched to the width of the lane
const HEIGHT = 100;
const LEAST_WIDTH = 25; // of a bar: two pixels on a usual screen
const LEAST_BAR = 0.35; // of the height, for a score of 0
const TRUTH_HEIGHT = 22;
const NEAR_PX = 4;

let focused = null; // lane

function drawn(tag, properties) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) made.setAttribute(name, value);
  return made;
}

// Labels beyond the seventh repeat the colours with stripes, beyond the fourteenth with dots.
function colourClass(label) {
  return `c${label % SOLID_COLOURS} ${["", "stripes", "dots"][Math.floor(label / SOLID_COLOURS) % 3]}`;
}

function barHeight(score, room) {
  return Math.round(room * (score === NO_SCORE ? 1 : LEAST_BAR + (1 - LEAST_BAR) * (score / SCORE_UNITS)));
}

function box(left, wide, top, bottom) {
  return `M${left} ${top}h${wide}V${bottom}h${-wide}z`;
}

// The bars of a lane as one path. Those too narrow to see are gathered: 100,000 of them are drawn as a few hundred.
function barPath(flat, duration, room) {
  const scale = WIDTH / duration;
  const narrow = new Map();
  const parts = [];
  for (let at = 0; at < flat.length; at += 3) {
    const left = Math.round(flat[at] * scale);
    const wide = Math.round(flat[at + 1] * scale);
    const high = barHeight(flat[at + 2], room);
    if (wide >= LEAST_WIDTH) parts.push(box(left, wide, room - high, room));
    else {
      const cell = Math.floor(left / LEAST_WIDTH);
      narrow.set(cell, Math.max(high, narrow.get(cell) || 0));
    }
  }
  for (const [cell, high] of narrow) {
    parts.push(box(Math.min(cell * LEAST_WIDTH, WIDTH - LEAST_WIDTH), LEAST_WIDTH, room - high, room));
  }
  return parts.join("");
}

function truthPath(truth, duration) {
  const scale = WIDTH / duration;
  const parts = [];
  for (let at = 0; at < truth.length; at += 2) {
    const wide = Math.max(LEAST_WIDTH, Math.round(truth[at + 1] * scale));
    parts.push(box(Math.round(truth[at] * scale), wide, HEIGHT - TRUTH_HEIGHT, HEIGHT));
  }
  return parts.join("");
}

function layer(...shapes) {
  const made = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  made.append(...shapes);
  return made;
}

// The bars, and above them what has no stripes: the truth, and a frame around the chosen segment.
function drawLane(lane) {
  const { flat, truth, label, duration } = lane;
  const room = truth.length ? HEIGHT - TRUTH_HEIGHT - 6 : HEIGHT;
  lane.mark = drawn("rect", { class: "mark", y: 2, height: HEIGHT - 4 });
  const bars = drawn("path", { class: colourClass(label), d: barPath(flat, duration, room) });
  lane.bar.append(layer(bars), layer(drawn("path", { class: "truth", d: truthPath(truth, duration) }), lane.mark));
}

function describe(lane, place) {
  const { start, end, score } = segmentAt(lane.flat, place);
  return `${clock(start)} to ${clock(end)}, ${index.labels[lane.label]}, ${scoreText(score)}`;
}

// The segment at a horizontal place, or the nearest one within a few pixels, or null.
function nearest(lane, x) {
  const perPx = lane.duration / Math.max(1, lane.bar.clientWidth);
  const time = x * perPx;
  let best = null;
  let distance = NEAR_PX * perPx;
  for (let at = 0; at < lane.flat.length; at += 3) {
    const away = Math.max(lane.flat[at] - time, time - lane.flat[at] - lane.flat[at + 1], 0);
    if (away < distance || (away === 0 && best !== null)) {
      best = at / 3;
      distance = away;
    }
  }
  return best;
}

function showTip(lane, place, x) {
  const area = lane.bar.getBoundingClientRect();
  const { start, end } = segmentAt(lane.flat, place);
  tip.textContent = `${describe(lane, place)} (${((end - start) / 1000).toFixed(2)} s, ${index.tracks[lane.track]})`;
  tip.hidden = false;
  const at = x === null ? (((start + end) / 2) / lane.duration) * area.width : x;
  const left = Math.min(Math.max(4, area.left + at - tip.offsetWidth / 2), window.innerWidth - tip.offsetWidth - 4);
  const above = area.top - tip.offsetHeight - 6;
  tip.style.left = `${left}px`;
  tip.style.top = `${above > 0 ? above : area.bottom + 6}px`;
}

function hideTip() {
  tip.hidden = true;
}

function choose(lane, place) {
  lane.chosen = place;
  lane.bar.setAttribute("aria-valuenow", place + 1);
  lane.bar.setAttribute("aria-valuetext", describe(lane, place));
  const { start, end } = segmentAt(lane.flat, place);
  lane.mark.setAttribute("x", (start / lane.duration) * WIDTH);
  lane.mark.setAttribute("width", Math.max(LEAST_WIDTH, ((end - start) / lane.duration) * WIDTH));
  showTip(lane, place, null);
}

function onLaneKey(lane, event, play) {
  const last = segmentCount(lane.flat) - 1;
  const now = lane.chosen ?? 0;
  const steps = {
    ArrowRight: now + 1, ArrowUp: now + 1, ArrowLeft: now - 1, ArrowDown: now - 1,
    PageDown: now + 10, PageUp: now - 10, Home: 0, End: last,
  };
  if (event.key in steps) choose(lane, Math.min(Math.max(steps[event.key], 0), last));
  else if (event.key === "Enter" || event.key === " ") play(lane, now);
  else if (event.key === "Escape") hideTip();
  else return;
  event.preventDefault();
}

// Makes the bar of a lane answer to pointer and keyboard.
function activate(lane, play) {
  const { bar } = lane;
  if (!segmentCount(lane.flat)) {
    bar.setAttribute("role", "img");
    return;
  }
  bar.tabIndex = 0;
  bar.setAttribute("role", "slider");
  bar.setAttribute("aria-describedby", "keys");
  bar.setAttribute("aria-valuemin", 1);
  bar.setAttribute("aria-valuemax", segmentCount(lane.flat));
  bar.setAttribute("aria-valuenow", 1);
  bar.setAttribute("aria-valuetext", describe(lane, 0));
  bar.addEventListener("focus", () => { focused = lane; choose(lane, lane.chosen ?? 0); });
  bar.addEventListener("blur", () => { focused = null; hideTip(); });
  bar.addEventListener("keydown", (event) => onLaneKey(lane, event, play));
  bar.addEventListener("pointermove", (event) => {
    const place = nearest(lane, event.offsetX);
    if (place === null) hideTip();
    else showTip(lane, place, event.offsetX);
  });
  bar.addEventListener("pointerleave", hideTip);
  bar.addEventListener("click", (event) => {
    const place = nearest(lane, event.offsetX);
    if (place !== null) play(lane, place);
  });
}

// Focus scrolls a lane into view: its tip goes along. That of the pointer ends, since something else is below it now.
document.addEventListener("scroll", () => {
  if (tip.hidden) return;
  if (focused === null) hideTip();
  else showTip(focused, focused.chosen, null);
}, { passive: true });
