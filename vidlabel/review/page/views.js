// Pieces of the page that show one thing each.

import { clock } from "./timeline.js";

const STATUS = { unreviewed: "to review", confirmed: "confirmed", corrected: "corrected", added: "added" };
const MOST_BUTTONS = 60;

export const element = (id) => document.getElementById(id);

export function say(text) {
  element("error").textContent = "";
  element("status").textContent = text;
}

export function complain(error) {
  element("status").textContent = "";
  element("error").textContent = error.message;
}

export const isOpen = (segment) => segment.status === "unreviewed";

// Distance of a score from the middle; segments without a score come last.
export const certainty = (segment) => (segment.score === null ? 1 : Math.abs(segment.score - 0.5));

export const byCertainty = (a, b) =>
  isOpen(b) - isOpen(a) || certainty(a) - certainty(b) || (a.start ?? 0) - (b.start ?? 0);

// Videos with the least certain labels first, those that were not found last.
export const videoOrder = (a, b) =>
  Boolean(a.problem) - Boolean(b.problem) || (a.leastCertain ?? 9) - (b.leastCertain ?? 9) || a.video - b.video;

export function fillHeader({ videos, isSaved, revision, canUndo, canRedo }) {
  const total = videos.reduce((sum, video) => sum + video.total, 0);
  const reviewed = videos.reduce((sum, video) => sum + video.reviewed, 0);
  element("progress").max = Math.max(total, 1);
  element("progress").value = reviewed;
  element("count").textContent = `${reviewed} of ${total} reviewed`;
  element("saved").textContent = revision === 0 ? "No changes yet" : isSaved ? "Saved" : "Kept; table follows";
  document.querySelector("[data-action=undo]").disabled = !canUndo;
  document.querySelector("[data-action=redo]").disabled = !canRedo;
}

function part(tag, kind, text = "") {
  const made = document.createElement(tag);
  made.className = kind;
  made.textContent = text;
  return made;
}

function chip(isDone, colour) {
  const made = part("span", `chip${isDone ? " done" : ""}`);
  if (colour) made.style.color = `var(${colour})`;
  return made;
}

export function fillVideo(row, video) {
  const isDone = video.total > 0 && video.reviewed === video.total;
  row.classList.toggle("done", isDone);
  row.append(chip(isDone), part("span", "name", video.name.split(/[\\/]/).at(-1)), part("span", "mark", isDone ? "done" : ""));
  row.append(part("span", "detail", video.problem ? "not found" : `${video.reviewed} of ${video.total} reviewed`));
  row.title = video.problem || video.name;
}

export function fillSegment(row, segment, colour) {
  const isDone = !isOpen(segment);
  row.classList.toggle("done", isDone);
  const score = segment.score === null ? "" : segment.score.toFixed(2);
  row.append(chip(isDone, colour), part("span", "name", segment.label), part("span", "mark", score));
  const times = segment.start === null ? "whole video" : `${clock(segment.start, 2)} – ${clock(segment.end, 2)}`;
  const who = segment.reviewer ? ` by ${segment.reviewer}` : segment.annotator ? ` (${segment.annotator})` : "";
  row.append(part("span", "detail", `${times}  ${STATUS[segment.status]}${who}`));
}

// Fill a choice of labels, keeping what is chosen.
export function fillLabels(select, labels) {
  const before = select.value;
  select.replaceChildren(new Option("any label", ""), ...labels.map((label) => new Option(label, label)));
  select.value = labels.includes(before) ? before : "";
}

export function fillPalette(palette, labels, chosen, colour, onChoose) {
  const buttons = labels.slice(0, MOST_BUTTONS).map((label, place) => {
    const button = part("button", "");
    button.type = "button";
    button.append(chip(true, colour(label)), label);
    if (place < 9) button.append(part("kbd", "", String(place + 1)));
    button.setAttribute("aria-pressed", String(label === chosen));
    button.addEventListener("click", () => onChoose(label));
    return button;
  });
  palette.replaceChildren(...buttons);
}

// What stands in place of the picture until a video can be played; empty once it can.
export function screenNote({ stage, problem, copied }) {
  if (stage === "reading") return "Reading the video …";
  if (stage === "copying") return `Making a copy that the browser can play … ${Math.round(copied * 100)} %`;
  return stage === "ready" ? "" : problem;
}
