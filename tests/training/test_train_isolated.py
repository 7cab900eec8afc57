"""No video is opened in the process that trains: a file that ends or blocks its decoder ends and blocks that alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from corpus import Recipe, write_video
from training.sets import write_table

CODE = {
    "train": """
vidlabel.train("labels.csv", "m.safetensors", cache_dir="cache", rate=2, head="mean", epochs=1, inner_folds=0)
""",
    "features": """
from vidlabel.features.config import FeatureConfig, feature_blocks
from vidlabel.features.video_features import FeatureExtractor
from pathlib import Path
found = FeatureExtractor(FeatureConfig(rate=2), feature_blocks(("frames",))).features(Path("0.mp4"))
assert found.times.tolist() == [0, 0.52]
""",
}


@pytest.mark.parametrize("use", [pytest.param("train", marks=pytest.mark.slow), "features"])
def test_no_decoder_is_loaded(use: str, tmp_path: Path) -> None:
    for number in range(4):
        write_video(tmp_path / f"{number}.mp4", Recipe(frames=20))
    write_table(tmp_path, "".join(f"{number}.mp4,,,{'odd' if number % 2 else 'even'}\n" for number in range(4)))
    code = f"import sys, vidlabel\n{CODE[use]}\nprint(sorted({{'av', 'decord'}} & set(sys.modules)))"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert ended.stdout.splitlines()[-1:] == ["[]"], ended.stderr
