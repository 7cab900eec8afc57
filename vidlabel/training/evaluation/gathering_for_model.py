"""Features of labelled videos as a model takes them that was trained elsewhere."""

from __future__ import annotations

from dataclasses import replace

from vidlabel.errors import UsageError
from vidlabel.features.cache import FeatureCache
from vidlabel.features.cache_folder import cache_folder
from vidlabel.features.recipe import PICTURE_STREAMS, View
from vidlabel.features.video_features import FeatureExtractor
from vidlabel.heads.model import Model
from vidlabel.model_encoder import tuned_weights_in
from vidlabel.training.dataset.examples import TrainingSet
from vidlabel.training.dataset.gathering import Gathered, GatheringListener, gather_feature_files, gather_video_features
from vidlabel.training.gather import FeatureOptions


def gather_for_model(
    model: Model, training_set: TrainingSet, options: FeatureOptions, listener: GatheringListener
) -> Gathered:
    """The features of all videos, made as the model says.

    Args:
        model: that is to be asked.
        training_set: videos, or files of features.
        options: where features are kept, and where the encoder runs.
        listener: told how it goes.

    Raises:
        UsageError: the model cannot take the features of these files.
        InputError: none can be used.
    """
    spec = model.spec
    if training_set.features is not None:
        gathered = gather_feature_files(training_set, listener)
        if gathered.width != spec.feature_size:
            problem = f"it takes {spec.feature_size} numbers a sample, and these files hold {gathered.width}"
            raise UsageError("--model", problem, "give files of the features that it was trained on, or videos")
        return replace(gathered, streams=spec.streams)
    streams = tuple(stream for name in spec.streams for stream in PICTURE_STREAMS if stream == name)
    if len(streams) != len(spec.streams):
        problem = f"takes {', '.join(spec.streams)}, which cannot be computed from videos"
        raise UsageError("--model", problem, "give files of features in the table")
    recipe = replace(
        options.recipe,
        encoder=spec.encoder.name,
        tuned=tuned_weights_in(model),
        rate=spec.rate,
        short_side=spec.preprocessing.short_side,
        lag_s=options.recipe.lag_s if spec.lag_s is None else spec.lag_s,
    )
    cache = FeatureCache(cache_folder(options.cache))
    view: View = "centre" if spec.preprocessing.crop == "centre" else "whole"
    extractor = FeatureExtractor(recipe, streams, (view,), cache, options.device)
    return gather_video_features(training_set, extractor, listener)
