"""Imports point one way: cli -> {report, training, batch} -> {heads, features} -> video; all may use labels."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import vidlabel

PACKAGE = Path(vidlabel.__file__).parent
LAYERS: list[set[str]] = [
    {"errors", "files", "json_fields", "paths", "process", "profiling", "tensor_files", "version"},
    {"labels"},
    {"video"},
    {"features", "heads"},
    {"prediction"},
    {"batch", "training"},
    {"evaluation"},
    {"report"},
    {"cli"},
]
ENTRY_POINTS = {"__init__", "__main__"}
TRAINING = ["options", "dataset", "fitting", "features", "finetune", "train"]
"""The rooms of training, low to high."""


def layer(part: str) -> int:
    return next(number for number, parts in enumerate(LAYERS) if part in parts)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{path} has a relative import"
            yield node.module


SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if part_of(path) not in ENTRY_POINTS)


def test_every_module_has_a_layer() -> None:
    assert {part_of(path) for path in SOURCES} <= set().union(*LAYERS)


def test_imports_point_downwards() -> None:
    upward = [
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in SOURCES
        for name in imported(path)
        if name.startswith("vidlabel.") and layer(name.split(".")[1]) > layer(part_of(path))
    ]
    assert upward == []


def test_the_rooms_of_training_point_downwards() -> None:
    def room(parts: tuple[str, ...]) -> int:
        return TRAINING.index(parts[1].removesuffix(".py"))

    upward = [
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in SOURCES
        if part_of(path) == "training" and path.parent.name + path.name != "training__init__.py"
        for name in imported(path)
        if name.startswith("vidlabel.training.")
        and room(tuple(name.split(".")[1:])) > room(path.relative_to(PACKAGE).parts)
    ]
    assert upward == []


def test_siblings_of_a_layer_do_not_know_each_other() -> None:
    pairs = {("features", "heads"), ("heads", "features"), ("batch", "report"), ("batch", "training")}
    found = [
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in SOURCES
        for name in imported(path)
        if name.startswith("vidlabel.") and (part_of(path), name.split(".")[1]) in pairs
    ]
    assert found == []


def test_only_the_command_line_knows_its_libraries() -> None:
    outside = [
        path
        for path in SOURCES
        if part_of(path) != "cli" and {"typer", "rich"} & {n.split(".")[0] for n in imported(path)}
    ]
    assert outside == []


def test_reading_videos_and_labels_needs_no_torch() -> None:
    parts = {"errors", "files", "labels", "video"}
    users = [
        path for path in SOURCES if part_of(path) in parts and "torch" in {n.split(".")[0] for n in imported(path)}
    ]
    assert users == []
