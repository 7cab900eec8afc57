"""`vidlabel.tune`: outer folds that no trial sees, its files, and clear refusals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import vidlabel
from evaluation.evaluated import telling_table
from vidlabel.errors import AnnotationError, InstallationError, UsageError
from vidlabel.evaluation import tune as tuning
from vidlabel.evaluation.nested_search import NestedFigures, held_out_scores
from vidlabel.evaluation.predictions import Classes
from vidlabel.heads.model import Network, load_model
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.fitting import fit as fitting
from vidlabel.training.fitting import inner_cv
from vidlabel.training.fitting.tensors import TrainingTensors, make_training_tensors
from vidlabel.training.fitting.whitening import Whitening
from vidlabel.training.search.journal import OuterFoldScores
from vidlabel.training.search.quality import ClipScore

pytestmark = pytest.mark.usefixtures("few_epochs")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return telling_table(tmp_path)


def test_outer_folds_are_never_seen_by_their_search(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    def spy(dataset: FeatureDataset, whitening: Whitening) -> TrainingTensors:
        seen[-1].update(example.group for example in dataset.training_set.examples)
        return make_training_tensors(dataset, whitening)

    monkeypatch.setattr(inner_cv, "make_training_tensors", spy)
    monkeypatch.setattr(fitting, "make_training_tensors", spy)
    tested: list[set[str]] = []

    def held_out(
        network: Network, dataset: FeatureDataset, clips: Sequence[int], classes: Classes
    ) -> tuple[ClipScore, ...]:
        tested.append({dataset.training_set.examples[clip].group for clip in clips})
        return held_out_scores(network, dataset, clips, classes)

    monkeypatch.setattr(tuning, "held_out_scores", held_out)

    class Parts(tuning.SilentTuneListener):
        def part_begun(self, part: int, parts: int, left_s: float) -> None:  # noqa: ARG002
            seen.append(set())

    monkeypatch.setattr(tuning, "SilentTuneListener", Parts)
    found = vidlabel.tune(table, tmp_path / "b.safetensors", trials=2, inner_folds=2, nested=True, folds=2)
    everything = {f"g{number}" for number in range(6)}
    assert seen[0] == everything
    assert tested[0::2] == tested[1::2]  # the tuned model and the defaults are measured on the same clips
    assert [one | other for one, other in zip(seen[1:], tested[::2], strict=True)] == [everything, everything]
    assert all(not one & other for one, other in zip(seen[1:], tested[::2], strict=True))
    assert found.nested is not None
    assert found.nested.folds == 2
    assert load_model(tmp_path / "b.safetensors").spec.description == "Trained on 12 clips."
    assert not (tmp_path / "b.safetensors.tuning").exists()


def outer(tuned: Sequence[float], defaults: Sequence[float]) -> NestedFigures:
    def scores(values: Sequence[float]) -> tuple[ClipScore, ...]:
        return tuple(ClipScore(f"g{number}", value, 1.0) for number, value in enumerate(values))

    return NestedFigures.of([OuterFoldScores(1, tuple(range(len(tuned))), scores(tuned), scores(defaults))])


@pytest.mark.parametrize(
    ("tuned", "defaults", "verdict"),
    [
        ((1, 1, 1, 1), (1, 1, 1, 0), "equal"),  # by one standard error, not by more
        ((1, 1, 1, 1), (0, 0, 1, 0), "better"),
        ((1, 1, 0, 1), (1, 1, 0, 1), "equal"),
        ((1, 1, 1, 0), (1, 1, 1, 1), "lower"),
        ((0, 0, 1, 0), (1, 1, 1, 1), "worse"),
    ],
)
def test_the_verdict_says_so_when_tuning_does_harm(
    tuned: tuple[float, ...], defaults: tuple[float, ...], verdict: str
) -> None:
    assert outer(tuned, defaults).verdict == verdict


def test_what_cannot_be_searched_is_refused(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "b.safetensors"
    for options, problem in (
        ({"minutes": 0}, "--minutes"),
        ({"minutes": float("nan")}, "--minutes"),
        ({"trials": 0}, "--trials"),
        ({"inner_folds": 1}, "--inner-folds"),
        ({"folds": 2}, "add --nested"),
    ):
        with pytest.raises(UsageError, match=problem):
            vidlabel.tune(table, output, **options)
    with pytest.raises(UsageError, match="is a folder"):
        vidlabel.tune(table, tmp_path)
    one = tmp_path / "one.csv"
    text = table.read_text(encoding="utf-8").splitlines()
    one.write_text("\n".join([text[0], *(f"{row.rpartition(',')[0]},g" for row in text[1:])]), encoding="utf-8")
    with pytest.warns(UserWarning, match="group"), pytest.raises(AnnotationError, match="group"):
        vidlabel.tune(one, output, nested=True)
    monkeypatch.setattr(tuning, "find_spec", lambda name: None)
    with pytest.raises(InstallationError, match=r"optuna: is missing.*vidlabel\[tune\]"):
        vidlabel.tune(table, output)
    assert not output.exists()
