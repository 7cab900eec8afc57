from __future__ import annotations

from pathlib import Path

import pytest

from vidlabel.video.subtitles.sidecar import find_sidecar


@pytest.mark.parametrize(
    ("beside", "found"),
    [
        ([], None),
        (["clip.srt"], "clip.srt"),
        (["CLIP.srt", "clip2.srt", "clip.txt", "other.srt", "clip-1.srt"], None),
        (["clip.VTT"], "clip.VTT"),
        (["clip.vtt", "clip.srt", "clip.en.srt"], "clip.srt"),
        (["clip.ssa", "clip.ass"], "clip.ass"),
        (["clip.en.srt"], "clip.en.srt"),
        (["clip.pt-BR.vtt"], "clip.pt-BR.vtt"),
        (["clip.eng.sdh.srt"], "clip.eng.sdh.srt"),
        (["clip.en.forced.srt"], None),
        (["clip.mp4.srt"], None),
        (["clip.avi", "clip.avi.srt"], None),
        (["clip.commentary.srt"], None),
        (["cliphed.srt", "clip_de.srt"], None),
    ],
)
def test_the_file_named_like_the_video(tmp_path: Path, beside: list[str], found: str | None) -> None:
    for name in ["clip.mp4", *beside]:
        (tmp_path / name).touch()
    sidecar = find_sidecar(tmp_path / "clip.mp4")
    assert (None if sidecar.path is None else sidecar.path.name, sidecar.warning) == (found, "")


def test_several_languages_are_named(tmp_path: Path) -> None:
    for name in ("clip.de.srt", "clip.en.srt"):
        (tmp_path / name).touch()
    sidecar = find_sidecar(tmp_path / "clip.mp4")
    assert sidecar.path is None
    assert sidecar.warning == (
        "there are subtitles in several languages (clip.de.srt, clip.en.srt); name one with --subtitles"
    )


def test_folders_and_odd_names_are_no_subtitles(tmp_path: Path) -> None:
    (tmp_path / "clip.srt").mkdir()
    (tmp_path / "c[l]*p.srt").touch()
    assert find_sidecar(tmp_path / "clip.mp4").path is None
    assert find_sidecar(tmp_path / "c[l]*p.mp4").path == tmp_path / "c[l]*p.srt"
    assert find_sidecar(tmp_path / "missing" / "clip.mp4").path is None


def test_a_video_that_ends_like_subtitles_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "clip.srt").touch()
    assert find_sidecar(tmp_path / "clip.srt").path is None
