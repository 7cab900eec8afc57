// The player: one at a time, in the card of its video, with a line over the timeline that follows it.

let player = null;

function closePlayer() {
  if (player === null) return;
  player.film.pause();
  player.film.removeAttribute("src");
  player.film.load();
  player.box.remove();
  player.line.remove();
  player = null;
}

function cannotPlay(video) {
  if (!video.pictures) return "These labels are of a file of features, which has no pictures.";
  return video.address === null
    ? `The video was not found when this report was written: ${video.path}. Write it again with --videos and the folder that holds the videos.`
    : `This browser cannot play the video, or it has moved since: ${decodeURI(video.address)}`;
}

// Plays a video from a time; with an end, until then.
function playVideo(video, timeline, duration, start, end, caption) {
  closePlayer();
  const film = element("video", { controls: true, preload: "metadata", "aria-label": `Video ${video.path}` });
  const words = element("p", { role: "status" }, caption);
  const close = element("button", { type: "button", className: "plain" }, "Close");
  const box = element("div", { className: "player" }, film, element("div", {}, words, close));
  const line = element("div", { className: "playhead", hidden: true });
  timeline.before(box);
  timeline.append(line);
  player = { film, box, line, card: timeline.closest(".video"), until: end };
  close.addEventListener("click", closePlayer);
  if (video.address === null) {
    film.remove();
    words.textContent = cannotPlay(video);
    return;
  }
  film.addEventListener("error", () => { film.remove(); words.textContent = cannotPlay(video); });
  film.addEventListener("loadedmetadata", () => { film.currentTime = start / 1000; film.play().catch(() => {}); }, { once: true });
  film.addEventListener("timeupdate", () => followPlayer(timeline, duration));
  film.src = video.address;
  player.card.scrollIntoView({ block: "nearest" });
}

function followPlayer(timeline, duration) {
  if (player === null) return;
  const { film, line } = player;
  const ms = film.currentTime * 1000;
  if (player.until !== null && ms >= player.until && !film.paused) {
    film.pause();
    player.until = null; // pressing play again goes on
  }
  const lanes = timeline.querySelector(".axis > div:last-child");
  const left = lanes.offsetLeft + (Math.min(ms / duration, 1) * lanes.clientWidth);
  line.style.left = `${left}px`;
  line.hidden = false;
}
