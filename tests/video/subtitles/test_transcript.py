"""Files of transcripts: what was written is read, and what is damaged is known."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from vidlabel.errors import SubtitleError
from vidlabel.video.subtitles.lines import SubtitleLine
from vidlabel.video.subtitles.transcript import SpokenLine, Transcript, read_transcript

FOUND = Transcript((SpokenLine(1250, 2000, "Grüße --> <b>"), SpokenLine(2000, 2500, "x")), ("damaged",))


def test_a_transcript_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(FOUND.to_bytes())
    assert read_transcript(path) == FOUND


def test_lines_are_subtitles_at_exact_times() -> None:
    assert next(FOUND.shown()) == SubtitleLine(Fraction(5, 4), Fraction(2), "Grüße --> <b>")


def test_damage_is_known(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    content = FOUND.to_bytes()
    changed = content.replace(b"2500", b"2600")
    assert changed != content
    for damaged in (b"", content[:-1], changed, content.split(b"\n")[1]):
        path.write_bytes(damaged)
        with pytest.raises(SubtitleError, match="no transcript"):
            read_transcript(path)
    path.unlink()
    with pytest.raises(SubtitleError):
        read_transcript(path)
