"""Features of labelled videos as a model takes them that was trained elsewhere."""

from __future__ import annotations

from vidlabel.errors import UsageError
from vidlabel.features.cache import FeatureCache
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.heads.model import Model
from vidlabel.prediction.feature_inputs import features_problem, read_for_model
from vidlabel.prediction.video_inputs import feature_config, video_problem, view_of
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
            return ExampleFeatures.of_file(read_for_model(spec, example.path), spec.stream_sizes)

        return gather_examples(training_set, read, spec.streams, listener)
    problem = video_problem(spec)
    if problem is not None:
        raise UsageError("--model", problem, "give files of features in the table, or another model")
    extractor = FeatureExtractor(
        feature_config(model, options.recipe),
        spec.streams,
        (view_of(spec),),
        FeatureCache(cache_folder(options.cache)),
        options.device,
    )
    return gather_video_features(training_set, extractor, listener)
