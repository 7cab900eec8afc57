// Which videos are shown, in which order; and which of them have their timelines made.

const BATCH = 200; // cards put into the page at once: more would hold up scrolling
const AHEAD = "1200px";
const BUDGET_MS = 12;

const list = document.getElementById("list");
const control = (id) => document.getElementById(id);
let filter = { name: "", label: null, track: null, status: null, score: 0 };
let run = 0;

const ORDERS = {
  name: ["Name", null],
  duration: ["Longest first", (video) => -(video.duration ?? 0)],
  segments: ["Most segments first", (video) => -video.lanes.reduce((sum, lane) => sum + lane[2], 0)],
  unsure: ["Lowest score first", (video) => Math.min(...video.lanes.filter((lane) => lane[3] !== NO_SCORE).map((lane) => lane[3]), Infinity)],
  status: ["Failed first", (video) => ["failed", "unfinished", "partial", "ok"].indexOf(video.status)],
  agreement: ["Least agreement first", (video) => Math.min(...video.agreement.map((one) => one[1]), Infinity)],
};

function holds(lane) {
  if (filter.label !== null && lane[1] !== filter.label) return false;
  if (filter.track !== null && lane[0] !== filter.track) return false;
  return filter.score <= 0 || (lane[2] > 0 && (lane[4] === NO_SCORE || lane[4] >= filter.score));
}

function isShown(video) {
  if (filter.status !== null && video.status !== filter.status) return false;
  if (filter.name && !video.path.toLowerCase().includes(filter.name)) return false;
  return (filter.label === null && filter.track === null && filter.score <= 0) || video.lanes.some(holds);
}

const waiting = new Set();

function mountWaiting() {
  const until = performance.now() + BUDGET_MS;
  for (const card of waiting) {
    waiting.delete(card);
    mount(card, filter);
    if (performance.now() > until) break;
  }
  if (waiting.size) requestAnimationFrame(mountWaiting);
}

const watcher = new IntersectionObserver((entries) => {
  const idle = waiting.size === 0;
  for (const { target, isIntersecting, boundingClientRect } of entries) {
    const card = cardOf.get(target);
    if (isIntersecting) waiting.add(card);
    else {
      waiting.delete(card);
      unmount(card, boundingClientRect.height);
    }
  }
  if (idle && waiting.size) requestAnimationFrame(mountWaiting);
}, { rootMargin: AHEAD });

function putCards(shown, from, own) {
  if (own !== run) return; // the filter has changed since
  for (const card of shown.slice(from, from + BATCH)) {
    if (card.node === null) makeCard(card);
    expectHeight(card, filter);
    list.append(card.node);
    watcher.observe(card.node);
  }
  if (from + BATCH < shown.length) requestAnimationFrame(() => putCards(shown, from + BATCH, own));
}

function show() {
  run += 1;
  closePlayer();
  watcher.disconnect();
  waiting.clear();
  list.replaceChildren();
  const key = ORDERS[control("sort").value][1];
  const shown = cards.filter((card) => isShown(card.video));
  if (key !== null) {
    const keys = new Map(shown.map((card) => [card, key(card.video)]));
    shown.sort((one, other) => (keys.get(one) < keys.get(other) ? -1 : keys.get(one) > keys.get(other) ? 1 : 0));
  }
  for (const card of cards) {
    if (card.body !== null) card.body.remove();
    card.body = null;
  }
  control("count").textContent = shown.length ? `${shown.length} of ${plural(cards.length, "video")}` : "No video matches.";
  putCards(shown, 0, run);
}

function chosen(id) {
  const { value } = control(id);
  return value === "" ? null : Number(value);
}

function readFilter() {
  const score = Number(control("filter-score").value);
  control("score-shown").textContent = score.toFixed(2);
  filter = {
    name: control("filter-name").value.trim().toLowerCase(),
    label: chosen("filter-label"),
    track: chosen("filter-track"),
    status: control("filter-status").value || null,
    score: Math.round(score * SCORE_UNITS),
  };
  show();
}

function fillChoices() {
  const option = (text, value) => element("option", { value }, text);
  control("filter-label").append(...index.labels.map((name, number) => [name, number])
    .sort((one, other) => one[0].localeCompare(other[0])).map(([name, number]) => option(name, number)));
  const tracks = new Set(index.videos.flatMap((video) => video.lanes.map((lane) => lane[0])));
  control("filter-track").append(...[...tracks].sort((one, other) => one - other).map((number) => option(index.tracks[number], number)));
  const statuses = new Set(index.videos.map((video) => video.status));
  control("filter-status").append(...[...statuses].map((name) => option(name, name)));
  const hasTruth = index.videos.some((video) => video.agreement.length);
  const orders = Object.entries(ORDERS).filter(([name]) => name !== "agreement" || hasTruth);
  control("sort").append(...orders.map(([name, [title]]) => option(title, name)));
}

fillChoices();
control("filters").addEventListener("input", readFilter);
control("filters").addEventListener("submit", (event) => event.preventDefault());
show();
