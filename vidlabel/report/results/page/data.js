"use strict";
// The data of the page: an index of all videos, and their segments in chunks that are parsed when they are needed.

const SCORE_UNITS = 10000;
const NO_SCORE = -1;
const TRUTH = "truth";
const SOLID_COLOURS = 7;

const index = JSON.parse(document.getElementById("index").textContent);
const chunks = new Map();

function details(video) {
  const [chunk, position] = video.at;
  if (!chunks.has(chunk)) chunks.set(chunk, JSON.parse(document.getElementById(`chunk-${chunk}`).textContent));
  return chunks.get(chunk)[position];
}

// Segments of one lane, as flat numbers: start and length in ms, score.
function segmentCount(flat) {
  return flat.length / 3;
}

function segmentAt(flat, place) {
  const [start, length, score] = flat.slice(3 * place, 3 * place + 3);
  return { start, end: start + length, score };
}

function withScoreFrom(flat, least) {
  if (least <= 0) return flat;
  const kept = [];
  for (let at = 0; at < flat.length; at += 3) {
    if (flat[at + 2] === NO_SCORE || flat[at + 2] >= least) kept.push(flat[at], flat[at + 1], flat[at + 2]);
  }
  return kept;
}

function clock(ms) {
  const hundredths = Math.round(ms / 10);
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(hundredths / 6000);
  const seconds = `${two(Math.floor((hundredths % 6000) / 100))}.${two(hundredths % 100)}`;
  return minutes < 60 ? `${minutes}:${seconds}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${seconds}`;
}

function scoreText(score) {
  return score === NO_SCORE ? "no score" : `score ${(score / SCORE_UNITS).toFixed(2)}`;
}

function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

// Makes an element. Text is always text: names of files and labels may hold anything.
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && !name.startsWith("aria")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}
