"""The models that `vidlabel models pull` downloads: where each comes from, and what its files must be.

A file of the Hugging Face Hub is pinned by the commit of its repository, one of PyTorch's by its name. The SHA-256 of
a file was taken from what several independent public sources state of that commit; a file of which none was found is
unverified: its first download decides which digest it has from then on.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from typing import Literal

from vidlabel.errors import UsageError

HUGGING_FACE_VARIABLE = "HF_ENDPOINT"
"""Environment variable that names a mirror of the Hugging Face Hub, as its own tools read it."""
PYTORCH_VARIABLE = "VIDLABEL_PYTORCH_ENDPOINT"
"""Environment variable that names a mirror of PyTorch's folder of weights."""

PullableKind = Literal["image encoder", "image-text model", "video network", "speech model"]


@dataclass(frozen=True, slots=True)
class PullableFile:
    """One file of a model."""

    path: str
    """Within the repository, and within the model's folder."""
    size: int | None = None
    """Bytes; None: not known."""
    sha256: str = ""
    """Hexadecimal: all 64 digits, the first 8 where only those are known, or none."""

    @property
    def is_verified(self) -> bool:
        """Whether the table says what the file must be."""
        return self.sha256 != ""


@dataclass(frozen=True, slots=True)
class HuggingFaceRepository:
    """Files of one commit of a repository on the Hugging Face Hub."""

    name: str
    """With its owner: `timm/vit_small_patch14_dinov2.lvd142m`."""
    commit: str

    def address_of(self, path: str) -> str:
        """The address of a file, on the mirror that `HF_ENDPOINT` names if it is set."""
        endpoint = os.environ.get(HUGGING_FACE_VARIABLE) or "https://huggingface.co"
        return f"{endpoint.rstrip('/')}/{self.name}/resolve/{self.commit}/{path}"

    def __str__(self) -> str:
        return f"{self.name}@{self.commit[:8]} (Hugging Face)"


@dataclass(frozen=True, slots=True)
class PyTorchFolder:
    """Files of torchvision's models, whose names hold the first 8 digits of their SHA-256."""

    def address_of(self, path: str) -> str:
        """The address of a file, on the mirror that `VIDLABEL_PYTORCH_ENDPOINT` names if it is set."""
        endpoint = os.environ.get(PYTORCH_VARIABLE) or "https://download.pytorch.org/models"
        return f"{endpoint.rstrip('/')}/{path}"

    def __str__(self) -> str:
        return "torchvision (PyTorch)"


@dataclass(frozen=True, slots=True)
class PullableModel:
    """A model that can be downloaded."""

    name: str
    kind: PullableKind
    licence: str
    """Of the weights, as their publisher states it."""
    source: HuggingFaceRepository | PyTorchFolder
    files: tuple[PullableFile, ...]
    """The weights first."""

    @property
    def size(self) -> int | None:
        """Bytes of all files; None where one is not known."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @property
    def is_verified(self) -> bool:
        """Whether the table says of every file what it must be."""
        return all(file.is_verified for file in self.files)


_WHISPER_TOKENIZER = PullableFile(
    "tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"
)
_WHISPER_VOCABULARY = PullableFile(
    "vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"
)

_TABLE = (
    PullableModel(
        name="vit_small_patch14_dinov2.lvd142m",
        kind="image encoder",
        licence="Apache-2.0",
        source=HuggingFaceRepository(
            "timm/vit_small_patch14_dinov2.lvd142m", "4610ca143709d58a633b6397a74412c2c3842454"
        ),
        files=(
            PullableFile(
                "model.safetensors", 88_240_510, "04d27f3400d059fc0cfd7d17dd1909a75bf3ea8fb3eeb48b97cb99e57ee20081"
            ),
        ),
    ),
    PullableModel(
        name="vit_base_patch14_dinov2.lvd142m",
        kind="image encoder",
        licence="Apache-2.0",
        source=HuggingFaceRepository(
            "timm/vit_base_patch14_dinov2.lvd142m", "4685c99dabffe5affac90bd99dbffd25801ae58d"
        ),
        files=(
            PullableFile(
                "model.safetensors", 346_334_872, "55cbb5d887b336d430e649c277b85a1429e724871f9d02ac16203235886d8c7b"
            ),
        ),
    ),
    PullableModel(
        name="siglip-base-patch16-224",
        kind="image-text model",
        licence="Apache-2.0",
        source=HuggingFaceRepository("google/siglip-base-patch16-224", "7fd15f0689c79d79e38b1c2e2e2370a7bf2761ed"),
        files=(
            PullableFile(
                "model.safetensors", 812_672_320, "2c63cb7d1f2e95ba501893cbb8faeb4ea9a3af295498d35097126228659c2af8"
            ),
            PullableFile("config.json", 432, "cd85b3d28829722820bcb89a2cfbb4160e55fd359249a3044da724166a8d9688"),
            PullableFile(
                "preprocessor_config.json", 368, "d11ccb80f15d358a11bdb070e92e2d889005874b7db15823d5f10d9b2533b14a"
            ),
            PullableFile(
                "tokenizer.json", 2_399_357, "c6e405cb7c670d56636a9402c81023a55bc6c3c53d89cf02b92f5c5005bfe920"
            ),
            PullableFile(
                "tokenizer_config.json", 711, "d6423dae508cc3a129d22ea443841c111832a1a73125b8f25ea8736951698bcb"
            ),
            PullableFile(
                "special_tokens_map.json", 409, "2b6a1ff67a27e0df9ac0c7d93250fc0d87431c7b366b3d5669217104f9088a26"
            ),
            PullableFile("spiece.model", 798_330, "1e5036bed065526c3c212dfbe288752391797c4bb1a284aa18c9a0b23fcaf8ec"),
        ),
    ),
    PullableModel(
        name="clip-vit-base-patch32",
        kind="image-text model",
        licence="MIT",
        source=HuggingFaceRepository("openai/clip-vit-base-patch32", "b33cedfd0df4e43b8238760678fcc89e1a0d38b3"),
        files=(
            PullableFile(
                "model.safetensors", 605_157_884, "99d28a652e6ec46629ab7047a0ac82c69b1fe11e0ce672c43af65d3a9a3fc05d"
            ),
            PullableFile(
                "tokenizer.json", 2_224_041, "b556ac8c99757ffb677208af34bc8c6721572114111a6e0aaf5fa69ff0b8d842"
            ),
            PullableFile("config.json", 4_186, "b575ef3c36f2a057fa19e221650105052d61cc9c1a972ec15019c6261ec98770"),
            PullableFile(
                "preprocessor_config.json", 316, "910e70b3956ac9879ebc90b22fb3bc8a75b6a0677814500101a4c072bd7857bd"
            ),
            PullableFile("tokenizer_config.json"),
            PullableFile("special_tokens_map.json"),
        ),
    ),
    PullableModel(
        name="r2plus1d_18",
        kind="video network",
        licence="BSD-3-Clause",
        source=PyTorchFolder(),
        files=(
            PullableFile(
                "r2plus1d_18-91a641e6.pth",
                126_162_996,
                "91a641e6c2ab531d1aca5f4321b4d802ec5c3babc15df855cdb6e39c6a1107c8",
            ),
        ),
    ),
    PullableModel(
        name="mvit_v1_b",
        kind="video network",
        licence="BSD-3-Clause",
        source=PyTorchFolder(),
        files=(PullableFile("mvit_v1_b-dbeb1030.pth", sha256="dbeb1030"),),
    ),
    PullableModel(
        name="mvit_v2_s",
        kind="video network",
        licence="BSD-3-Clause",
        source=PyTorchFolder(),
        files=(
            PullableFile(
                "mvit_v2_s-ae3be167.pth", sha256="ae3be16733081f6d1cd40e4ab980ca23d6df6dc6486d15ada05a5e8ab8c9b975"
            ),
        ),
    ),
    PullableModel(
        name="swin3d_t",
        kind="video network",
        licence="BSD-3-Clause",
        source=PyTorchFolder(),
        files=(
            PullableFile(
                "swin3d_t-7615ae03.pth", sha256="7615ae035996b65eb38dad437ae533d2dfcd36f9f89d28c0f0fa7bfb8e6b3130"
            ),
        ),
    ),
    PullableModel(
        name="whisper-tiny",
        kind="speech model",
        licence="MIT",
        source=HuggingFaceRepository("Systran/faster-whisper-tiny", "d90ca5fe260221311c53c58e660288d3deb8d356"),
        files=(
            PullableFile("model.bin", 75_538_270, "dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1"),
            PullableFile("config.json", 2_249, "a73a28cdfe1c43ccc7202fa333d1f89c202477271407ae9a7f19afa52039cac8"),
            _WHISPER_TOKENIZER,
            _WHISPER_VOCABULARY,
        ),
    ),
    PullableModel(
        name="whisper-base",
        kind="speech model",
        licence="MIT",
        source=HuggingFaceRepository("Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"),
        files=(
            PullableFile("model.bin", 145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
            PullableFile("config.json", 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
            _WHISPER_TOKENIZER,
            _WHISPER_VOCABULARY,
        ),
    ),
    PullableModel(
        name="whisper-small",
        kind="speech model",
        licence="MIT",
        source=HuggingFaceRepository("Systran/faster-whisper-small", "536b0662742c02347bc0e980a01041f333bce120"),
        files=(
            PullableFile("model.bin", 483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
            PullableFile("config.json", 2_370, "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828"),
            _WHISPER_TOKENIZER,
            _WHISPER_VOCABULARY,
        ),
    ),
    PullableModel(
        name="whisper-medium",
        kind="speech model",
        licence="MIT",
        source=HuggingFaceRepository("Systran/faster-whisper-medium", "08e178d48790749d25932bbc082711ddcfdfbc4f"),
        files=(
            PullableFile(
                "model.bin", 1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"
            ),
            PullableFile("config.json", 2_257, "3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807"),
            _WHISPER_TOKENIZER,
            _WHISPER_VOCABULARY,
        ),
    ),
    PullableModel(
        name="whisper-large-v3",
        kind="speech model",
        licence="MIT",
        source=HuggingFaceRepository("Systran/faster-whisper-large-v3", "edaa852ec7e145841d8ffdb056a99866b5f0a478"),
        files=(
            PullableFile(
                "model.bin", 3_087_284_237, "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1"
            ),
            PullableFile("config.json", 2_394, "a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9"),
            PullableFile(
                "preprocessor_config.json", 340, "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711"
            ),
            PullableFile(
                "tokenizer.json", 2_480_617, "6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca"
            ),
            PullableFile(
                "vocabulary.json", 1_068_114, "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1"
            ),
        ),
    ),
)
PULLABLE = {model.name: model for model in _TABLE}
"""By name."""


def pullable_model(name: str) -> PullableModel:
    """Look a model up.

    Raises:
        UsageError: there is no such model.
    """
    if name not in PULLABLE:
        near = difflib.get_close_matches(name.lower(), PULLABLE, n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"model {name}", "cannot be pulled: no such model", f"{meant}one of {', '.join(PULLABLE)}")
    return PULLABLE[name]
