"""What runs before anything of vidlabel is loaded."""

from __future__ import annotations

import subprocess
import sys

AS_ON_WINDOWS = "import sys; sys.platform = 'win32'; from vidlabel.__main__ import main; main()"


def test_windows_is_refused_in_one_line() -> None:
    ended = subprocess.run([sys.executable, "-c", AS_ON_WINDOWS], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == ("error: Windows: vidlabel runs on Linux and macOS; use the Windows Subsystem for Linux\n")
