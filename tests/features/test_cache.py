"""Features that are kept: found again by content, never taken from a damaged file."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vidlabel.errors import OutputError, UsageError, VideoError
from vidlabel.features.cache import CachedBlock, FeatureCache, as_kept
from vidlabel.features.cache_folder import CACHE_VARIABLE, cache_folder, cache_summary
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.encoders.hardware import is_openvino_installed
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.features.video_hash import video_hash
from vidlabel.video.request import ReadReport

CONFIG = FeatureConfig(rate=4.0)
BLOCK = FeatureBlock("frames", "centre")
REPORT = ReadReport("pyav: edit list", 2, 1.0, 1.75, ("the clock jumps",), ((0.5, 0.75),))


def some_block(samples: int = 7, width: int = 5) -> CachedBlock:
    values = np.random.default_rng(4).uniform(0, 6, (samples, width)).astype(np.float32)
    return CachedBlock(np.arange(samples) / 4, values, REPORT)


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    cache, block = FeatureCache(tmp_path), some_block()
    assert cache.load("v", CONFIG, BLOCK) is None
    cache.keep("v", CONFIG, BLOCK, block)
    back = cache.load("v", CONFIG, BLOCK)
    assert back is not None
    assert back.times.tolist() == block.times.tolist()
    assert back.values.dtype == np.float32
    np.testing.assert_allclose(back.values, block.values, rtol=2**-11)
    np.testing.assert_array_equal(back.values, as_kept(block.values))
    assert back.report == REPORT


@pytest.mark.parametrize(
    ("content", "config", "block"),
    [
        ("w", CONFIG, BLOCK),
        ("v", replace(CONFIG, rate=8.0), BLOCK),
        ("v", replace(CONFIG, encoder="efficientnet-lite1"), BLOCK),
        ("v", replace(CONFIG, short_side=240), BLOCK),
        ("v", replace(CONFIG, decoder="pyav"), BLOCK),
        ("v", replace(CONFIG, scaling=PixelScaling(0.0, 255.0)), BLOCK),
        ("v", CONFIG, FeatureBlock("motion", "centre")),
        ("v", CONFIG, FeatureBlock("frames", "centre-flipped")),
    ],
)
def test_whatever_changes_features_has_an_entry_of_its_own(
    tmp_path: Path, content: str, config: FeatureConfig, block: FeatureBlock
) -> None:
    cache = FeatureCache(tmp_path)
    cache.keep("v", CONFIG, BLOCK, some_block())
    assert cache.load(content, config, block) is None


def test_the_lag_matters_to_motion_alone(tmp_path: Path) -> None:
    cache, other = FeatureCache(tmp_path), replace(CONFIG, lag_s=0.2)
    motion = FeatureBlock("motion", "centre")
    cache.keep("v", CONFIG, BLOCK, some_block())
    cache.keep("v", CONFIG, motion, some_block())
    assert cache.load("v", other, BLOCK) is not None
    assert cache.load("v", other, motion) is None


def test_any_changed_byte_makes_an_entry_missing_or_leaves_its_numbers(tmp_path: Path) -> None:
    cache, block = FeatureCache(tmp_path), some_block(2, 3)
    cache.keep("v", CONFIG, BLOCK, block)
    (path,) = entries(tmp_path)
    whole = path.read_bytes()
    found = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        back = cache.load("v", CONFIG, BLOCK)
        if back is not None:  # a letter of the report has changed
            found += 1
            np.testing.assert_array_equal(back.values, as_kept(block.values))
            np.testing.assert_array_equal(back.times, block.times)
    assert found < len(whole) / 4


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 100])
def test_a_cut_or_foreign_entry_is_missing_and_is_replaced(tmp_path: Path, length: int) -> None:
    cache = FeatureCache(tmp_path)
    cache.keep("v", CONFIG, BLOCK, some_block())
    (path,) = entries(tmp_path)
    for content in (path.read_bytes()[:length], b"\xff" * length):
        path.write_bytes(content)
        assert cache.load("v", CONFIG, BLOCK) is None
    cache.keep("v", CONFIG, BLOCK, some_block())
    assert cache.load("v", CONFIG, BLOCK) is not None


def test_an_entry_under_another_name_is_not_believed(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.keep("v", CONFIG, BLOCK, some_block())
    (first,) = entries(tmp_path)
    content = first.read_bytes()
    cache.keep("w", CONFIG, BLOCK, some_block(3))
    (second,) = set(entries(tmp_path)) - {first}
    second.write_bytes(content)
    assert cache.load("w", CONFIG, BLOCK) is None


def test_features_of_one_runtime_are_not_taken_for_those_of_another(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.keep("v", replace(CONFIG, runtime="torch"), BLOCK, some_block())
    assert cache.load("v", replace(CONFIG, runtime="torch"), BLOCK) is not None
    if is_openvino_installed():
        assert cache.load("v", replace(CONFIG, runtime="openvino"), BLOCK) is None
        assert cache.load("v", CONFIG, BLOCK) is None
    else:
        assert cache.load("v", CONFIG, BLOCK) is not None


WRITER = """
import sys
from pathlib import Path
import numpy as np
from vidlabel.features.cache import CachedBlock, FeatureCache
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.video.request import ReadReport
cache, block = FeatureCache(Path(sys.argv[1])), FeatureBlock("frames", "centre")
for number in range(60):
    values = np.full((50, 40), float(number % 3), np.float32)
    cache.keep(f"v{number % 3}", FeatureConfig(), block, CachedBlock(np.arange(50.0), values, ReadReport("pyav")))
    back = cache.load(f"v{(number + 1) % 3}", FeatureConfig(), block)
    assert back is None or (back.values == (number + 1) % 3).all()
"""


def test_two_processes_may_write_the_same(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)]) for _ in range(2)]
    assert [writer.wait(timeout=200) for writer in writers] == [0, 0]
    assert len(entries(tmp_path)) == 3
    cache = FeatureCache(tmp_path)
    for number in range(3):
        back = cache.load(f"v{number}", FeatureConfig(), BLOCK)
        assert back is not None
        assert (back.values == number).all()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "features").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"):
        FeatureCache(tmp_path).keep("v", CONFIG, BLOCK, some_block())


def test_the_folder_is_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "by-variable"))
    assert cache_folder(tmp_path / "asked") == tmp_path / "asked"
    assert cache_folder() == tmp_path / "by-variable"
    monkeypatch.delenv(CACHE_VARIABLE)
    usual = cache_folder()
    assert usual is not None
    assert usual.name == "vidlabel"
    assert usual.is_absolute()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cache folder"):
        cache_folder(tmp_path / "file")


def test_the_summary_counts_files_and_bytes(tmp_path: Path) -> None:
    assert (cache_summary(tmp_path).entries, cache_summary(tmp_path).size_bytes) == (0, 0)
    cache = FeatureCache(tmp_path)
    cache.keep("v", CONFIG, BLOCK, some_block())
    cache.keep("w", CONFIG, BLOCK, some_block())
    sizes = [path.stat().st_size for path in entries(tmp_path)]
    found = cache_summary(tmp_path)
    assert (found.entries, found.size_bytes) == (2, sum(sizes))


def test_content_is_known_under_any_name(tmp_path: Path) -> None:
    first, copy, other, longer = (tmp_path / name for name in ("a.mp4", "b.mkv", "c.mp4", "d.mp4"))
    first.write_bytes(b"video")
    copy.write_bytes(b"video")
    os.utime(copy, (1, 1))
    other.write_bytes(b"Video")
    longer.write_bytes(b"video\0")
    ids = [video_hash(path) for path in (first, copy, other, longer)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    with pytest.raises(VideoError, match="cannot be read"):
        video_hash(tmp_path / "none")


def test_large_files_are_told_apart_by_ends_and_size(tmp_path: Path) -> None:
    size = (64 << 20) + 12345
    paths = [tmp_path / name for name in ("a", "b", "c", "d")]
    for path, changed, length in zip(paths, (None, 0, size - 1, None), (size, size, size, size + 1), strict=True):
        with path.open("wb") as file:
            file.truncate(length)
            if changed is not None:
                file.seek(changed)
                file.write(b"x")
    assert len({video_hash(path) for path in paths}) == 4
