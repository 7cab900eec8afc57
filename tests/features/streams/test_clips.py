"""Streams of clips: what is recorded of them, and what is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from features.encoders.video_networks.stand_in import NAME, network
from vidlabel.errors import InstallationError, UsageError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.streams.registry import find_stream, parse_streams, short_side_of
from vidlabel.stream_spec import ClipSampling, EncoderInfo

__all__ = ["network"]

CONFIG = FeatureConfig(short_side=128)


def test_the_description_names_weights_and_clips(network: Path) -> None:
    found = find_stream(NAME).describe(CONFIG, "centre")
    assert found.encoder == EncoderInfo(name=NAME, sha256=hashlib.sha256(network.read_bytes()).hexdigest())
    assert (found.size, found.clip) == (512, ClipSampling(frames=16, rate=15))


def test_other_weights_and_other_clips_cannot_be_computed(network: Path) -> None:
    stream = find_stream(NAME)
    own = stream.describe(CONFIG, "centre")
    other = replace(own, encoder=EncoderInfo(name=NAME, sha256="ab" * 32))
    assert "with the weights abababab, and those that were pulled are" in str(stream.problem(other))
    assert "of other clips" in str(stream.problem(replace(own, clip=ClipSampling(frames=8, rate=15))))
    assert "of other clips" in str(stream.problem(replace(own, clip=None)))


def test_the_command_that_pulls_the_network_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDLABEL_MODELS_DIR", str(tmp_path))
    with pytest.raises(InstallationError, match="is not on this machine; run: vidlabel models pull swin3d_t"):
        find_stream("swin3d_t").describe(CONFIG, "centre")


def test_clips_of_unlike_frames_are_not_read_together() -> None:
    with pytest.raises(UsageError, match="streams r2plus1d_18 and swin3d_t: take clips of unlike frames"):
        parse_streams("frames,r2plus1d_18,swin3d_t")
    assert parse_streams("mvit_v1_b,mvit_v2_s") == ("mvit_v1_b", "mvit_v2_s")


def test_pictures_have_the_size_of_the_network_where_no_other_encoder_sees_them() -> None:
    assert short_side_of(("audio", "mvit_v2_s")) == 256
    assert short_side_of(("frames", "mvit_v2_s")) is None
    assert short_side_of(("pose",)) is None
