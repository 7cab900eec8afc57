// The video: its frames at their real times, speed, and looping within a segment.

// The last place in an ascending array whose value is at most this; -1 where all are greater.
export function lastAtMost(values, wanted) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const ROUNDING_S = 1e-4;

export class Player {
  times = new Float64Array();
  durationS = 0;
  loop = null; // [start, end] in seconds
  #wanted = null;

  // onTime() is called when the time has changed, onFail() when the browser cannot play the file.
  constructor(video, onTime, onFail) {
    this.video = video;
    this.onTime = onTime;
    video.addEventListener("error", () => video.getAttribute("src") && onFail());
    video.addEventListener("seeked", () => this.#arrived());
    for (const name of ["loadeddata", "pause", "timeupdate"]) video.addEventListener(name, () => onTime());
    video.addEventListener("play", () => requestAnimationFrame(() => this.#follow()));
  }

  load(source, times, durationS) {
    this.times = times;
    this.durationS = durationS;
    this.#wanted = null;
    this.video.src = source;
  }

  clear() {
    this.times = new Float64Array();
    this.durationS = 0;
    this.loop = null;
    this.#wanted = null;
    this.video.removeAttribute("src");
    this.video.load();
  }

  get isPlaying() {
    return !this.video.paused && !this.video.ended;
  }

  get isLoaded() {
    return this.times.length > 0 && this.video.hasAttribute("src");
  }

  // Number of the frame that is shown; that of a jump under way is where it leads.
  get frame() {
    if (this.#wanted !== null) return this.#wanted;
    return Math.max(0, lastAtMost(this.times, this.video.currentTime + ROUNDING_S));
  }

  // Seconds at which the frame begins that is shown.
  get timeS() {
    return this.times.length ? this.times[this.frame] : 0;
  }

  // Seconds at which the next frame begins, or the video ends.
  get frameEndS() {
    return this.times[this.frame + 1] ?? this.durationS;
  }

  // The start of a frame that lies nearest to a time, or the end of the video.
  snap(timeS) {
    if (!this.times.length) return Math.max(0, timeS);
    const place = Math.max(0, lastAtMost(this.times, timeS));
    const next = this.times[place + 1] ?? this.durationS;
    return next - timeS < timeS - this.times[place] ? next : Math.max(0, this.times[place]);
  }

  // Show the frame at a time.
  seek(timeS) {
    this.#show(lastAtMost(this.times, timeS + ROUNDING_S));
  }

  step(frames) {
    this.video.pause();
    this.#show(this.frame + frames);
  }

  toggle() {
    if (this.isPlaying) this.video.pause();
    else this.video.play().catch(() => {});
  }

  #show(frame) {
    if (!this.isLoaded) return;
    const place = Math.min(Math.max(0, frame), this.times.length - 1);
    const isUnderWay = this.#wanted !== null;
    this.#wanted = place;
    if (!isUnderWay) this.#jump(place);
    this.onTime();
  }

  // The middle of a frame: at its very start browsers may show the one before.
  #jump(place) {
    const start = this.times[place];
    this.video.currentTime = (start + (this.times[place + 1] ?? this.durationS)) / 2;
  }

  // Of several jumps that were asked for while one was under way, the last one counts.
  #arrived() {
    const place = this.#wanted;
    const shown = Math.max(0, lastAtMost(this.times, this.video.currentTime + ROUNDING_S));
    if (place !== null && place !== shown && this.isLoaded) this.#jump(place);
    else this.#wanted = null;
    this.onTime();
  }

  #follow() {
    if (!this.isPlaying) return;
    const now = this.video.currentTime;
    if (this.loop && this.#wanted === null && (now >= this.loop[1] || now < this.loop[0] - 0.5)) this.seek(this.loop[0]);
    this.onTime();
    requestAnimationFrame(() => this.#follow());
  }
}
