"""Where features are kept, and how much there is."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from vidlabel.errors import InputError, UsageError
from vidlabel.features.cache_folder import cache_folder, cache_summary, entry_path


def test_what_is_asked_for_comes_before_the_environment_and_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDLABEL_CACHE", str(tmp_path / "named"))
    assert cache_folder(tmp_path / "asked") == tmp_path / "asked"
    assert cache_folder() == tmp_path / "named"
    for value in (None, ""):
        if value is None:
            monkeypatch.delenv("VIDLABEL_CACHE")
        else:
            monkeypatch.setenv("VIDLABEL_CACHE", value)
        assert cache_folder() == platformdirs.user_cache_path("vidlabel", appauthor=False)


def test_without_a_home_folder_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` would be a folder beside what the user works on."""
    for name in ("VIDLABEL_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert cache_folder() is None
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: Path("~/.cache/vidlabel"))
    assert cache_folder() is None


def test_a_file_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VIDLABEL_CACHE", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="give a folder with --cache-dir"):
        cache_folder()


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    (tmp_path / "features").touch()
    with pytest.raises(InputError, match=r"features: cannot be listed \(Not a directory\); check its permissions"):
        cache_summary(tmp_path)


def test_entries_are_counted_and_nothing_else(tmp_path: Path) -> None:
    assert (cache_summary(tmp_path).entries, cache_summary(tmp_path).size_bytes) == (0, 0)
    for number, key in enumerate(("ab12", "ab34", "cd56")):
        path = entry_path(tmp_path, key)
        assert path == tmp_path / "features" / key[:2] / f"{key}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(100 + number))
    (tmp_path / "features" / "ab" / "half-written.tmp").write_bytes(bytes(7))
    (tmp_path / "other.safetensors").write_bytes(bytes(7))
    (tmp_path / "features" / "ab" / "lost.safetensors").symlink_to("nowhere")
    summary = cache_summary(tmp_path)
    assert (summary.folder, summary.entries, summary.size_bytes) == (tmp_path, 3, 303)
