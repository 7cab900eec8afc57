"""Where the text of a video comes from, and what is shown at the times of its samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.errors import SubtitleError, VideoError
from vidlabel.video.container.subtitle_streams import read_lines
from vidlabel.video.damage.stderr_log import silent_ffmpeg
from vidlabel.video.subtitles.files import SubtitleFile, read_subtitle_file
from vidlabel.video.subtitles.lines import ShownText, SubtitleLine
from vidlabel.video.subtitles.sidecar import find_sidecar
from vidlabel.video.subtitles.transcript import read_transcript

if TYPE_CHECKING:
    from vidlabel.video.container.layout import PlacedRecording
    from vidlabel.video.request import Heartbeat


class VideoText:
    """The text that goes with a video: of the named file, else of one beside it, else inside it, else its speech.

    Args:
        video: its file.
        placed: the recordings in it.
        subtitles: file of subtitles that was named; None: none was.
        transcript: file of a `Transcript`; None: speech is not read.
        heartbeat: called for every packet that is read.

    Raises:
        SubtitleError: the named file, or the transcript, cannot be used.
    """

    def __init__(
        self,
        video: Path,
        placed: Sequence[PlacedRecording],
        subtitles: Path | None,
        heartbeat: Heartbeat,
        transcript: Path | None = None,
    ) -> None:
        self.warnings: tuple[str, ...] = ()
        """One line each, for the user."""
        self.source: str | None = None
        """Name of the file, or the stream inside the video; None: the video has no text."""
        self._heartbeat = heartbeat
        file = self._beside(video) if subtitles is None else read_subtitle_file(subtitles)
        if file is not None:
            self.warnings += file.warnings
            self._shown = ShownText(iter(file.lines))
            self.source = self.source or str(subtitles)
            return
        tracks = [(part, part.probe.text_track) for part in placed if part.probe is not None and not part.problem]
        found = next((track for _, track in tracks if track is not None), None)
        if found is not None:
            language = f", {found.language}" if found.language else ""
            self.source = f"subtitle stream {found.index} ({found.codec}{language})"
        elif transcript is not None:
            spoken = read_transcript(transcript)
            self.warnings += spoken.warnings
            self._shown = ShownText(spoken.shown())
            self.source = "speech"
            return
        with silent_ffmpeg():
            self._shown = ShownText(self._inside([part for part, track in tracks if track is not None]))

    def at(self, time_s: Fraction) -> str | None:
        """What is shown at a time, not before that of the last call; None where the video has no text at all.

        Args:
            time_s: seconds from the first presented frame.
        """
        if self.source is None:
            return None
        with silent_ffmpeg():
            return self._shown.at(time_s)

    def _beside(self, video: Path) -> SubtitleFile | None:
        sidecar = find_sidecar(video)
        if sidecar.warning:
            self._warn(sidecar.warning)
        if sidecar.path is None:
            return None
        try:
            file = read_subtitle_file(sidecar.path)
        except SubtitleError as error:
            self._warn(f"{sidecar.path.name}: {error.problem}; it is not used")
            return None
        self.source = sidecar.path.name
        return file

    def _inside(self, placed: Sequence[PlacedRecording]) -> Iterator[SubtitleLine]:
        """Lines of the streams in the file; those of a recording are shown within it."""
        for part in placed:
            if part.probe is None or part.probe.text_track is None:
                continue
            shift_s = part.start_s - part.probe.first_pts * part.probe.time_base
            index = part.probe.text_track.index
            try:
                for line in read_lines(part.recording, index, self._heartbeat, self._warn):
                    start_s, end_s = max(line.start_s + shift_s, part.start_s), min(line.end_s + shift_s, part.end_s)
                    if end_s > start_s:
                        yield replace(line, start_s=start_s, end_s=end_s)
            except VideoError as error:
                self._warn(f"the subtitles inside the file cannot be read: it {error.problem}")

    def _warn(self, warning: str) -> None:
        self.warnings += (warning,)
