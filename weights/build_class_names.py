"""Build the names by which labels in words find classes. Nothing is trained: the same inputs give the same bytes.

    python weights/build_class_names.py /usr/share/wordnet [FOLDER]

The folder is the `dict` folder of WordNet 3.0 (Debian package `wordnet-base`); `vidlabel[text]` has to be installed.
Written are the names of each class of `objects` and `sounds`, and what MiniLM makes of them, rounded to 8 bits:

    an object   its name and the other words of its WordNet synset; its group (`imagenet_groups.csv`); what it is a
                kind of, as far as `KINDS` names it, by WordNet's tree: a canoe is a boat and a vehicle
    a sound     its name in AudioSet, and each part of one with commas: `Walk, footsteps`, `Walk`, `footsteps`
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from build_classes import Synset, read_nouns
from vidlabel.features.encoders.minilm import MinilmEmbedder

WEIGHTS = Path(__file__).parent

KINDS = frozenset(
    """animal mammal reptile bird insect beetle fish shark snake lizard frog turtle spider crab rodent rabbit monkey ape
    wolf fox bear parrot duck whale elephant butterfly vehicle car truck van bus motor~vehicle bicycle boat ship
    sailboat aircraft locomotive cart wagon furniture chair table seat lamp building house shop bridge fence
    musical~instrument guitar piano weapon gun knife tool computer telephone camera clock screen keyboard clothing
    footwear shoe hat helmet coat skirt sweater necktie mask bag box basket bottle glass bowl jar jug pot towel curtain
    ball pen wheel food bread dessert sandwich vegetable beverage flower plant fungus mountain""".split()
)
"""First words of the synsets above the classes that somebody may ask for; of several with one word, that of most."""
NO_GROUPS = frozenset({"other object", "group", "person", "structure"})
"""Groups that say nothing: `person` has a ball player, a bridegroom and a diver, and people are not looked for."""

_LATIN = re.compile(r"[A-Z][a-z]+ [a-z]+\Z")
"""`Canis familiaris`."""
_STEPS = 127


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of one of the CSV files beside this script."""
    with Path(WEIGHTS, name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def words_of(synset: Synset) -> list[str]:
    """Its words, without Latin names where there are others."""
    return [word for word in synset.words if not _LATIN.match(word)] or list(synset.words)


def kinds_above(wnids: list[str], nouns: dict[str, Synset]) -> list[list[str]]:
    """The words in `KINDS` that stand above each class in WordNet's tree."""
    above = [_ancestors(wnid, nouns) for wnid in wnids]
    counts = Counter(wnid for own in above for wnid in own)
    chosen: dict[str, str] = {}
    for wnid, _ in counts.most_common():  # the first of a word covers most classes
        chosen.setdefault(nouns[wnid].words[0], wnid)
    missing = {kind.replace("~", " ") for kind in KINDS} - chosen.keys()
    if missing:
        raise ValueError(f"no class is a kind of {', '.join(sorted(missing))}")
    kinds = {chosen[word]: word for word in (kind.replace("~", " ") for kind in KINDS)}
    return [[kinds[wnid] for wnid in own if wnid in kinds] for own in above]


def _ancestors(wnid: str, nouns: dict[str, Synset]) -> list[str]:
    found: dict[str, None] = {}
    level = [wnid]
    while level:
        level = [above for below in level for above in nouns[below].hypernyms if above not in found]
        found |= dict.fromkeys(level)
    return list(found)


def object_names(nouns: dict[str, Synset]) -> list[list[str]]:
    """The names of each of the 1000 classes, its own first."""
    rows = read_table("imagenet_classes.csv")
    kinds = kinds_above([row["wnid"] for row in rows], nouns)
    found = []
    for row, above in zip(rows, kinds, strict=True):
        group = [] if row["group"] in NO_GROUPS else [row["group"]]
        found.append(list(dict.fromkeys([row["name"], *words_of(nouns[row["wnid"]]), *group, *above])))
    return found


def sound_names() -> list[list[str]]:
    """The names of each of the 521 classes, its own first."""
    found = []
    for row in read_table("audioset_classes.csv"):
        name = row["name"]
        parts = [part.strip() for part in name.split(",") if part.strip() != "etc."] if "(" not in name else []
        found.append(list(dict.fromkeys([name, *parts])))
    return found


def build(objects: list[list[str]], sounds: list[list[str]]) -> bytes:
    """The file: names, which class has which, and the vectors of all names."""
    names = sorted({name for own in (*objects, *sounds) for name in own})
    places = {name: place for place, name in enumerate(names)}
    embedder = MinilmEmbedder()
    vectors = np.stack([embedder.embed(name) for name in names])
    steps = np.abs(vectors).max(axis=1) / np.float32(_STEPS)
    tensors: dict[str, npt.NDArray[np.generic]] = {
        "minilm.vectors": np.rint(vectors / steps[:, None]).astype(np.int8),
        "minilm.steps": steps,
        "objects": _pairs(objects, places),
        "sounds": _pairs(sounds, places),
    }
    text = {"names": names, "objects": [own[0] for own in objects], "sounds": [own[0] for own in sounds]}
    return save(tensors, {"vidlabel": json.dumps(text, ensure_ascii=True)})


def _pairs(classes: list[list[str]], places: dict[str, int]) -> npt.NDArray[np.int32]:
    """(P, 2): a class, and the place of one of its names; by class."""
    return np.array([(number, places[name]) for number, own in enumerate(classes) for name in own], np.int32)


def main() -> None:
    """Write the file."""
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python weights/build_class_names.py WORDNET_FOLDER [FOLDER]")
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else WEIGHTS / "encoders"
    content = build(object_names(read_nouns(Path(sys.argv[1]))), sound_names())
    path = folder / "class-names.safetensors"
    path.write_bytes(content)
    print(f"{path}: {len(content)} bytes")


if __name__ == "__main__":
    main()
