"""The folders of the index on disk: which generation is served, and whether its files are whole.

    index/<format>-<n>/        one generation: a tantivy index and `manifest.json`
    index/<format>-<n>/numbers/    the number table beside it (`engine.numbertable`)
    index/current              a symbolic link that names the generation served

Law: no tantivy here. A generation is published by renaming a link over the old one, so that a
reader sees the old or the new folder and nothing between. Segment files never change once written:
the manifest holds a digest of each; files younger than it are checked by the CRC-32 that tantivy
writes at their end. The number table is written in place: its digest counts until it is written
again, which its time of change tells; after that LMDB's own checks stand alone until it is sealed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import msgspec

from engine.errors import CorruptIndex
from engine.numberfile import DATA, FOLDER
from engine.schema import FORMAT

CURRENT = "current"
MANIFEST = "manifest.json"
META = "meta.json"

_SEGMENT_SUFFIXES = (".term", ".idx", ".pos", ".fast", ".fieldnorm", ".store", ".del")
_REQUIRED_SUFFIXES = (".term", ".idx", ".fast", ".fieldnorm", ".store")
_FOOTER_MAGIC = 1337
_CHUNK_BYTES = 1 << 20
_NUMBERS = f"{FOLDER}/{DATA}"


class FileSum(msgspec.Struct, frozen=True):
    """Size and BLAKE2b-256 of one segment file."""

    bytes: int
    blake2b: str


class Manifest(msgspec.Struct, frozen=True):
    """The segment files of a generation when it was last sealed."""

    format: int
    files: dict[str, FileSum]


class _Segment(msgspec.Struct):
    segment_id: str
    max_doc: int


class _Meta(msgspec.Struct):
    segments: list[_Segment]


def current_generation(index_dir: Path) -> Path | None:
    """Return the folder that is served, or None before the first one was published."""
    try:
        return index_dir / (index_dir / CURRENT).readlink()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CorruptIndex(f"{index_dir / CURRENT} is no link: {error.strerror}") from error


def published_at(index_dir: Path) -> float | None:
    """Return when the generation served was swapped in, in seconds since 1970; None for none."""
    try:
        return (index_dir / CURRENT).lstat().st_mtime
    except FileNotFoundError:
        return None


def is_current_format(generation: Path) -> bool:
    """Tell whether a generation's name carries the format of this program."""
    return generation.name.split("-", 1)[0] == str(FORMAT)


def new_generation(index_dir: Path) -> Path:
    """Make and return an empty folder for the next generation; nothing points to it yet."""
    index_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    taken = [
        int(number)
        for path in index_dir.iterdir()
        if (number := path.name.rpartition("-")[2]).isdigit()
    ]
    folder = index_dir / f"{FORMAT}-{max(taken, default=0) + 1}"
    folder.mkdir(mode=0o700)
    return folder


def link_files(generation: Path, fresh: Path) -> None:
    """Give another generation the files of one that nobody writes, its number table left out.

    They are the same files under a second name (files of an index never change), or copies where
    the file system knows no second names.

    Raises:
        OSError: there is no room.
    """
    for path in generation.iterdir():
        if path.is_file() and path.suffix != ".lock":
            try:
                os.link(path, fresh / path.name)
            except OSError:
                shutil.copyfile(path, fresh / path.name)


def publish(index_dir: Path, generation: Path) -> None:
    """Let `current` name `generation`, atomically and durably."""
    sync_folder(generation)
    fresh = index_dir / f".{CURRENT}.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(generation.name)
    fresh.replace(index_dir / CURRENT)
    sync_folder(index_dir)


def sweep(index_dir: Path) -> None:
    """Remove every generation but the one served, and links that a killed writer left behind.

    Readers that still map an old generation keep their files until they let go of them.
    """
    served = current_generation(index_dir)
    for path in index_dir.iterdir():
        if path.name.startswith(f".{CURRENT}."):
            path.unlink(missing_ok=True)
        elif path.is_dir() and not path.is_symlink() and path != served:
            shutil.rmtree(path, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable (tantivy does not sync it after a commit)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_manifest(generation: Path) -> None:
    """Record the digest of every segment file that is there now; known digests are kept.

    Tantivy may remove what a merge left while this reads: a file that vanishes is not recorded.
    """
    try:
        known = read_manifest(generation)
    except CorruptIndex:
        known = None
    files = {}
    for path in sorted(generation.iterdir()):
        if path.suffix in _SEGMENT_SUFFIXES:
            old = known.files.get(path.name) if known else None
            with suppress(FileNotFoundError):
                files[path.name] = old or _sum(path)
    if (generation / _NUMBERS).exists():
        files[_NUMBERS] = _sum(generation / _NUMBERS)
    fresh = generation / f".{MANIFEST}"
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(Manifest(FORMAT, files))))
    with fresh.open("rb+") as handle:
        os.fsync(handle.fileno())
    fresh.replace(generation / MANIFEST)
    sync_folder(generation)


def read_manifest(generation: Path) -> Manifest | None:
    """Return the manifest of a generation, None before it was first sealed."""
    path = generation / MANIFEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CorruptIndex(f"{path}: {error}") from error


def verify_generation(generation: Path) -> None:
    """Read every file that the last commit needs and compare its sum.

    Costs one read of the index (about 1 s for a gibibyte from the page cache).

    Raises:
        CorruptIndex: names the first file that is missing, cut short or changed.
    """
    manifest = read_manifest(generation)
    meta_path = generation / META
    try:
        meta = msgspec.json.decode(meta_path.read_bytes(), type=_Meta)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CorruptIndex(f"{meta_path}: {error}") from error
    present = sorted(path for path in generation.iterdir() if path.suffix in _SEGMENT_SUFFIXES)
    live = {segment.segment_id.replace("-", "") for segment in meta.segments}
    names = {path.name for path in present}
    for segment in sorted(live):
        for suffix in _REQUIRED_SUFFIXES:
            if segment + suffix not in names:
                raise CorruptIndex(f"{generation / (segment + suffix)} is missing")
    for path in present:
        if path.name[:32] not in live:
            continue  # left by a merge: nothing reads it, tantivy collects it
        known = manifest.files.get(path.name) if manifest else None
        if known is not None:
            if _sum(path) != known:
                raise CorruptIndex(f"{path} is not what was written")
        else:
            _check_footer(path)
    _verify_numbers(generation, manifest.files.get(_NUMBERS) if manifest else None)


def _verify_numbers(generation: Path, known: FileSum | None) -> None:
    """Compare the number table with its digest, unless it was written since."""
    path = generation / _NUMBERS
    try:
        written = path.stat().st_mtime_ns
        sealed = (generation / MANIFEST).stat().st_mtime_ns if known else 0
    except OSError as error:
        raise CorruptIndex(f"{path}: {error.strerror}") from error
    if known is not None and written <= sealed and _sum(path) != known:
        raise CorruptIndex(f"{path} is not what was written")


def _sum(path: Path) -> FileSum:
    digest = hashlib.blake2b(digest_size=32)
    size = 0
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return FileSum(size, digest.hexdigest())


def _check_footer(path: Path) -> None:
    """Compare a file with tantivy's footer: JSON with a CRC-32, its length, a magic number."""
    data = path.read_bytes()
    try:
        length, magic = struct.unpack("<II", data[-8:])
        if magic != _FOOTER_MAGIC or length > len(data) - 8:
            raise CorruptIndex(f"{path} is cut short")
        footer = msgspec.json.decode(data[-8 - length : -8])
        crc = footer["crc"]
    except (struct.error, msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise CorruptIndex(f"{path} has no whole footer") from error
    if zlib.crc32(data[: -8 - length]) != crc:
        raise CorruptIndex(f"{path} is not what was written")
