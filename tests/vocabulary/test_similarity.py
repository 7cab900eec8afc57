"""Labels in words by a network of pictures and words in a folder: tiny ones, in the format of the real ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vidlabel
from command_line import call
from corpus import Recipe, write_video
from vidlabel.errors import InstallationError, ModelFileError, UsageError
from vidlabel.features.encoders.image_text_files import read_image_text_files
from vidlabel.prediction.chosen_models import chosen_names
from vidlabel.prediction.options import PredictOptions
from vidlabel.vocabulary.similarity import SigmoidScores, SimilarityHead, SoftmaxScores

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders")
LABELS = ("dog", "car", "screen")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of painted video, square, without sound."""
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=25, width=64, height=64))


def described(folder: Path, **changed: object) -> Path:
    """A folder that looks like one of a SigLIP network, as far as nothing is loaded."""
    folder.mkdir()
    config = {"model_type": "siglip", "vision_config": {"hidden_size": 48, "image_size": 64}, **changed}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    return folder


def test_the_average_is_compared_with_each_text() -> None:
    head = SimilarityHead(np.array([[10.0, 0.0], [0.0, 10.0]], np.float32), bias=-1.0)
    vectors = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    outputs, state = head.run(vectors)
    # The average goes from (1, 0) to (0.7, 0.3), of length 0.7616.
    wanted = [[9.0, -1.0], [10 * 0.7 / 0.7616 - 1, 10 * 0.3 / 0.7616 - 1]]
    assert outputs.tolist() == [pytest.approx(row, abs=1e-3) for row in wanted]
    first, carried = head.run(vectors[:1])
    second, _ = head.run(vectors[1:], carried)
    assert np.concatenate([first, second]).tobytes() == outputs.tobytes()
    assert len(state) == 1


def test_labels_stand_alone_or_share_with_none() -> None:
    outputs = np.log(np.array([[3.0, 1.0, 4.0]], np.float32))
    assert SigmoidScores().of(outputs)[0].tolist() == pytest.approx([3 / 4, 1 / 2, 4 / 5])
    assert SoftmaxScores().of(outputs)[0].tolist() == pytest.approx([3 / 8, 1 / 8])


def test_what_a_folder_says(tmp_path: Path) -> None:
    first = read_image_text_files(str(described(tmp_path / "a")))
    assert (first.kind, first.feature_size, first.image_side, first.mean) == ("siglip", 48, 64, (0.5, 0.5, 0.5))
    (tmp_path / "a" / "preprocessor_config.json").write_text('{"image_mean": [0.1, 0.2, 0.3]}')
    second = read_image_text_files(str(tmp_path / "a"))
    assert second.mean == (0.1, 0.2, 0.3)
    assert second.sha256 != first.sha256


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda folder: (folder / "config.json").unlink(), "holds no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "is damaged"),
        (lambda folder: (folder / "config.json").write_text('{"model_type": "bert"}'), "type 'bert'"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "are pickles"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "holds no tokenizer.json"),
        (lambda folder: (folder / "preprocessor_config.json").write_text('{"image_std": [0, 1, 1]}'), "image_std"),
    ],
    ids=["config", "damaged", "type", "pickle", "tokenizer", "deviation"],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, spoil: Any, problem: str) -> None:  # noqa: ANN401
    folder = described(tmp_path / "a")
    spoil(folder)
    with pytest.raises(ModelFileError, match=problem):
        read_image_text_files(str(folder))


def test_without_transformers_it_says_what_to_install(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InstallationError, match=r"vidlabel\[clip\]"):
        vidlabel.predict(clip, str(described(tmp_path / "a")), labels=LABELS)


def test_two_networks_are_one_too_many(tmp_path: Path) -> None:
    folders = tuple(str(described(tmp_path / name)) for name in "ab")
    with pytest.raises(UsageError, match="are both networks"):
        chosen_names(PredictOptions(models=folders, labels=LABELS))


def test_a_network_that_was_not_pulled_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDLABEL_MODELS_DIR", str(tmp_path))
    with pytest.raises(InstallationError, match="vidlabel models pull siglip-base-patch16-224"):
        chosen_names(PredictOptions(models=("siglip-base-patch16-224", "people"), labels=LABELS))


def test_a_folder_goes_with_labels_and_files_stay(tmp_path: Path) -> None:
    folder = str(described(tmp_path / "a"))
    names = chosen_names(PredictOptions(models=("people", folder), labels=LABELS))
    assert (names.files, names.image_text, names.count) == (("people",), folder, 2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("kind", ["siglip", "clip"])
def test_scores_are_those_of_the_network(
    tmp_path: Path, clip: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Against transformers' own scores of the whole network, on the picture that all samples show."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from transformers import AutoModel

    from vocabulary.image_text_folders import SIDE, WORDS, save_network

    folder = save_network(tmp_path / kind, kind)
    still = write_video(tmp_path / "still.mp4", Recipe(frames=25, width=SIDE, height=SIDE), [5] * 25)
    options = ("--labels", ",".join(LABELS), "--scores", "--threshold", "0", "--min-duration", "0", "--end", "0.5")
    ended = call(capfd, "predict", still, "-m", folder, *options)
    assert ended.status == 0, ended.errors
    assert f"labels are compared with the pictures by the {kind} network" in ended.errors
    result = json.loads(ended.output)
    (model,) = result["models"]
    assert (model["name"], model["streams"], model["encoders"]) == ("labels", ["image-text"], [kind])
    (sample,) = vidlabel.samples(still, rate=2, short_side=SIDE, end=0.5)
    files = read_image_text_files(str(folder))
    rgb = torch.from_numpy(sample.rgb.copy()).permute(2, 0, 1)[None] / 255
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (files.mean, files.deviation))
    texts = [["This", "is", "a", "photo", "of", label, "."] for label in LABELS]
    texts += [["This", "is", "a", "photo", "."]] if kind == "clip" else []
    padded = [[*(WORDS.index(word) for word in text), *[1] * (12 - len(text))] for text in texts]
    mask = [[1] * len(text) + [0] * (12 - len(text)) for text in texts]
    with torch.inference_mode():
        network = AutoModel.from_pretrained(folder)
        inputs = {"input_ids": torch.tensor(padded), "attention_mask": torch.tensor(mask)}
        logits = network(**inputs, pixel_values=(rgb - mean) / deviation).logits_per_image
    wanted = logits.sigmoid() if kind == "siglip" else logits.softmax(dim=-1)[:, :-1]
    assert result["scores"][0]["values"][0] == pytest.approx(wanted[0].tolist(), abs=2e-4)
