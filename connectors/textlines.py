"""Text files: which encoding, which separator, and bytes → lines of text that name bad lines.

Law: streams; one line is held at a time, and no line is longer than `MAX_LINE_BYTES`. A line that
cannot be decoded is handed on with `bad_line` set to its number, never dropped here.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import BinaryIO

from charset_normalizer import from_bytes

from engine.cleaning import clean

MAX_LINE_BYTES = 1024 * 1024
"""A record of a contact has some hundred bytes; a file without line breaks must not fill memory."""

SAMPLE_BYTES = 64 * 1024
CHUNK_BYTES = 1024 * 1024
SEPARATORS = ";,\t|"
TITLE_LINES = 50
"""So far down a header is looked for."""

REPLACED = "\ufffd"
"""Stands for what could not be decoded."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16 LE, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE_ASCII = (
    (re.compile(rb"(?:[\t\r\n -~]\0){2}"), "utf-16-le"),
    (re.compile(rb"(?:\0[\t\r\n -~]){2}"), "utf-16-be"),
)
"""Two characters of ASCII, as UTF-16 without a mark begins."""

_WIDE_BOMS = tuple(mark for mark, encoding in _BOMS if encoding != "utf-8")
_LEGACY = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "cp850", "cp852", "cp866", "koi8_r",
    "mac_roman",
)  # fmt: skip
"""What exports of the last thirty years are written in."""

_WINDOWS_BY_COUNTRY = {
    "cp1250": ("48", "420", "421", "36", "386", "385", "40", "381", "387", "355"),
    "cp1251": ("7", "380", "375", "359", "389"),
    "cp1253": ("30", "357"),
    "cp1254": ("90",),
    "cp1257": ("370", "371", "372"),
}
_SURROGATES = re.compile("[\udc80-\udcff]")


class TextLines:
    """The lines of a file as text, counted from 1.

    Attributes:
        number: the line that was handed out last.
        bad_line: the first undecodable or overlong line since it was set to 0 last, 0 = none.
        ended: the end of the file was asked for.
    """

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self.number = 0
        self.bad_line = 0
        self.ended = False
        self._file = file
        self._encoding = encoding
        self._peeked: deque[bytes] = deque()
        start = file.read(SAMPLE_BYTES)
        file.seek(0)
        name = codecs.lookup(encoding).name
        if name in {"utf-16", "utf-32"} and not start.startswith(_WIDE_BOMS):
            self._encoding = f"{name}-le"  # Windows and its programs
        only_returns = b"\r" in start and b"\n" not in start
        self._splits_bytes = keeps_ascii(encoding) and not only_returns

    def texts(self) -> Iterator[str]:
        """Yield each line with its line break; a bad one with U+FFFD for its bad bytes.

        A byte order mark goes in front of every line: files are put together of several.
        """
        yield from self._from_bytes() if self._splits_bytes else self._from_text()
        self.ended = True

    def sample(self) -> list[str]:
        """Return the whole lines of the file's first 64 KiB; only before `texts`."""
        if not self._splits_bytes:
            raw = self._file.read(SAMPLE_BYTES)
            self._file.seek(0)
            found = list(io.StringIO(raw.decode(self._encoding, "replace"), newline=""))
            del found[max(1, len(found) - (len(raw) == SAMPLE_BYTES)) :]  # the cut one
            return [text.removeprefix("\ufeff") for text in found]
        size = 0
        while size < SAMPLE_BYTES and (raw := self._file.readline(MAX_LINE_BYTES)):
            self._peeked.append(raw)
            size += len(raw)
        return [
            raw.decode(self._encoding, "replace").removeprefix("\ufeff") for raw in self._peeked
        ]

    def _from_bytes(self) -> Iterator[str]:
        encoding = self._encoding
        raws = chain(iter(self._peeked), iter(partial(self._file.readline, MAX_LINE_BYTES), b""))
        for raw in raws:
            self.number += 1
            if raw.isascii():
                text = raw.decode("ascii")
            else:
                try:
                    text = raw.decode(encoding)
                except UnicodeDecodeError:
                    self.bad_line = self.bad_line or self.number
                    text = raw.decode(encoding, "replace")
                text = text.removeprefix("\ufeff")
            if len(raw) == MAX_LINE_BYTES and raw[-1:] != b"\n":
                self._skip_rest()
                text = "\n"
            yield text

    def _skip_rest(self) -> None:
        self.bad_line = self.bad_line or self.number
        while raw := self._file.readline(MAX_LINE_BYTES):
            if raw[-1:] == b"\n":
                return

    def _from_text(self) -> Iterator[str]:
        wrapped = io.TextIOWrapper(
            self._file, encoding=self._encoding, errors="replace", newline=""
        )
        try:
            for text in iter(partial(wrapped.readline, MAX_LINE_BYTES), ""):
                self.number += 1
                if REPLACED in text or len(text) >= MAX_LINE_BYTES:
                    self.bad_line = self.bad_line or self.number
                yield text.removeprefix("\ufeff")
        finally:
            if not wrapped.closed:  # else the run ended early and closed the file under us
                wrapped.detach()


def keeps_ascii(encoding: str) -> bool:
    """Tell whether ASCII bytes always mean themselves, so that bytes can be split into lines."""
    if codecs.lookup(encoding).name.startswith(("iso2022", "hz", "utf-7", "utf-16", "utf-32")):
        return False
    plain = bytes(range(128))
    try:
        return plain.decode(encoding) == plain.decode("ascii")
    except UnicodeDecodeError:
        return False


def found_encoding(file: BinaryIO, country_code: str = "") -> str:
    """Find the encoding of a whole file, from its start.

    A byte order mark decides, or the NULs of UTF-16 without one; then UTF-8, if more of its
    characters than of its bytes fit (a few bad lines do not make it another encoding); else what
    the bytes look like, and in doubt the Windows code page of the country.

    Args:
        file: read to its end, in pieces.
        country_code: the calling code of the source's dial plan.
    """
    start = file.read(4)
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding
    for wide, encoding in _WIDE_ASCII:
        if wide.fullmatch(start):
            return encoding
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    odd = bytearray()
    while chunk := file.read(CHUNK_BYTES):
        text = decoder.decode(chunk)
        if text.isascii():
            continue
        escaped = len(_SURROGATES.findall(text))
        bad += escaped
        good += len(text.encode("utf-8", "surrogateescape")) - len(text)
        if escaped and len(odd) < SAMPLE_BYTES:
            odd += b"\n".join(line for line in chunk.split(b"\n") if not line.isascii())
    if good >= bad:
        return "utf-8"
    return _legacy_encoding(bytes(odd[:SAMPLE_BYTES]), country_code)


def windows_encoding(country_code: str) -> str:
    """Return the Windows code page of a country, by its calling code."""
    pages = (page for page, codes in _WINDOWS_BY_COUNTRY.items() if country_code in codes)
    return next(pages, "cp1252")


def _legacy_encoding(sample: bytes, country_code: str) -> str:
    likely = windows_encoding(country_code)
    matches = from_bytes(sample, cp_isolation=list(_LEGACY), preemptive_behaviour=False)
    best = matches.best()
    if best is None:
        return likely
    equal = {
        name
        for match in matches
        if match.chaos <= best.chaos and match.coherence >= best.coherence
        for name in match.could_be_from_charset
    }
    return likely if likely in equal else best.encoding


def found_separator(sample: Sequence[str], quote: str, wanted: Sequence[str]) -> str:
    """Find the separator: the one that shows the wanted columns, or splits most lines alike.

    Args:
        sample: whole lines of the file's beginning.
        quote: the quote character, "" for none.
        wanted: columns that the header must have; () without a header.

    Returns:
        One of ; , tab and |; the comma where there is nothing to split.
    """

    def fitness(separator: str) -> tuple[bool, float, int]:
        def reader(lines: Sequence[str]) -> Iterator[list[str]]:
            return csv.reader(
                lines,
                delimiter=separator,
                quotechar=quote or None,
                quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
            )

        above = rows_above(reader(sample[:TITLE_LINES]), wanted)
        rows = list(filter(None, islice(_readable_rows(reader(sample)), above, None)))
        if not rows or len(rows[0]) == 1:
            return (bool(rows) and len(wanted) == 1 and rows[0][0].strip() == wanted[0], 0.0, 0)
        header = {name.strip() for name in rows[0]}
        alike = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        return (bool(wanted) and header.issuperset(wanted), alike, len(rows[0]))

    return max(("," + SEPARATORS), key=fitness)


def rows_above(sample: Iterator[list[str]], wanted: Sequence[str]) -> int:
    """Return how many rows stand above the header: a title, as people write it over a table.

    The header is the first row with all wanted columns, if there is less in each row above it; else
    the first one with several texts, or of a single cell where another one is so, too, or with a
    name for the second of two columns alone, as behind row numbers.

    Args:
        sample: the rows of the file's beginning, as one separator parts them.
        wanted: columns that the header must have; () where none are known.
    """
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # no title: whoever reads on is told
        rows.extend(sample)
    texts = [[clean(cell) for cell in row if cell.strip()] for row in rows]
    if wanted:
        most = 0
        for number, row in enumerate(texts):
            if most < len(row) and set(wanted).issubset(row):
                return number
            most = max(most, len(row))
    for number, row in enumerate(texts):
        if len(row) > 1 or (row and rows[number][:-1] == [""]):
            return number
        if row and len(rows[number]) == 1:
            parted = [len(cells) > 1 for cells in rows[number:] if cells]
            if not _title_rows(parted):
                return number
    return 0


def _title_rows(parted: Sequence[bool]) -> int:
    """Return how many rows stand in one piece above more that are all parted; 0 = no title."""
    above = parted.index(True) if True in parted else 0
    return above if len(parted) > 2 * above and all(parted[above:]) else 0


def _readable_rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield the rows of a table but those that are none: one bad line tells of no separator."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
