"""decord as a package: doubled, and left out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from video.in_process import samples
from vidlabel.errors import InstallationError
from vidlabel.video.decoders.decord import load_decord

VideoMaker = Callable[[str], Path]


@pytest.fixture
def old_decord(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both distributions are installed, as far as their metadata says."""
    for name, version in (("decord", "0.6.0"), ("decord2", "3.4.0")):
        folder = tmp_path / "site" / f"{name}-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


@pytest.mark.usefixtures("old_decord")
def test_two_decords_are_refused_with_what_to_do() -> None:
    with pytest.raises(InstallationError, match=r"both installed.*pip uninstall decord decord2"):
        load_decord()


@pytest.mark.usefixtures("old_decord")
def test_two_decords_do_not_stop_the_automatic_choice(video: VideoMaker) -> None:
    stream = samples(video("closed.mp4"))
    assert len(list(stream)) == 5
    assert stream.report.decoder.startswith("pyav: ")
    with pytest.raises(InstallationError):
        list(samples(video("closed.mp4"), decoder="decord"))


def test_decord_is_loaded_without_any_environment() -> None:
    code = "from vidlabel.video.decoders.decord import load_decord; print(load_decord().__name__)"
    command = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("decord\n", "")


def test_reading_a_video_imports_nothing_heavy_and_says_nothing(video: VideoMaker) -> None:
    """The decode process stays small: neither torch nor the command line comes with it."""
    code = (
        "import sys; from pathlib import Path; "
        "from vidlabel.video.container.source import VideoSource; "
        "from vidlabel.video.decoders.session import DecodeSession; "
        "from vidlabel.video.request import SampleRequest; "
        f"opened = VideoSource(Path({str(video('closed.mp4'))!r})); "
        "print(len(list(DecodeSession(opened, SampleRequest()).pictures()))); "
        "print(sorted({'torch', 'typer', 'rich', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["5", "[]"]
    assert done.stderr == ""
