"""How the process's memory allocator behaves."""

from __future__ import annotations

import ctypes
import platform
import sys

# From glibc's <malloc.h>.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


def keep_freed_memory() -> bool:
    """Let glibc keep freed memory for the next allocation instead of giving it back to the kernel.

    The tensors of a network are freed and allocated again at every layer; a block that went back to the kernel costs a
    page fault for every 4 KiB. It changes the whole process, so only a program's start may call it, never an import.

    Returns:
        Whether it took effect: only on Linux with glibc.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    mallopt.argtypes, mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    return bool(mallopt(_M_MMAP_THRESHOLD, 1 << 30)) and bool(mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))
