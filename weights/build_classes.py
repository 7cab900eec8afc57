"""Fill in the names and groups of the 1000 ImageNet classes from WordNet.

    python weights/build_classes.py /usr/share/wordnet

The folder is the `dict` folder of WordNet 3.0 (Debian package `wordnet-base`); other versions number their synsets
differently. `weights/imagenet_classes.csv` is rewritten: its columns `index` and `wnid`, the class list of ILSVRC 2012,
are the input; `name` and `group` are made.

    name    the first word of the WordNet synset, or what `weights/imagenet_names.csv` says where that is ambiguous
    group   the group of the nearest ancestor in WordNet's hypernym tree that `weights/imagenet_groups.csv` names; of
            ancestors that are equally near, the one that stands first there
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

WEIGHTS = Path(__file__).parent

_HYPERNYM_POINTERS = ("@", "@i")


@dataclass(frozen=True, slots=True)
class Synset:
    """One meaning, with its words and the meanings just above it."""

    words: tuple[str, ...]
    hypernyms: tuple[str, ...]
    """Ids like `n02084071`."""


def read_nouns(folder: Path) -> dict[str, Synset]:
    """Read WordNet's nouns (format: manual page wndb(5WN)).

    Returns:
        Synsets by id: `n` and the 8 digits of the offset, which is what ImageNet calls a wnid.
    """
    lines = Path(folder, "data.noun").read_text(encoding="latin-1").splitlines()
    return dict(_parse_synset(line) for line in lines if not line.startswith("  "))  # the licence is indented


def _parse_synset(line: str) -> tuple[str, Synset]:
    fields = line.split(" ")
    word_count = int(fields[3], 16)
    words = tuple(word.replace("_", " ") for word in fields[4 : 4 + 2 * word_count : 2])
    first = 5 + 2 * word_count
    pointers = [fields[at : at + 3] for at in range(first, first + 4 * int(fields[first - 1]), 4)]
    hypernyms = tuple(f"n{offset}" for symbol, offset, _ in pointers if symbol in _HYPERNYM_POINTERS)
    return f"n{fields[0]}", Synset(words, hypernyms)


def nearest_group(wnid: str, nouns: dict[str, Synset], groups: dict[str, str]) -> str:
    """Climb from a class until a synset with a group is met.

    Args:
        wnid: of the class.
        nouns: all synsets.
        groups: groups by anchor, in order of precedence.
    """
    order = list(groups)
    level = [wnid]
    while level:
        met = [anchor for anchor in level if anchor in groups]
        if met:
            return groups[min(met, key=order.index)]
        level = [above for below in level for above in nouns[below].hypernyms]
    raise ValueError(f"{wnid} has no ancestor with a group")


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of one of the CSV files beside this script."""
    with Path(WEIGHTS, name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def build(nouns: dict[str, Synset]) -> list[tuple[str, str, str, str]]:
    """The rows of the class table: index, wnid, name, group."""
    groups, names = {}, {}
    for row in read_table("imagenet_groups.csv"):
        _check_word(row["anchor"], row["wordnet_name"], nouns)
        groups[row["anchor"]] = row["group"]
    for row in read_table("imagenet_names.csv"):
        _check_word(row["wnid"], row["wordnet_name"], nouns)
        names[row["wnid"]] = row["name"]
    return [
        (row["index"], wnid, names.get(wnid, nouns[wnid].words[0]), nearest_group(wnid, nouns, groups))
        for row in read_table("imagenet_classes.csv")
        for wnid in [row["wnid"]]
    ]


def _check_word(wnid: str, word: str, nouns: dict[str, Synset]) -> None:
    if wnid not in nouns or nouns[wnid].words[0] != word:
        raise ValueError(f"{wnid} is not {word} in this WordNet: version 3.0 is needed")


def main() -> None:
    """Rewrite the class table."""
    if len(sys.argv) != 2:
        sys.exit("usage: python weights/build_classes.py WORDNET_FOLDER")
    rows = build(read_nouns(Path(sys.argv[1])))
    with (WEIGHTS / "imagenet_classes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("index", "wnid", "name", "group"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
