"""The share of each stream in a score: against log-odds computed by hand, and where one stream tells everything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from heads.example_specs import save_example
from heads.test_inputs import FEATURES, fused_spec
from vidlabel.heads.model import Model
from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.stream_shares import StreamShares, have_shares, stream_shares


def test_shares_are_lost_log_odds() -> None:
    # In units of log 3: 1 and 2 with both streams; 1 and 1 without the frames; 0 and 0 without sound.
    found = stream_shares([0.75, 0.9], {"frames": [0.75, 0.75], "audio": [0.5, 0.5]})
    assert found == pytest.approx({"frames": 0.5 / 2, "audio": 1.5 / 2})
    against = stream_shares([0.75], {"frames": [0.9], "audio": [0.5]})  # the frames spoke against it
    assert against == {"frames": 0.0, "audio": 1.0}
    assert stream_shares([0.5], {"frames": [0.5], "audio": [0.6]}) == {"frames": 0.0, "audio": 0.0}
    assert stream_shares([1.0], {"frames": [0.0], "audio": [1.0]}) == {"frames": 1.0, "audio": 0.0}


def shares(model: Model, available: tuple[str, ...]) -> dict[str, float]:
    columns = slice(0, 7 if len(available) == 2 else 3)
    scorer, found = make_scorer(model, available=available), StreamShares(model, available)
    scores = []
    for piece in np.split(FEATURES[:, columns], [5, 21]):
        scores.append(scorer.push(piece))
        found.push(piece)
    scores.append(scorer.finish())
    found.finish()
    both = np.concatenate(scores)
    return found.of(both, int(both.mean(axis=0).argmax()), np.arange(40) < 30)


def test_a_stream_that_no_head_listens_to_has_no_share(tmp_path: Path) -> None:
    model = save_example(fused_spec(), tmp_path / "m.safetensors", seed=4)
    found = shares(model, ("frames", "audio"))
    assert sum(found.values()) == pytest.approx(1)
    model.projections[1].components[:] = 0
    found = shares(model, ("frames", "audio"))
    assert found["audio"] == 0


def test_one_stream_has_no_shares() -> None:
    assert have_shares(fused_spec(), ("frames", "audio"))
    assert not have_shares(fused_spec(), ("frames",))
