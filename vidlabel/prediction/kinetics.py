"""Video networks that were pulled as models of the 400 actions of Kinetics, with nothing to train.

The features of clips go through the classifier that was published with the network. T samples, C classes.
"""

from __future__ import annotations

import hashlib

from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.pulled.folder import pulled_path
from vidlabel.features.encoders.pulled.table import pullable_model
from vidlabel.features.encoders.video_networks.table import VIDEO_NETWORKS
from vidlabel.features.streams.registry import find_stream
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.model import Model
from vidlabel.heads.numpy_heads import NumpyHead
from vidlabel.heads.spec import ModelSpec

RATE = 2.0
"""Clips overlap: they last 1.1 or 2.1 s."""
THRESHOLD = 0.5
"""That of `objects-coarse`: the weights could not be had to measure a better one."""
MINIMUM_DURATION_S = 1.0


def kinetics_spec(name: str) -> ModelSpec:
    """The description of a network as a model.

    Raises:
        InstallationError: its weights were not pulled, or torchvision is missing.
    """
    from vidlabel.features.encoders.video_networks.torchvision_networks import class_names  # torch takes a second

    network = VIDEO_NETWORKS[name]
    pulled_path(name)  # What is missing is found out before torchvision is loaded.
    labels = class_names(network)
    stream = find_stream(name).describe(FeatureConfig(short_side=network.short_side), "centre")
    size = network.feature_size
    head = HeadConfig(kind="mean", input_size=size, hidden_size=size, outputs=len(labels))
    return ModelSpec(
        name=name,
        description=f"The {len(labels)} actions of Kinetics, by the video network {name}; one at a time.",
        labels=labels,
        task="single",
        members=(MemberSpec(head=head),),
        streams=(stream,),
        decoder="decord",
        rate=RATE,
        thresholds=(THRESHOLD,) * len(labels),
        minimum_durations_s=(MINIMUM_DURATION_S,) * len(labels),
        licence=f"{pullable_model(name).licence}. Weights: torchvision's, trained on Kinetics-400.",
        created="unknown",
    )


def kinetics_digest(spec: ModelSpec) -> str:
    """SHA-256 of all that the scores depend on beside the features; that of the weights is in the description."""
    return hashlib.sha256(spec.to_json().encode("utf-8")).hexdigest()


def load_kinetics(name: str) -> Model:
    """Load a network as a model.

    Raises:
        InstallationError: its weights were not pulled or are damaged, or torchvision is missing.
    """
    from vidlabel.features.encoders.video_networks import torchvision_networks  # torch takes a second

    network = VIDEO_NETWORKS[name]
    spec = kinetics_spec(name)
    weight, bias = torchvision_networks.classifier_layer(network, torchvision_networks.read_network_weights(network))
    head = NumpyHead(spec.members[0].head, {"output.weight": weight, "output.bias": bias})
    return Model(spec, (head,), (), pulled_path(name), kinetics_digest(spec))
