// The page of a review: what is shown, and what keys and buttons do.

import { BusyQueue, Queue, get, post } from "./api.js";
import { listKeys, listen } from "./keys.js";
import { Player, lastAtMost } from "./player.js";
import { Screen } from "./screen.js";
import { Timeline, clock } from "./timeline.js";
import {
  byCertainty, complain, element, fillHeader, fillLabels, fillPalette, fillSegment, fillVideo, isOpen, say, videoOrder,
} from "./views.js";
import { VirtualList } from "./virtual_list.js";

const COLOURS = 8;
const NEW_SEGMENT_S = 1;
const SAVED_AFTER_MS = 4000; // the server writes the table 3 s after the last change
const BACKGROUND = "background";

const changes = new Queue();
const pending = new BusyQueue(document.querySelector("main"));
// However fast keys are pressed, each one acts on what the one before has led to.
const act = (name, key) => pending.run(() => actions[name](key)).catch(complain);
const state = { review: null, order: [], video: -1, segments: [], selected: null, newLabel: "" };

const colour = (label) => `--c${Math.max(0, state.review.labels.indexOf(label)) % COLOURS}`;
const player = new Player(element("video"), showTime, () => screen.failed());
const screen = new Screen(player, element("screen-note"), showPlayed, say, complain);
const timeline = new Timeline(
  {
    box: element("timeline"), canvas: element("bars"), playhead: element("playhead"), selection: element("selection"),
    edges: [element("edge-start"), element("edge-end")], draft: element("draft"),
  },
  colour,
  {
    select: (segment) => select(segment, false),
    seek: (timeS) => player.seek(timeS),
    snap: (timeS) => player.snap(timeS),
    neighbour: (timeS, step) => player.times[Math.max(0, lastAtMost(player.times, timeS + 1e-4) + step)] ?? player.durationS,
    adjust,
    add: (label, start, end) => change({ action: "add", label, start, end }),
    moved: showTime,
  },
);
const videoList = new VirtualList(element("videos"), fillVideo, (video) => open(video.video));
const segmentList = new VirtualList(element("segments"), (row, one) => fillSegment(row, one, colour(one.label)), (segment) => select(segment, true));

// ---- what is shown

function take(news) {
  Object.assign(state.review, {
    revision: news.revision, labels: news.labels, canUndo: news.canUndo, canRedo: news.canRedo, isSaved: news.isSaved,
  });
}

function showVideos() {
  fillLabels(element("video-label"), state.review.labels);
  const name = element("video-filter").value.toLowerCase();
  const label = element("video-label").value;
  const items = state.order.map((number) => state.review.videos[number]).filter((video) =>
    video.name.toLowerCase().includes(name)
    && (!label || video.ownLabels.includes(label))
    && (!element("video-open").checked || video.reviewed < video.total));
  videoList.show(items, items.findIndex((video) => video.video === state.video));
}

function showSegments() {
  fillLabels(element("segment-label"), state.review.labels);
  const label = element("segment-label").value;
  const items = state.segments.filter((segment) =>
    (!label || segment.label === label) && (!element("segment-open").checked || isOpen(segment)));
  if (element("order").value === "certainty") items.sort(byCertainty);
  segmentList.show(items, items.findIndex((segment) => segment.number === state.selected));
  timeline.show(state.segments, state.review.labels, durationS());
}

function showEditor() {
  const segment = selected();
  timeline.selected = segment;
  for (const id of ["start", "end", "label"]) {
    element(id).disabled = !segment;
    element(id).value = typeof segment?.[id] === "number" ? segment[id].toFixed(3) : segment?.[id] ?? "";
  }
  for (const name of ["confirm", "remove"]) document.querySelector(`[data-action=${name}]`).disabled = !segment;
  player.loop = segment && element("loop").checked ? timeline.span(segment) : null;
  timeline.showSelection();
  fillPalette(element("palette"), state.review.labels, segment?.label, colour, setLabel);
  element("labels").replaceChildren(...state.review.labels.map((label) => new Option(label)));
}

function showTime() {
  const total = durationS();
  element("clock").textContent = total ? `${clock(player.timeS)} / ${clock(total, 2)}` : "";
  element("play").textContent = player.isPlaying ? "Pause" : "Play";
  timeline.movePlayhead(player.isPlaying ? player.video.currentTime : player.timeS);
}

function showAll() {
  fillHeader(state.review);
  showVideos();
  showSegments();
  showEditor();
  showTime();
}

const selected = () => state.segments.find((segment) => segment.number === state.selected) ?? null;

// Without the video's own length, the end of the last segment.
function durationS() {
  return screen.playing?.durationS ?? state.segments.reduce((most, segment) => Math.max(most, segment.end ?? 0), 0);
}

// ---- videos

async function open(number, wanted = null) {
  const content = await get(`api/videos/${number}`).catch(complain);
  if (!content) return;
  const isOther = number !== state.video;
  state.video = number;
  state.segments = content.segments;
  take(content);
  state.review.videos[number] = { ...state.review.videos[number], reviewed: content.reviewed, total: content.total };
  element("video-title").textContent = content.name;
  if (isOther) screen.open(number, content.playing);
  if (isOther || !selected()) state.selected = wanted;
  showAll();
  if (state.selected === null && segmentList.items.length) select(segmentList.items[0], true);
}

// The video can be played now.
function showPlayed() {
  speed(0);
  showSegments();
  showEditor();
  if (selected()) player.seek(timeline.span(selected())[0]);
}

function moveVideo(step) {
  const place = videoList.items.findIndex((video) => video.video === state.video) + step;
  return videoList.items[place] && open(videoList.items[place].video);
}

// ---- segments

function select(segment, seeks) {
  state.selected = segment.number;
  segmentList.choose(segmentList.items.findIndex((one) => one.number === segment.number));
  const [start, end] = timeline.span(segment);
  timeline.reveal(start, end);
  showEditor();
  if (seeks) player.seek(start);
}

function move(step) {
  const place = segmentList.items.findIndex((segment) => segment.number === state.selected) + step;
  if (segmentList.items[Math.max(0, place)]) select(segmentList.items[Math.max(0, place)], true);
}

// The segment to look at after this one: the next that nobody has reviewed, in the order of the list.
function following() {
  const { items } = segmentList;
  const place = items.findIndex((segment) => segment.number === state.selected);
  const others = [...items.slice(place + 1), ...items.slice(0, Math.max(place, 0))];
  return others.find(isOpen) ?? null;
}

let saving = 0;

function followSaving() {
  clearTimeout(saving);
  saving = setTimeout(async () => {
    const news = await get("api/state").catch(complain);
    if (news?.revision !== state.review.revision) return; // a later change or another tab
    take(news);
    fillHeader(state.review);
    if (!news.isSaved) followSaving();
  }, SAVED_AFTER_MS);
}

function change(body) {
  const video = state.video;
  return changes.run(async () => {
    try {
      const news = await post("api/changes", { video, ...body, revision: state.review.revision });
      take(news);
      state.review.videos[news.change.video] = news.summary;
      await shown(news.change);
      followSaving();
      return news.change;
    } catch (error) {
      if (error.status === 409) await reload();
      complain(error.status === 409 ? new Error(`${error.message} They are shown now; your last change was not made.`) : error);
      showAll();
      return null;
    }
  });
}

// Bring the list up to a change, without fetching all of it.
async function shown({ video, before, after }) {
  if (video !== state.video) {
    await open(video, (after ?? before).number);
    return;
  }
  const number = (before ?? after).number;
  state.segments = state.segments.filter((segment) => segment.number !== number);
  if (after) {
    const starts = state.segments.map((segment) => segment.start ?? 0);
    state.segments.splice(lastAtMost(starts, after.start ?? 0) + 1, 0, after);
    state.selected = after.number;
  } else if (state.selected === number) state.selected = null;
  showAll();
}

function correct(values) {
  const segment = selected();
  if (!segment) return Promise.resolve(null);
  const { number, start, end, label } = segment;
  return change({ action: "correct", number, start, end, label, ...values });
}

function adjust(segment, start, end, isFinal) {
  const [before] = timeline.span(segment);
  player.seek(start === before ? Math.max(start, end - 1e-3) : start);
  if (isFinal) change({ action: "correct", number: segment.number, label: segment.label, start, end });
}

async function goOn(next) {
  if (next) {
    const segment = state.segments.find((one) => one.number === next.number);
    if (segment) select(segment, true);
    return;
  }
  if (state.segments.some(isOpen)) return; // the filter hides them
  const other = state.order.map((number) => state.review.videos[number]).find((video) => video.reviewed < video.total);
  if (other) await open(other.video);
  say(other ? "All of the last video is reviewed; this is the next one." : "All segments are reviewed.");
}

function setLabel(label) {
  state.newLabel = label;
  return correct({ label });
}

async function reload() {
  state.review = await get("api/review");
  await open(state.video < 0 ? 0 : state.video);
}

const actions = {
  next: () => move(1),
  previous: () => move(-1),
  async confirm() {
    const next = following();
    const made = await correct({});
    if (made) await goOn(next);
  },
  async remove() {
    const segment = selected();
    const next = following();
    if (segment && (await change({ action: "delete", number: segment.number }))) await goOn(next);
  },
  play: () => player.toggle(),
  stepBack: () => player.step(-1),
  stepOn: () => player.step(1),
  setStart: () => isShown() && selected() && correct({ start: player.timeS, end: timeline.span(selected())[1] }),
  setEnd: () => isShown() && selected() && correct({ start: timeline.span(selected())[0], end: player.frameEndS }),
  setLabel: (key) => state.review.labels[key - 1] && setLabel(state.review.labels[key - 1]),
  async add() {
    if (!isShown()) return;
    const label = state.newLabel || selected()?.label || state.review.labels[0];
    const start = player.timeS;
    await change({ action: "add", label, start, end: Math.min(player.snap(start + NEW_SEGMENT_S), durationS() || Infinity) });
  },
  nothing: () => change({ action: "add", label: BACKGROUND }),
  undo: () => change({ action: "undo" }),
  redo: () => change({ action: "redo" }),
  loop() {
    element("loop").checked = !element("loop").checked;
    showEditor();
  },
  faster: () => speed(1),
  slower: () => speed(-1),
  zoomIn: () => timeline.zoom(0.5, player.timeS),
  zoomOut: () => timeline.zoom(2, player.timeS),
  zoomFit: () => timeline.fit(),
  nextVideo: () => moveVideo(1),
  previousVideo: () => moveVideo(-1),
  async save() {
    const news = await changes.run(() => post("api/save")).catch(complain);
    if (!news) return;
    take(news);
    fillHeader(state.review);
    say("The table is saved.");
  },
  help: () => element("help").showModal(),
};

// Without its picture nobody knows the time of a video.
const isShown = () => player.isLoaded || say("The video is not shown yet.");

function speed(step) {
  const list = element("speed");
  list.selectedIndex = Math.min(Math.max(0, list.selectedIndex + step), list.options.length - 1);
  player.video.playbackRate = Number(list.value);
}

// ---- start

function wire() {
  listKeys(element("keys").tBodies[0]);
  listen(act);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    if (!button) return;
    if (event.detail) button.blur(); // so that the keys go on working after a click
    act(button.dataset.action);
  });
  for (const id of ["video-filter", "video-label", "video-open"]) element(id).addEventListener("input", showVideos);
  for (const id of ["order", "segment-label", "segment-open"]) element(id).addEventListener("input", showSegments);
  element("loop").addEventListener("change", showEditor);
  element("speed").addEventListener("change", () => speed(0));
  element("editor").addEventListener("submit", (event) => event.preventDefault());
  for (const [place, id] of ["start", "end"].entries()) {
    element(id).addEventListener("change", () => {
      const span = timeline.span(selected());
      span[place] = element(id).value === "" ? span[place] : Number(element(id).value);
      correct({ start: span[0], end: span[1] });
    });
  }
  element("label").addEventListener("change", () => element("label").value.trim() && setLabel(element("label").value));
  // What another tab has changed meanwhile is seen when this one is looked at again.
  window.addEventListener("focus", () => changes.run(async () => {
    const news = await get("api/state").catch(complain);
    if (news && news.revision !== state.review.revision) await reload();
  }));
}

state.review = await get("api/review").catch(complain);
if (state.review) {
  state.order = [...state.review.videos].sort(videoOrder).map((video) => video.video);
  wire();
  await open(state.order[0]);
  element("segments").focus();
}
