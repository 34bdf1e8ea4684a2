"""Files as sources: opened only where they are regular, and known to be the same at the end.

Law: nothing is written beside a file; the one thing that changes is a file that may be deleted
after it was imported, and only if it is still the very file that was read.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from connectors.errors import SourceFailed
from engine.source import CheckReport

CHUNK_BYTES = 1024 * 1024

Identity = tuple[int, ...]
"""Device, inode, size, time of change in nanoseconds: another file, or a changed one, differs."""

MAX_NAMED = 3
"""Files that a note names."""

SIZE = 2
"""The place of the size in it."""


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
    except OSError as error:
        raise SourceFailed(f"{path}: {error.strerror}: it went while it was read") from None
    if now != before:
        raise SourceFailed(f"{path}: the file changed while it was read; try again")


def identity(status: os.stat_result) -> Identity:
    """Return which file this is, and in which state."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class ImportedFile:
    """A file that may be deleted once all that it holds is stored (`delete_after`)."""

    def __init__(
        self, path: Path, *, delete_after: bool, beside: Callable[[], list[Path]] = list
    ) -> None:
        """Begin; `beside` returns further files that are part of it."""
        self._path = path
        self._delete_after = delete_after
        self._beside = beside
        self._read: dict[Path, Identity] = {}

    @property
    def is_done(self) -> bool:
        """Whether it was imported and deleted by an earlier run, so that nothing is new."""
        return self._delete_after and not self._path.exists()

    def done_report(self) -> CheckReport:
        """Return what a check says while `is_done`."""
        return CheckReport(warnings=(f"{self._path}: not there; it will be read once it is",))

    def doubts(self) -> list[str]:
        """Return why it could not be deleted; [] = it could, or need not."""
        return deletion_doubts(self._path) if self._delete_after else []

    def was_read(self, read: Identity) -> None:
        """Remember which file was read to its end."""
        if self._delete_after:
            self._read = {path: identity(path.stat()) for path in self._beside()}
            self._read[self._path] = read

    def delete(self, rejected: int) -> str:
        """Delete the file that was read, if so it is set; return a note for the administrator.

        Raises:
            SourceFailed: the folder does not allow it.
        """
        return delete_imported(self._read, rejected)


def delete_imported(read: Mapping[Path, Identity], rejected: int) -> str:
    """Delete files whose records are stored; return a note, "" for none.

    Where records were rejected, the files are kept: they are the only ones that hold them.

    Raises:
        SourceFailed: the folder does not allow it.
    """
    if read and rejected:
        names = ", ".join(path.name for path in islice(read, MAX_NAMED))
        names += ", …" if len(read) > MAX_NAMED else ""
        what = "1 record was" if rejected == 1 else f"{rejected:,} records were"
        return f"{names}: not deleted, since {what} rejected"
    for path, imported in read.items():
        delete_same(path, imported)
    return ""


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
