// Lanes: one label of one model over the time of a video, drawn on a canvas; a slider for keyboards and screen readers.

const tip = document.getElementById("tip");
const LEAST_BAR = 0.35; // of the height, for a score of 0
const TRUTH_HEIGHT = 0.22;
const NEAR_PX = 4;

let focused = null; // lane

function colours() {
  const style = getComputedStyle(document.documentElement);
  const named = (name) => style.getPropertyValue(name).trim();
  return { fills: Array.from({ length: SOLID_COLOURS }, (_, n) => named(`--c${n}`)), text: named("--text"), back: named("--lane") };
}

// Labels beyond the seventh repeat the colours with stripes, beyond the fourteenth with dots.
function fillOf(label, palette, context) {
  const colour = palette.fills[label % SOLID_COLOURS];
  const kind = Math.floor(label / SOLID_COLOURS) % 3;
  if (kind === 0 || context === null) return colour;
  const tile = element("canvas", { width: 6, height: 6 });
  const on = tile.getContext("2d");
  on.fillStyle = colour;
  on.fillRect(0, 0, 6, 6);
  on.fillStyle = palette.back;
  if (kind === 1) for (let x = 0; x < 6; x += 1) on.fillRect(x, 5 - x, 2, 1);
  else on.fillRect(2, 2, 2, 2);
  return context.createPattern(tile, "repeat");
}

function barHeight(score, room) {
  return room * (score === NO_SCORE ? 1 : LEAST_BAR + (1 - LEAST_BAR) * (score / SCORE_UNITS));
}

function drawSwatch(swatch, label) {
  const context = swatch.getContext("2d");
  context.fillStyle = fillOf(label, colours(), context);
  context.fillRect(0, 0, swatch.width, swatch.height);
}

// Draws the segments of a lane. Those narrower than a pixel are gathered: 100,000 of them take as long as a few hundred.
function drawLane(lane) {
  const { canvas, flat, truth, label, duration } = lane;
  const ratio = window.devicePixelRatio || 1;
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const palette = colours();
  const room = truth.length ? height * (1 - TRUTH_HEIGHT) - ratio : height;
  context.fillStyle = fillOf(label, palette, context);
  const narrow = new Map();
  for (let at = 0; at < flat.length; at += 3) {
    const left = (flat[at] / duration) * width;
    const wide = (flat[at + 1] / duration) * width;
    const high = barHeight(flat[at + 2], room);
    if (wide >= 2) context.fillRect(left, room - high, wide, high);
    else narrow.set(Math.floor(left), Math.max(high, narrow.get(Math.floor(left)) || 0));
  }
  for (const [left, high] of narrow) context.fillRect(Math.min(left, width - 2), room - high, 2, high);
  context.fillStyle = palette.text;
  for (let at = 0; at < truth.length; at += 2) {
    const wide = Math.max(2, (truth[at + 1] / duration) * width);
    context.fillRect((truth[at] / duration) * width, height * (1 - TRUTH_HEIGHT), wide, height * TRUTH_HEIGHT);
  }
  if (lane.chosen !== null && document.activeElement === canvas) {
    const { start, end } = segmentAt(flat, lane.chosen);
    context.strokeStyle = palette.text;
    context.lineWidth = 2 * ratio;
    const left = (start / duration) * width;
    context.strokeRect(left, ratio, Math.max(3 * ratio, ((end - start) / duration) * width), height - 2 * ratio);
  }
}

function describe(lane, place) {
  const { start, end, score } = segmentAt(lane.flat, place);
  return `${clock(start)} to ${clock(end)}, ${index.labels[lane.label]}, ${scoreText(score)}`;
}

// The segment at a horizontal place, or the nearest one within a few pixels, or null.
function nearest(lane, x) {
  const perPx = lane.duration / Math.max(1, lane.canvas.clientWidth);
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
  const box = lane.canvas.getBoundingClientRect();
  const { start, end } = segmentAt(lane.flat, place);
  tip.textContent = `${describe(lane, place)} (${((end - start) / 1000).toFixed(2)} s, ${index.tracks[lane.track]})`;
  tip.hidden = false;
  const at = x === null ? (((start + end) / 2) / lane.duration) * box.width : x;
  const left = Math.min(Math.max(4, box.left + at - tip.offsetWidth / 2), window.innerWidth - tip.offsetWidth - 4);
  const above = box.top - tip.offsetHeight - 6;
  tip.style.left = `${left}px`;
  tip.style.top = `${above > 0 ? above : box.bottom + 6}px`;
}

function hideTip() {
  tip.hidden = true;
}

function choose(lane, place) {
  lane.chosen = place;
  lane.canvas.setAttribute("aria-valuenow", place + 1);
  lane.canvas.setAttribute("aria-valuetext", describe(lane, place));
  drawLane(lane);
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

// Makes the canvas of a lane answer to pointer and keyboard.
function activate(lane, play) {
  const { canvas } = lane;
  if (!segmentCount(lane.flat)) {
    canvas.setAttribute("role", "img");
    return;
  }
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "slider");
  canvas.setAttribute("aria-describedby", "keys");
  canvas.setAttribute("aria-valuemin", 1);
  canvas.setAttribute("aria-valuemax", segmentCount(lane.flat));
  canvas.setAttribute("aria-valuenow", 1);
  canvas.setAttribute("aria-valuetext", describe(lane, 0));
  canvas.addEventListener("focus", () => { focused = lane; choose(lane, lane.chosen ?? 0); });
  canvas.addEventListener("blur", () => { focused = null; hideTip(); drawLane(lane); });
  canvas.addEventListener("keydown", (event) => onLaneKey(lane, event, play));
  canvas.addEventListener("pointermove", (event) => {
    const place = nearest(lane, event.offsetX);
    if (place === null) hideTip();
    else showTip(lane, place, event.offsetX);
  });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("click", (event) => {
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
