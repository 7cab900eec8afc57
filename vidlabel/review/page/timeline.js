// The timeline: bars on a canvas, one row a label; the selected segment has edges that can be dragged.

import { lastAtMost } from "./player.js";

const ROW = 24;
const RULER = 20;
const NAMES = 110;
const CLICK_PIXELS = 4;
const SHORTEST_VIEW_S = 0.2;

export function clock(timeS, digits = 3) {
  if (!Number.isFinite(timeS)) return "";
  const minutes = Math.floor(Number(timeS.toFixed(digits)) / 60);
  const rest = Math.max(0, timeS - minutes * 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export class Timeline {
  segments = [];
  labels = [];
  durationS = 0;
  selected = null;
  #view = [0, 1];

  // actions: select(segment), seek(time), snap(time), adjust(segment, start, end, isFinal), add(label, start, end)
  constructor(parts, colour, actions) {
    Object.assign(this, parts); // box, canvas, playhead, selection, edges, draft
    this.colour = colour;
    this.actions = actions;
    this.canvas.addEventListener("pointerdown", (event) => this.#press(event));
    this.canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    for (const [place, edge] of this.edges.entries()) {
      edge.addEventListener("pointerdown", (event) => this.#dragEdge(event, place));
      edge.addEventListener("keydown", (event) => this.#keyEdge(event, place));
    }
    new ResizeObserver(() => this.draw()).observe(this.box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  show(segments, labels, durationS) {
    this.segments = segments;
    const held = new Set(segments.map((segment) => segment.label));
    this.labels = labels.filter((label) => held.has(label));
    if (durationS !== this.durationS) {
      this.durationS = durationS;
      this.#view = [0, Math.max(durationS, SHORTEST_VIEW_S)];
    }
    this.draw();
  }

  zoom(factor, around = this.#middle()) {
    const [from, to] = this.#view;
    const width = Math.min(Math.max((to - from) * factor, SHORTEST_VIEW_S), Math.max(this.durationS, SHORTEST_VIEW_S));
    const start = around - ((around - from) / (to - from)) * width;
    this.#setView(start, start + width);
  }

  fit() {
    this.#setView(0, Math.max(this.durationS, SHORTEST_VIEW_S));
  }

  // Bring a stretch into sight, moving no more than needed.
  reveal(start, end) {
    const [from, to] = this.#view;
    if (start >= from && end <= to) return;
    const width = Math.max(to - from, (end - start) * 1.2);
    const middle = (start + end) / 2;
    this.#setView(middle - width / 2, middle + width / 2);
  }

  movePlayhead(timeS) {
    const x = this.#x(timeS);
    this.playhead.hidden = x < NAMES || !this.durationS;
    this.playhead.style.left = `${x}px`;
  }

  draw() {
    const width = this.box.clientWidth;
    const height = RULER + Math.max(1, this.labels.length) * ROW;
    const scale = window.devicePixelRatio || 1;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const pen = this.canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const paint = (name) => style.getPropertyValue(name);
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    this.#drawRuler(pen, width, height, paint);
    this.labels.forEach((label, row) => {
      pen.fillStyle = paint("--bar-ground");
      pen.fillRect(NAMES, RULER + row * ROW + 3, width - NAMES, ROW - 6);
    });
    this.#drawBars(pen, width, paint);
    pen.clearRect(0, RULER, NAMES, height);
    pen.fillStyle = paint("--text");
    this.labels.forEach((label, row) => pen.fillText(shortened(pen, label, NAMES - 16), 8, RULER + row * ROW + ROW / 2));
    this.showSelection();
  }

  #drawRuler(pen, width, height, paint) {
    const [from, to] = this.#view;
    const least = ((to - from) * 90) / Math.max(width - NAMES, 1);
    const steps = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 36000];
    const step = steps.find((one) => one >= least) ?? 86400;
    pen.fillStyle = paint("--quiet");
    for (let mark = Math.ceil(from / step) * step; mark <= to && this.durationS; mark += step) {
      const x = this.#x(mark);
      pen.fillRect(x, RULER - 5, 1, 5);
      if (x < width - 60) pen.fillText(clock(mark, step < 1 ? 2 : 0), x + 3, 8);
    }
  }

  // Bars narrower than a pixel that fall on one column are drawn once.
  #drawBars(pen, width, paint) {
    const rows = new Map(this.labels.map((label, row) => [label, row]));
    const drawn = new Map();
    for (const segment of this.segments) {
      const [start, end] = this.span(segment);
      if (end < this.#view[0] || start > this.#view[1]) continue;
      const row = rows.get(segment.label);
      const x = Math.max(this.#x(start), NAMES);
      const right = Math.min(this.#x(end), width);
      const isDone = segment.status !== "unreviewed";
      if (right < (drawn.get(row) ?? -1) + 0.5) continue;
      drawn.set(row, Math.max(right, x + 1));
      pen.fillStyle = paint(this.colour(segment.label));
      pen.globalAlpha = isDone ? 1 : 0.45;
      pen.fillRect(x, RULER + row * ROW + 3, Math.max(right - x - 0.5, 1), ROW - 6);
      pen.globalAlpha = 1;
      pen.fillRect(x, RULER + row * ROW + (isDone ? 3 : ROW - 5), Math.max(right - x - 0.5, 1), 2);
    }
  }

  // Place the frame of the selected segment, with other times while it is dragged.
  showSelection(start, end) {
    const segment = this.selected;
    const row = segment ? this.labels.indexOf(segment.label) : -1;
    const [from, to] = segment ? [start ?? this.span(segment)[0], end ?? this.span(segment)[1]] : [0, 0];
    const isHidden = row < 0 || !this.durationS || to < this.#view[0] || from > this.#view[1];
    this.selection.hidden = isHidden;
    if (isHidden) return;
    const left = Math.max(this.#x(from), NAMES - 2);
    const right = Math.min(this.#x(to), this.box.clientWidth);
    Object.assign(this.selection.style, {
      left: `${left}px`, width: `${Math.max(right - left, 4)}px`, top: `${RULER + row * ROW + 1}px`, height: `${ROW - 2}px`,
    });
    for (const [place, edge] of this.edges.entries()) {
      edge.setAttribute("aria-valuemin", "0");
      edge.setAttribute("aria-valuemax", String(this.durationS));
      edge.setAttribute("aria-valuenow", String(place ? to : from));
      edge.setAttribute("aria-valuetext", clock(place ? to : from));
    }
  }

  span(segment) {
    return [segment.start ?? 0, segment.end ?? this.durationS];
  }

  #middle() {
    return (this.#view[0] + this.#view[1]) / 2;
  }

  #setView(from, to) {
    const width = to - from;
    const start = Math.min(Math.max(0, from), Math.max(0, this.durationS - width));
    this.#view = [start, start + width];
    this.draw();
    this.actions.moved();
  }

  #x(timeS) {
    const [from, to] = this.#view;
    return NAMES + ((timeS - from) / (to - from)) * (this.box.clientWidth - NAMES - 8);
  }

  #time(event) {
    const [from, to] = this.#view;
    const box = this.canvas.getBoundingClientRect();
    const share = (event.clientX - box.left - NAMES) / (box.width - NAMES - 8);
    return Math.min(Math.max(0, from + share * (to - from)), this.durationS);
  }

  #press(event) {
    if (event.button || !this.durationS) return;
    event.preventDefault();
    const box = this.canvas.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top - RULER) / ROW);
    const from = this.#time(event);
    const label = this.labels[row];
    const hit = label === undefined ? null : this.#at(label, from);
    if (hit) this.actions.select(hit);
    const isRuler = row < 0;
    this.actions.seek(from);
    this.#drag(event, (moved) => {
      const to = this.#time(moved);
      if (isRuler || hit || label === undefined) this.actions.seek(to);
      else this.#showDraft(row, from, to);
    }, (ended) => {
      this.draft.hidden = true;
      const ends = [this.actions.snap(from), this.actions.snap(this.#time(ended))].sort((a, b) => a - b);
      const isDrag = Math.abs(ended.clientX - event.clientX) > CLICK_PIXELS;
      if (isDrag && !isRuler && !hit && label !== undefined && ends[1] > ends[0]) this.actions.add(label, ...ends);
    });
  }

  // The segment of a label at a time, or within some pixels of it.
  #at(label, timeS) {
    const reach = Math.abs(this.#time({ clientX: CLICK_PIXELS }) - this.#time({ clientX: 0 }));
    const last = lastAtMost(this.segments.map((segment) => this.span(segment)[0]), timeS + reach);
    for (let place = last; place >= 0; place -= 1) {
      const segment = this.segments[place];
      if (segment.label === label && this.span(segment)[1] + reach >= timeS) return segment;
    }
    return null;
  }

  #showDraft(row, from, to) {
    const [left, right] = [this.#x(Math.min(from, to)), this.#x(Math.max(from, to))];
    this.draft.hidden = false;
    Object.assign(this.draft.style, {
      left: `${left}px`, width: `${right - left}px`, top: `${RULER + row * ROW + 2}px`, height: `${ROW - 4}px`,
    });
  }

  #dragEdge(event, place) {
    if (!this.selected) return;
    event.preventDefault();
    event.stopPropagation();
    const segment = this.selected;
    const span = this.span(segment);
    this.#drag(event, (moved) => {
      span[place] = this.actions.snap(this.#time(moved));
      this.showSelection(...span);
      this.actions.adjust(segment, ...span, false);
    }, () => this.actions.adjust(segment, ...span, true));
  }

  #keyEdge(event, place) {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!step || !this.selected) return;
    event.preventDefault();
    event.stopPropagation();
    const span = this.span(this.selected);
    span[place] = this.actions.neighbour(span[place], step);
    this.actions.adjust(this.selected, ...span, true);
  }

  #drag(event, onMove, onEnd) {
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    const end = (ended) => {
      target.removeEventListener("pointermove", onMove);
      target.removeEventListener("pointerup", end);
      target.removeEventListener("pointercancel", end);
      onEnd(ended);
    };
    target.addEventListener("pointermove", onMove);
    target.addEventListener("pointerup", end);
    target.addEventListener("pointercancel", end);
  }

  #wheel(event) {
    if (!this.durationS) return;
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const shift = ((event.deltaX || event.deltaY) * (this.#view[1] - this.#view[0])) / 1000;
      this.#setView(this.#view[0] + shift, this.#view[1] + shift);
    } else this.zoom(Math.exp(event.deltaY / 400), this.#time(event));
  }
}

function shortened(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && pen.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
  return `${text.slice(0, end)}…`;
}
