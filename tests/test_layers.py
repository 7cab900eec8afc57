"""The house: which part may import which, how deep imports go, who may use which library, and names of classes."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

import pytest

import vidlabel

PACKAGE = Path(vidlabel.__file__).parent
ENTRY_POINTS = {"vidlabel", "vidlabel.__main__"}

LAYERS: list[set[str]] = [
    {"labels"},
    {"video"},
    {"features", "heads"},
    {"vocabulary"},
    {"prediction"},
    {"batch", "training"},
    {"evaluation", "video_writing", "export"},
    {"explanation"},
    {"report"},
    {"review"},
    {"cli"},
]
"""The sub-packages, low to high. Modules directly in `vidlabel` lie below all of them."""

STRANGERS = [{"features", "heads"}, {"batch", "training"}]
"""Pairs that must not import each other."""

ROOMS: dict[str, list[set[str]]] = {
    "video": [
        {"request", "sampling"},
        {"container", "damage", "probe"},
        {"sound"},
        {"decoders"},
        {"isolation"},
        {"speech", "preview"},
        {"samples"},
    ],
    "features": [{"encoders"}, {"config"}, {"streams"}, {"pipeline"}, {"video_features"}],
    "heads": [{"config"}, {"recurrent", "spec"}, {"model"}, {"scoring"}],
    "prediction": [{"options"}, {"labeller"}],
    "batch": [{"records"}, {"unit"}, {"jobs", "engines"}, {"run"}],
    "training": [{"options"}, {"dataset"}, {"fitting"}, {"features"}, {"finetune"}, {"train"}, {"search"}],
    "evaluation": [{"predictions"}, {"folds"}, {"evaluate", "nested_search"}, {"tune"}],
    "export": [
        {"onnx_graph"},
        {"recurrences", "fusion_layers", "encoder_graph"},
        {"head_graph", "metadata"},
        {"check"},
        {"encoders"},
        {"files"},
        {"export"},
    ],
    "review": [{"segments"}, {"source", "session"}, {"workspace", "playable"}, {"app"}, {"server"}],
    "cli": [{"console"}, {"render"}, {"run"}, {"commands"}, {"app"}],
}
"""The rooms of a sub-package, low to high. Modules that are not named here stand where their imports put them."""

MAY_IMPORT = {
    "av": [
        *("video.container", "video.damage", "video.probe", "video.sound", "video.decoders", "video.isolation"),
        "video.preview",
        "video_writing",
    ],
    "decord": ["video.decoders"],
    "faster_whisper": ["video.speech"],
    "torch": [
        *(
            f"features.encoders.{name}"
            for name in ("efficientnet", "hardware", "image_text", "movenet", "torch_networks")
        ),
        *(f"features.encoders.network_files.exported_{name}" for name in ("graph", "network", "program")),
        "features.encoders.network_files.timm_network",
        *(f"features.encoders.video_networks.{name}" for name in ("clip_encoder", "torchvision_networks")),
        *(f"features.encoders.{name}" for name in ("network_files.file_encoder", "trainable_tail", "yamnet")),
        *("heads.recurrent", "training.fitting", "training.finetune", "explanation"),
    ],
    "openvino": ["features.encoders"],
    "onnx": ["export"],
    "onnxruntime": ["export"],
    "torchvision": ["features.encoders.video_networks"],
    "timm": ["features.encoders.network_files"],
    "transformers": ["features.encoders"],
    "PIL": ["explanation", "report.results", "video_writing"],
    "matplotlib": ["report"],
    "optuna": ["training.search"],
    "jinja2": ["report.results", "review"],
    "starlette": ["review"],
    "uvicorn": ["review"],
    "typer": ["cli"],
    "rich": ["cli"],
}
"""The parts of the package that may import a library."""

MAY_CONNECT = {
    "urllib.request": ["features.encoders.pulled.download"],
    "http.client": ["features.encoders.pulled.download"],
    "socket": ["files", "review"],  # the host's name; the page on this machine
    "uvicorn": ["review"],
}
"""The parts of the package that may import what opens connections; no part may import the `NETWORK` beside it."""

NETWORK = {
    *("aiohttp", "ftplib", "http.server", "httpx", "huggingface_hub", "requests", "smtplib", "socketserver", "ssl"),
    *("torch.hub", "urllib3", "websockets", "xmlrpc"),
}

DEEPEST = 14
"""Modules in the longest chain of imports: what a reader crosses at most from a command to the bottom."""

Graph = Mapping[str, Set[str]]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def modules() -> Mapping[str, ast.Module]:
    """All modules of the package, parsed once, when a test first needs them."""
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def nodes(tree: ast.AST, *, at_start: bool) -> Iterator[ast.AST]:
    """All nodes of a module, or those that run when it is imported."""
    for node in ast.iter_child_nodes(tree):
        runs_later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for_types = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        if at_start and (runs_later or for_types):
            continue
        yield node
        yield from nodes(node, at_start=at_start)


def is_import_call(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"import_module", "import_beside_torch"}


@functools.cache
def imported(tree: ast.Module, *, at_start: bool = False) -> Set[str]:
    """Full names of what a module imports: names taken out of modules too, and `import_module("...")` and its like."""
    found: set[str] = set()
    for node in nodes(tree, at_start=at_start):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"line {node.lineno}: no module"
            assert node.level == 0, f"line {node.lineno}: a relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and is_import_call(node.func):
            found |= {str(argument.value) for argument in node.args[:1] if isinstance(argument, ast.Constant)}
    return found


@functools.cache
def import_graph(*, at_start: bool = False) -> Graph:
    """The modules of the package that each of them imports."""
    return {
        name: (imported(tree, at_start=at_start) & modules().keys()) - {name, "vidlabel"}
        for name, tree in modules().items()
        if name not in ENTRY_POINTS
    }


def longest_chain(graph: Graph) -> list[str]:
    """The longest chain of imports.

    Raises:
        ValueError: a module imports itself through others.
    """
    longest: dict[str, list[str]] = {}

    def chain(name: str, above: tuple[str, ...]) -> list[str]:
        if name in above:
            raise ValueError(" > ".join([*above[above.index(name) :], name]))
        if name not in longest:
            below = [chain(other, (*above, name)) for other in sorted(graph[name])]
            longest[name] = [name, *max(below, key=len, default=[])]
        return longest[name]

    return max((chain(name, ()) for name in graph), key=len)


def place(order: list[set[str]], name: str) -> int | None:
    return next((number for number, names in enumerate(order) if name in names), None)


def upward(order: list[set[str]], depth: int, within: str) -> list[str]:
    """Imports that go up in an order of names at one depth of the dotted names, within a package."""
    found = []
    for name, others in import_graph().items():
        for other in others:
            parts = [one.split(".") for one in (name, other)]
            if all(".".join(one[:depth]) == within and len(one) > depth for one in parts):
                low, high = (place(order, one[depth]) for one in parts)
                if low is not None and high is not None and high > low:
                    found.append(f"{name} imports {other}")
    return sorted(found)


def test_every_sub_package_has_a_layer() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages == set().union(*LAYERS)


def test_every_room_exists() -> None:
    rooms = {f"vidlabel.{package}.{room}" for package, order in ROOMS.items() for room in set().union(*order)}
    users = {f"vidlabel.{part}" for parts in MAY_IMPORT.values() for part in parts}
    assert (rooms | users) - modules().keys() == set()


def test_imports_point_downwards() -> None:
    assert upward(LAYERS, 1, "vidlabel") == []


def test_modules_below_all_layers_import_no_layer() -> None:
    layers = set().union(*LAYERS)
    found = [
        f"{name} imports {other}"
        for name, others in import_graph().items()
        if name.split(".")[1] not in layers
        for other in others
        if other.split(".")[1] in layers
    ]
    assert found == []


@pytest.mark.parametrize("package", ROOMS)
def test_imports_within_a_package_point_downwards(package: str) -> None:
    assert upward(ROOMS[package], 2, f"vidlabel.{package}") == []


def test_strangers_do_not_import_each_other() -> None:
    found = [
        f"{name} imports {other}"
        for name, others in import_graph().items()
        for other in others
        if {name.split(".")[1], other.split(".")[1]} in STRANGERS
    ]
    assert found == []


def test_no_module_imports_itself_through_others() -> None:
    assert longest_chain(import_graph())


def test_chains_of_imports_are_short() -> None:
    chain = longest_chain(import_graph(at_start=True))
    assert len(chain) <= DEEPEST, " > ".join(chain)


def test_chains_and_cycles_are_found() -> None:
    assert longest_chain({"a": {"b", "d"}, "b": {"c"}, "c": {"d"}, "d": set()}) == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="b > c > b"):
        longest_chain({"a": {"b"}, "b": {"c"}, "c": {"b"}})


def test_imports_are_found_wherever_they_stand() -> None:
    tree = ast.parse(
        "import a\nif TYPE_CHECKING:\n    import b\ndef f():\n    from c import d\n    import_module('e')\n"
    )
    assert imported(tree) == {"a", "b", "c", "c.d", "e"}
    assert imported(tree, at_start=True) == {"a"}


@pytest.mark.parametrize("library", MAY_IMPORT)
def test_a_library_is_imported_by_its_parts_alone(library: str) -> None:
    users = [name for name, tree in modules().items() if library in {one.split(".")[0] for one in imported(tree)}]
    assert users != []
    parts = tuple(f"vidlabel.{part}" for part in MAY_IMPORT[library])
    assert [user for user in users if not f"{user}.".startswith(tuple(f"{part}." for part in parts))] == []


def is_within(imported_name: str, library: str) -> bool:
    return f"{imported_name}.".startswith(f"{library}.")


def test_no_other_module_goes_online() -> None:
    users = {
        library: {name for name, tree in modules().items() if any(is_within(one, library) for one in imported(tree))}
        for library in {*MAY_CONNECT, *NETWORK}
    }
    assert users.pop("ssl") == users["urllib.request"] == {"vidlabel.features.encoders.pulled.download"}
    found = {
        library: sorted(
            name
            for name in names
            if not any(is_within(name, f"vidlabel.{part}") for part in MAY_CONNECT.get(library, []))
        )
        for library, names in users.items()
    }
    assert {library: names for library, names in found.items() if names} == {}


def classes_of_one_name(parsed: Mapping[str, ast.Module]) -> list[list[str]]:
    """The classes that share their name with others, by full name; those inside others count, too."""
    by_name: dict[str, list[str]] = {}
    for module, tree in parsed.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                by_name.setdefault(node.name, []).append(f"{module}.{node.name}")
    return [found for found in by_name.values() if len(found) > 1]


def test_no_two_classes_have_one_name() -> None:
    assert classes_of_one_name(modules()) == []


def test_classes_of_one_name_are_found_wherever_they_stand() -> None:
    parsed = {"a": ast.parse("class Tally: ...\nclass Other: ..."), "b": ast.parse("def f():\n    class Tally: ...")}
    assert classes_of_one_name(parsed) == [["a.Tally", "b.Tally"]]
