"""What of the data decides which heads are trained, and for how long."""

from __future__ import annotations

from vidlabel.training.dataset.feature_dataset import FeatureDataset, is_whole
from vidlabel.training.fitting.plans import StreamShape, TaskShape
from vidlabel.training.fitting.whitening import Whitening
from vidlabel.training.fitting.windows import WindowLength, timed_windows
from vidlabel.training.options import TrainOptions


def make_task_shape(
    dataset: FeatureDataset, whitening: Whitening, window: WindowLength, options: TrainOptions
) -> TaskShape:
    """The shape of a task.

    Args:
        dataset: what is learnt from.
        whitening: of its streams.
        window: that the model runs in.
        options: of training.
    """
    whole, clips = is_whole(dataset), len(dataset.features)
    if not whole:
        clips = timed_windows(sum(len(clip.times) for clip in dataset.features), clips, window.samples)
    updates = -(-clips // options.batch_size)
    streams = tuple(
        StreamShape(stream.name, len(own.components), stream.modality)
        for stream, own in zip(dataset.streams, whitening.streams, strict=True)
    )
    return TaskShape(whitening.inputs_size, len(dataset.training_set.labels), whole, updates, streams)
