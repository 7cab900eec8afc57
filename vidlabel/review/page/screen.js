// How a video comes to be played: as it is, or as a copy that the server makes meanwhile.

import { frameTimes, get, post } from "./api.js";
import { screenNote } from "./views.js";

const POLL_MS = 500;

export class Screen {
  playing = null; // what the server last sent about the video

  // onReady() is called once the video can be played, onWarning(text) and onError(error) with what to show.
  constructor(player, note, onReady, onWarning, onError) {
    Object.assign(this, { player, note, onReady, onWarning, onError });
    this.video = -1;
  }

  open(video, playing) {
    this.player.clear();
    this.video = video;
    this.#show(video, playing);
  }

  // The browser could not play the file: let the server copy it.
  async failed() {
    if (!this.playing || this.playing.isCopy) {
      this.onError(new Error("The browser cannot play this video."));
      return;
    }
    const video = this.video;
    this.player.clear();
    const news = await post(`api/videos/${video}/copy`).catch(this.onError);
    if (news) this.#show(video, news);
  }

  async #show(video, playing) {
    if (video !== this.video) return; // another one was opened meanwhile
    this.playing = playing;
    this.note.textContent = screenNote(playing);
    this.note.hidden = !this.note.textContent;
    if (playing.warnings.length) this.onWarning(playing.warnings.join("; "));
    if (playing.stage === "ready") {
      const times = await frameTimes(video);
      if (video !== this.video) return;
      this.player.load(`media/${video}?${playing.isCopy ? "copy" : "file"}`, times, playing.durationS);
      this.onReady();
    } else if (playing.stage === "reading" || playing.stage === "copying") {
      setTimeout(async () => {
        if (video !== this.video) return;
        const news = await get(`api/videos/${video}/playing`).catch(this.onError);
        if (news) this.#show(video, news);
      }, POLL_MS);
    }
  }
}
