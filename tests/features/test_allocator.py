from __future__ import annotations

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import ctypes, resource
from vidlabel.features.allocator import keep_freed_memory
effective = keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
libc.free.argtypes = (ctypes.c_void_p,)
size = 64 << 20
def touch():
    block = libc.malloc(size)
    ctypes.memset(block, 1, size)
    libc.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
first, second = touch(), touch()
print(int(effective), second - first)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is one of the GNU C library")
def test_freed_memory_is_used_again_without_page_faults() -> None:
    """In a process of its own, since the setting stays for the life of a process."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    effective, faults = map(int, done.stdout.split())
    assert effective == 1
    assert faults < 1000  # 64 MiB are 16384 pages
