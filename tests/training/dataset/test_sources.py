"""Files that a table names: the same under every spelling, with the name that was perhaps meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.sets import write_features
from vidlabel.errors import InputError
from vidlabel.training.dataset.sources import is_there, missing_file_problem, open_source, resolve


def test_spellings_and_links_of_one_file_are_one(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.mp4").touch()
    (tmp_path / "sub" / "link.mp4").symlink_to("../a.mp4")
    real = Path(tmp_path).resolve() / "a.mp4"
    for spelling in ("a.mp4", "./a.mp4", "sub/../a.mp4", "sub/link.mp4", str(tmp_path / "a.mp4")):
        assert resolve(tmp_path, spelling) == real


def test_what_cannot_be_looked_at_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "lost").symlink_to("gone")
    assert is_there(resolve(tmp_path, "one"))
    assert is_there(tmp_path / ("x" * 300))
    assert is_there(tmp_path)
    assert not any(is_there(tmp_path / name) for name in ("gone", "lost", "a\0b"))


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("WALK.MP4", "walk.mp4"),
        ("wlak.mp4", "walk.mp4"),
        (" walk.mp4", "walk.mp4"),
        ("sub\\run.mp4", "sub/run.mp4"),
        ("sub/rum.mp4", "sub/run.mp4"),
        ("quite-another.avi", None),
        ("nowhere/walk.mp4", None),
    ],
)
def test_the_file_that_was_perhaps_meant(tmp_path: Path, asked: str, meant: str | None) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("walk.mp4", "sub/run.mp4"):
        (tmp_path / name).touch()
    hint = f" (is it {meant!r}?)" if meant else ""
    assert missing_file_problem(tmp_path, asked) == f"there is no file {asked!r}{hint}"


NFC, NFD, MIXED = "\u1e69.mp4", "s\u0323\u0307.mp4", "s\u0307\u0323.mp4"
"""One letter with two dots in three forms."""


@pytest.mark.parametrize(("asked", "there"), [(NFC, NFD), (NFD, NFC), (MIXED, NFC)])
def test_a_name_in_another_unicode_form_is_found(tmp_path: Path, asked: str, there: str) -> None:
    (tmp_path / "\u00e9").mkdir()
    (tmp_path / "\u00e9" / there).touch()
    (tmp_path / "\u00e9" / "other.mp4").touch()
    found = resolve(tmp_path, f"e\u0301/{asked}")
    assert found == tmp_path.resolve() / "\u00e9" / there
    assert resolve(tmp_path, f"\u00e9/{there}") == found


def test_names_in_two_unicode_forms_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / NFC).touch()
    (tmp_path / NFD).touch()
    assert [resolve(tmp_path, name) for name in (NFC, NFD)] == [tmp_path.resolve() / name for name in (NFC, NFD)]
    assert not is_there(resolve(tmp_path, MIXED))
    assert missing_file_problem(tmp_path, MIXED) == (
        r"there is no file 's\u0307\u0323.mp4', and 's\u0323\u0307.mp4' and '\u1e69.mp4' "
        "differ from it by their Unicode form alone"
    )


def test_a_letter_that_looks_like_another_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "walk.mp4").touch()
    assert missing_file_problem(tmp_path, "w\u0430lk.mp4") == (r"there is no file 'w\u0430lk.mp4' (is it 'walk.mp4'?)")


def test_paths_that_count_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tables/clips/a.mp4", "data/b.mp4"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    folder, start = Path("tables"), "there is no file {!r} from the table's folder, where paths count from; the one in "
    assert missing_file_problem(folder, "tables/clips/a.mp4") == (
        start.format("tables/clips/a.mp4") + "the working directory is 'clips/a.mp4'"
    )
    assert missing_file_problem(folder, "data/b.mp4").endswith("the working directory is '../data/b.mp4'")
    monkeypatch.chdir("/")
    assert missing_file_problem(tmp_path / "tables", "data/b.mp4") == (
        start.format("data/b.mp4") + "the folder above the table's is '../data/b.mp4'"
    )


def test_features_and_videos_tell_how_long_they_last(tmp_path: Path) -> None:
    features = write_features(tmp_path / "a.npz", seconds=6.0, rate=4.0, width=3)
    source = open_source(features, None)
    assert source.duration_s == 6.0
    assert source.features is not None
    assert (source.features.width, source.features.rate) == (3, 4.0)
    example = Path(__file__).parents[3] / "examples" / "bottle-detection.mp4"
    video = open_source(example, None)
    assert video.features is None
    assert video.duration_s > 1


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"no zip")
    with pytest.raises(InputError):
        open_source(tmp_path / "a.npz", None)
