"""What holds for every command."""

from __future__ import annotations

import subprocess
import sys

import pytest

import vidlabel
from command_line import call

HEAVY = ("torch", "av", "decord", "numpy", "safetensors", "rich.progress")


def loaded_after(code: str) -> set[str]:
    """Which heavy packages a fresh interpreter has loaded after some code."""
    report = f"{code}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(ended.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; sys.argv = ['vidlabel', '--help']; from vidlabel.cli.app import run"
    assert loaded_after(f"{code}\ntry: run()\nexcept SystemExit: pass") == set()


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_after("import vidlabel") == set()


def test_public_names_are_what_they_say() -> None:
    assert vidlabel.predict.__module__ == "vidlabel.prediction.predict"
    assert set(vidlabel.__all__) <= set(dir(vidlabel))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        vidlabel.nothing  # noqa: B018


def test_help_names_the_commands_and_the_exit_status(capfd: pytest.CaptureFixture[str]) -> None:
    ended = call(capfd, "--help")
    assert ended.status == 0
    for words in ("predict", "models", "info", "some inputs failed", "130  interrupted"):
        assert words in ended.output


def test_version(capfd: pytest.CaptureFixture[str]) -> None:
    assert call(capfd, "--version").output == f"vidlabel {vidlabel.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["no-such-command"], ["predict", "--no-such-option"], ["predict", "--rate", "x", "a"]]
)
def test_wrong_usage_is_status_2(capfd: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    ended = call(capfd, *arguments)
    assert ended.status == 2
    assert ended.output == ""
    assert "Error:" in ended.errors
    assert "Traceback" not in ended.errors


def test_completion_can_be_shown() -> None:
    # The parent process gives the shell: `true` keeps bash from giving its own place to the command.
    command = ["bash", "-c", f"'{sys.executable}' -m vidlabel --show-completion; true"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "complete" in ended.stdout
