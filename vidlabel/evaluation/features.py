"""Features of labelled videos as a model takes them that was trained elsewhere."""

from __future__ import annotations

from dataclasses import replace

from vidlabel.errors import UsageError
from vidlabel.features.cache import FeatureCache
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.config import PICTURE_STREAMS, View
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.heads.model import Model
from vidlabel.prediction.encoder import tuned_weights_in
from vidlabel.prediction.model_inputs import features_problem, read_for_model, scaling_for, video_problem
from vidlabel.training.dataset.examples import Example, TrainingSet
from vidlabel.training.dataset.features import (
    ExampleFeatures,
    FeatureDataset,
    GatheringListener,
    gather_examples,
    gather_video_features,
)
from vidlabel.training.features import FeatureOptions


def gather_for_model(
    model: Model, training_set: TrainingSet, options: FeatureOptions, listener: GatheringListener
) -> FeatureDataset:
    """The features of all videos, made as the model says.

    Args:
        model: that is to be asked.
        training_set: videos, or files of features.
        options: where features are kept, and where the encoder runs.
        listener: told how it goes.

    Raises:
        UsageError: the model takes other features than those of the files, or such as no video gives.
        InputError: none can be used.
    """
    spec = model.spec
    if training_set.features is not None:
        difference = features_problem(spec, training_set.features)
        if difference is not None:
            remedy = "give files of the features that it was trained on, or videos"
            raise UsageError("--model", f"these files hold {difference}", remedy)

        def read(example: Example) -> ExampleFeatures:
            """Features from one file, as the model takes them."""
            return ExampleFeatures.of_file(read_for_model(spec, example.path))

        return gather_examples(training_set, read, spec.streams, listener)
    problem = video_problem(spec)
    if problem is not None:
        raise UsageError("--model", problem, "give files of features in the table, or another model")
    streams = tuple(stream for name in spec.streams for stream in PICTURE_STREAMS if stream == name)
    recipe = replace(
        options.recipe,
        encoder=spec.encoder.name,
        tuned=tuned_weights_in(model),
        scaling=scaling_for(spec),
        rate=spec.rate,
        short_side=spec.preprocessing.short_side,
        lag_s=options.recipe.lag_s if spec.lag_s is None else spec.lag_s,
    )
    cache = FeatureCache(cache_folder(options.cache))
    view: View = "centre" if spec.preprocessing.crop == "centre" else "whole"
    extractor = FeatureExtractor(recipe, streams, (view,), cache, options.device)
    return gather_video_features(training_set, extractor, listener)
