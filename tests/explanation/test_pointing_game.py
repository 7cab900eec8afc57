"""The peak of an explanation lies where the evidence is: features and videos are made with it at a known time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vidlabel
from evidence_videos import make_evidence_videos
from explain_faithfulness import peaks, place_hits, point, train_on_made
from training.learnable import bump


def test_the_peak_lies_at_the_bump(tmp_path: Path) -> None:
    """Clips of 6 s in which one of two numbers rises for a moment; the label, for the whole clip, says which."""
    generator = np.random.default_rng(0)
    rows, moments = "video,start,end,label\n", {}
    for number in range(36):
        values = generator.normal(0, 0.1, (24, 6)).astype(np.float32)
        moments[number] = float(generator.uniform(0.1, 0.9))
        values[:, number % 2] += bump(24, moments[number])
        np.savez(tmp_path / f"{number}.npz", features=values, times=np.arange(24) / 4)
        if number < 24:
            rows += f"{number}.npz,,,{('blue', 'red')[number % 2]}\n"
    (tmp_path / "labels.csv").write_text(rows)
    model = tmp_path / "m.safetensors"
    vidlabel.train(tmp_path / "labels.csv", model, head="gru", bidirectional=True, inner_folds=0, hidden=8, epochs=30)
    hits = []
    for number in range(24, 36):
        found = vidlabel.explain(tmp_path / f"{number}.npz", model, label=("blue", "red")[number % 2], time=3.0)
        peak_s = peaks(found)["integrated gradients"]
        hits.append(abs(peak_s - moments[number] * 23 / 4) <= 0.5)  # at that distance the bump is at 0.24
    assert np.mean(hits) >= 0.95


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("shared_decoding", "shared_encoders")
def test_the_peak_shows_the_square(tmp_path: Path) -> None:
    model = train_on_made(tmp_path, 32, seed=0)
    videos = make_evidence_videos(tmp_path / "test", 12, seed=1)
    found = point(model, videos, tmp_path / "explained")
    assert len(found) >= 6
    hits = [video.start_s <= peaks(own)["integrated gradients"] < video.end_s for video, own in found]
    assert np.mean(hits) >= 0.95
    places = [place_hits(video, own) for video, own in found]
    # Of a dozen one may miss: cells of the map are a seventh of the picture apart.
    assert np.mean([hit["class activation map, in the picture"] for hit in places]) >= 0.9
