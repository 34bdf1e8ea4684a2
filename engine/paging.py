"""How the kernel reads the index's files: what is asked for, and not what lies around it.

tantivy maps its files into memory. Where a page is missing, Linux reads 32 pages around it and maps
16 of them, which is good for files that are read from end to end. A search reads a page here and a
page there: after 400 of them 16 of 21 MB of postings stood in memory, of which 3 were asked for.
Without that a first search on a virtual disk that has to be read took as long.

Law: Linux with glibc or musl; elsewhere nothing happens. Nothing is read or written here.

Source: madvise(2), proc(5).
"""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path

_MAPS = Path("/proc/self/maps")

_FIELDS = 6
"""Of a line: addresses, rights, offset, device, inode, and the path, which may hold blanks."""


def read_at_random(folder: Path) -> int:
    """Tell the kernel that what this process has mapped of a folder's files is read at random.

    To tell it again of the same files is free of effect.

    Returns:
        How many pieces of files were told of; 0 where the system knows no such thing.
    """
    if not hasattr(mmap, "MADV_RANDOM") or not _MAPS.exists():
        return 0
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    beginning, told = f"{os.path.realpath(folder)}/", 0
    for line in _MAPS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        parts = line.split(maxsplit=_FIELDS - 1)
        if len(parts) == _FIELDS and parts[-1].startswith(beginning):
            start, end = (int(address, 16) for address in parts[0].split("-"))
            told += not advise(start, end - start, mmap.MADV_RANDOM)
    return told
