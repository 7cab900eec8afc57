// The card of a video: its heading always, its timeline while it is near the part of the page that is shown.

const LANE_PX = 22;
const TRACK_PX = 28;
const HEAD_PX = 45;
const FILM_PX = 160; // and the axis and the folded tables
const ROWS_AT_ONCE = 200;
const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400];
const MOST_TICKS = 6;
const LAST_TICK = 0.96; // of the width: the text of a later one would stand out of the card

const cards = index.videos.map((video) => ({ video, node: null, body: null }));
const cardOf = new WeakMap();

function headingFacts(video) {
  const segments = video.lanes.reduce((sum, lane) => sum + lane[2], 0);
  const facts = [video.duration === null ? "duration unknown" : clock(video.duration), video.facts];
  if (video.tracks.length) facts.push(plural(segments, "segment"));
  for (const [track, f1, kappa] of video.agreement) {
    const who = video.agreement.length > 1 ? `${index.tracks[track]} ` : "";
    facts.push(`${who}F1@50 ${f1.toFixed(1)} %${kappa === null ? "" : `, κ ${kappa.toFixed(2)}`}`);
  }
  return facts.filter(Boolean).join(" · ");
}

function makeCard(card) {
  const { video } = card;
  const head = element("header", {}, element("h3", {}, video.path));
  if (video.status !== "ok") head.append(element("span", { className: `status ${video.status}` }, video.status));
  head.append(element("p", { className: "facts" }, headingFacts(video)));
  card.node = element("article", { className: "video" }, head);
  if (video.reason) card.node.append(element("p", { className: "reason" }, video.reason));
  cardOf.set(card.node, card);
  return card.node;
}

function shownLanes(video, filter) {
  return video.lanes
    .map((lane, place) => ({ track: lane[0], label: lane[1], place, most: lane[4], segments: lane[2] }))
    .filter((lane) => (filter.label === null || lane.label === filter.label) && (filter.track === null || lane.track === filter.track));
}

// Leaves room for a timeline that is not made yet, so that the page keeps its length.
function expectHeight(card, filter) {
  if (card.body !== null) return;
  const lanes = shownLanes(card.video, filter);
  const tracks = new Set(lanes.map((lane) => lane.track)).size;
  const film = lanes.length ? FILM_PX : 0;
  card.node.style.minHeight = `${HEAD_PX + film + lanes.length * LANE_PX + tracks * TRACK_PX}px`;
}

function timeOf(video, data) {
  let last = video.duration ?? 0;
  for (const [flat, truth] of data.lanes) {
    for (let at = 0; at < flat.length; at += 3) last = Math.max(last, flat[at] + flat[at + 1]);
    for (let at = 0; at < truth.length; at += 2) last = Math.max(last, truth[at] + truth[at + 1]);
  }
  return Math.max(last, 1);
}

function mount(card, filter) {
  if (card.body !== null) return;
  const { video } = card;
  const data = details(video);
  const duration = timeOf(video, data);
  const timeline = element("div", { className: "timeline" });
  const play = (lane, place) => {
    const { start, end } = segmentAt(lane.flat, place);
    playVideo(video, timeline, duration, start, end, describe(lane, place));
  };
  if (data.thumbnails.length) timeline.append(makeFilm(video, data, timeline, duration));
  const lanes = [];
  let track = null;
  for (const shown of shownLanes(video, filter)) {
    const [flat, truth] = data.lanes[shown.place];
    const lane = { ...shown, flat: withScoreFrom(flat, filter.score), truth, duration, chosen: null, bar: element("div", { className: "bar" }) };
    if (!lane.flat.length && !truth.length) continue;
    if (shown.track !== track) timeline.append(element("h4", {}, index.tracks[shown.track]));
    track = shown.track;
    timeline.append(makeLane(lane, play));
    lanes.push(lane);
  }
  if (lanes.length) timeline.append(makeAxis(duration));
  const idle = video.tracks.filter((number) => !lanes.some((lane) => lane.track === number && lane.flat.length));
  card.body = element("div", {}, timeline);
  if (idle.length) card.body.append(element("p", { className: "note" }, `No label holds: ${idle.map((number) => index.tracks[number]).join(", ")}`));
  if (video.lanes.length) card.body.append(makeTables(video, data));
  card.node.append(card.body);
  card.node.style.minHeight = "";
}

function unmount(card, height) {
  if (card.body === null || (player !== null && player.card === card.node) || card.node.contains(document.activeElement)) return;
  card.body.remove();
  card.body = null;
  card.node.style.minHeight = `${height}px`;
}

function makeFilm(video, data, timeline, duration) {
  const strip = element("div");
  for (const [time, source] of data.thumbnails) {
    const picture = element("img", { src: source, alt: "", decoding: "async" });
    const button = element("button", { type: "button", "aria-label": `Play from ${clock(time)}`, title: `Play from ${clock(time)}` }, picture);
    button.addEventListener("click", () => playVideo(video, timeline, duration, time, null, `From ${clock(time)}`));
    strip.append(button);
  }
  return element("div", { className: "film" }, element("span"), strip);
}

function makeLane(lane, play) {
  const swatch = element("span", { className: `swatch ${colourClass(lane.label)}` });
  const name = index.labels[lane.label];
  const words = `${name}, ${index.tracks[lane.track]}: ${plural(segmentCount(lane.flat), "segment")}`;
  const withTruth = lane.truth.length ? `, truth: ${lane.truth.length / 2}` : "";
  lane.bar.setAttribute("aria-label", words + withTruth);
  drawLane(lane);
  activate(lane, play);
  return element("div", { className: "lane" }, element("span", { className: "label" }, swatch, element("b", { title: name }, name)), lane.bar);
}

function makeAxis(duration) {
  const step = STEPS_S.find((seconds) => duration / (1000 * seconds) <= MOST_TICKS) ?? Math.ceil(duration / 3.6e6 / MOST_TICKS) * 3600;
  const ticks = element("div");
  for (let seconds = 0; seconds * 1000 <= duration * LAST_TICK; seconds += step) {
    const tick = element("span", {}, step < 1 ? clock(seconds * 1000) : clock(seconds * 1000).slice(0, -3));
    tick.style.left = `${(seconds * 1e5) / duration}%`;
    ticks.append(tick);
  }
  return element("div", { className: "axis", "aria-hidden": "true" }, element("div"), ticks);
}

function makeTable(names, rows, name) {
  const cells = (row) => element("tr", {}, ...row.map((text) => element("td", {}, text)));
  const body = element("tbody", {}, ...rows.slice(0, ROWS_AT_ONCE).map(cells));
  const head = element("thead", {}, element("tr", {}, ...names.map((text) => element("th", { scope: "col" }, text))));
  const box = element("div", { className: "scroll tall", tabIndex: 0, role: "region", "aria-label": name }, element("table", { className: "names" }, head, body));
  if (rows.length <= ROWS_AT_ONCE) return [box];
  let shown = ROWS_AT_ONCE;
  const more = element("button", { type: "button", className: "plain" }, `Show ${ROWS_AT_ONCE} more of ${rows.length}`);
  more.addEventListener("click", () => {
    body.append(...rows.slice(shown, shown + ROWS_AT_ONCE).map(cells));
    shown += ROWS_AT_ONCE;
    more.hidden = shown >= rows.length;
  });
  return [box, more];
}

// A table that is made when it is opened.
function folded(title, make) {
  const box = element("details", {}, element("summary", {}, title));
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) box.append(...make()); });
  return box;
}

function segmentRows(video, data) {
  const rows = [];
  data.lanes.forEach(([flat, truth], place) => {
    const [track, label] = video.lanes[place];
    for (let at = 0; at < flat.length; at += 3) rows.push([flat[at], flat[at] + flat[at + 1], index.tracks[track], label, flat[at + 2]]);
    for (let at = 0; at < truth.length; at += 2) rows.push([truth[at], truth[at] + truth[at + 1], TRUTH, label, NO_SCORE]);
  });
  rows.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  return rows.map(([start, end, track, label, score]) => [
    track, index.labels[label], clock(start), clock(end), score === NO_SCORE ? "–" : (score / SCORE_UNITS).toFixed(2),
  ]);
}

function budgetRows(data) {
  return data.budget.map(([track, label, count, total, mean, longest, share, rate]) => [
    index.tracks[track], index.labels[label], String(count), clock(total), clock(mean), clock(longest),
    share === null ? "–" : `${(100 * share).toFixed(1)} %`, rate === null ? "–" : rate.toFixed(2),
  ]);
}

function makeTables(video, data) {
  const budget = ["Model", "Label", "Segments", "Total", "Mean", "Longest", "Share of time", "Per minute"];
  return element("div", {},
    folded("Segments as a table", () => makeTable(["Model", "Label", "Start", "End", "Score"], segmentRows(video, data), `Segments of ${video.path}`)),
    folded("Time budget", () => makeTable(budget, budgetRows(data), `Time budget of ${video.path}`)));
}
