"""Files as sources: opened only where they are regular, and known to be the same at the end.

Law: nothing is written beside a file; the one thing that changes is a file that may be deleted
after it was imported, and only if it is still the very file that was read.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from connectors.errors import SourceFailed

CHUNK_BYTES = 1024 * 1024

Identity = tuple[int, ...]
"""Device, inode, size, time of change in nanoseconds: another file, or a changed one, differs."""


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for a `with` block; what the system says against it names the path.

    Raises:
        SourceFailed: missing, not readable, a folder, or no regular file.
    """
    try:
        # Looked at before it is opened: opening a pipe would wait for its other end.
        if not stat.S_ISREG(path.stat().st_mode):
            word = "a folder" if path.is_dir() else "no regular file"
            raise SourceFailed(f"{path}: is {word}")
        with path.open("rb", buffering=CHUNK_BYTES) as file:
            yield file
    except OSError as error:
        raise SourceFailed(f"{path}: {error.strerror}") from error


def read_whole(path: Path, max_bytes: int) -> tuple[bytes, Identity]:
    """Return the content of a file and which file it was.

    Raises:
        SourceFailed: as `open_regular`; larger than `max_bytes`; changed while it was read.
    """
    with open_regular(path) as file:
        before = identity(os.fstat(file.fileno()))
        data = file.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise SourceFailed(f"{path}: larger than {max_bytes // 1024**2} MiB")
        require_same(path, file, before)
    return data, before


def require_same(path: Path, file: BinaryIO, before: Identity) -> None:
    """Make sure that an open file was neither changed nor replaced since `before`.

    Raises:
        SourceFailed: it was.
    """
    if identity(os.fstat(file.fileno())) != before:
        raise SourceFailed(f"{path}: the file changed while it was read; try again")
    require_unchanged(path, before)


def require_unchanged(path: Path, before: Identity) -> None:
    """Make sure that `path` is still the file that was read.

    Raises:
        SourceFailed: it was changed, replaced or deleted.
    """
    try:
        now = identity(path.stat())
    except OSError:
        now = ()
    if now != before:
        raise SourceFailed(f"{path}: the file changed while it was read; try again")


def identity(status: os.stat_result) -> Identity:
    """Return which file this is, and in which state."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def delete_same(path: Path, imported: Identity) -> None:
    """Delete a file, unless another one has taken its place or it is gone already.

    Raises:
        SourceFailed: the folder does not allow it.
    """
    try:
        if identity(path.stat()) == imported:
            path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise SourceFailed(f"{path}: cannot be deleted: {error.strerror}") from error


def deletion_doubts(path: Path) -> list[str]:
    """Return why a file could not be deleted after its import; [] = it could."""
    folder = path.parent
    with contextlib.suppress(OSError):
        if os.access(folder, os.W_OK | os.X_OK):
            return []
    return [f"{folder}: not writable, so {path.name} could not be deleted after its import"]
