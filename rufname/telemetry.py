"""What services say of themselves: one line an event, JSON for machines, short for a terminal.

    configure_logging("ldapd-0")                       # once, at the start of each process
    log = logging.getLogger("rufname.supervisor")      # every package uses the standard library
    log.info("worker started", extra={"fields": {"worker": "ldapd-0", "pid": 4711}})

A JSON line has `time` (UTC, RFC 3339), `level`, `process`, `logger`, `event`, the fields, and for
an exception `error` and `where`.

Law: no names and no numbers of persons, ever. Who logs passes counts, ids and names from the
configuration. As a second wall, runs of digits that may be phone numbers are masked in every
text, and the message of an exception is only kept where our own code, or the operating system,
wrote it. Everything is escaped and cut, so that no peer can forge, hide or flood a line.
"""

from __future__ import annotations

import json
import logging
import math
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, TextIO, TypeGuard

from typing_extensions import override

from rufname.logstream import PatientHandler, is_journal

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["auto", "json", "human"]
Field = str | int | float | bool | None

MAX_VALUE_BYTES = 256
"""Of any one value, in UTF-8: enough for a path, too little for a document of a peer's."""

MAX_EVENT_BYTES = 1024
"""Of the event's whole text, which may hold several values (a fault of the configuration)."""

MAX_FIELDS = 24

NO_THREAD = "can't start new thread"
"""Python's words where the system allows no further one (TasksMax=, ulimit -u)."""

MAX_FRAMES = 6

_OWN_PACKAGES = frozenset({"rufname", "engine", "connectors", "ldapd", "relay"})
_QUIET = ("uvicorn.access", "uvicorn.error", "asyncio", "httpx", "litestar")
_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "fields"}

_DIGITS = re.compile(
    r"(?P<id>(?<![\w-])(?:"  # stays: the id of a tenant, say, or the fingerprint of a key
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|[0-9a-f]{4}(?: [0-9a-f]{4}){15}"
    r")(?![\w-]))"
    r"|(?<![\w.:])(?!\d{4}-\d{2}-\d{2}(?:\D|$))"  # not within a word or an address; no ISO date
    r"\+?\(?\d(?:[\s\-/()\u00a0\u2010-\u2015]{0,3}\d){5,24}"
)
_PRIORITIES = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (0, 7),
)
_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure_logging(
    process: str, *, level: Level = "info", form: Form = "auto", stream: TextIO | None = None
) -> None:
    """Send everything that this process logs to one stream, a line an event.

    Args:
        process: its name in every line, such as "supervisor" or "ldapd-0".
        level: the least that is written.
        form: "json", "human", or by whether the stream is a terminal.
        stream: standard error if None.

    Calling it again replaces what was there. Chatty libraries are heard from "warning" up. Lines to
    the journal of systemd begin with their priority, which it takes off.
    """
    stream = stream or sys.stderr
    human = form == "human" or (form == "auto" and stream.isatty())
    handler = PatientHandler(stream)
    formatter = HumanFormatter(process) if human else JsonFormatter(process)
    handler.setFormatter(JournalFormatter(formatter) if is_journal(stream) else formatter)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(_LEVELS[level])
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, _LEVELS[level]))
    # A full disk or a closed pipe must not print tracebacks, with their values, beside the log.
    logging.raiseExceptions = False
    logging.captureWarnings(capture=True)


class Wording(str):
    """A value of a message that is our own words, such as what a setting allows.

    No digits of it are a person's, so that none are masked.
    """

    __slots__ = ()


class JsonFormatter(logging.Formatter):
    """One JSON object a line, pure ASCII."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line without a line break."""
        line: dict[str, Field] = {
            "time": _time(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "event": event_of(record),
        }
        for name, value in fields_of(record).items():
            line.setdefault(name, value)
        return json.dumps(line, ensure_ascii=True, allow_nan=False)


class HumanFormatter(logging.Formatter):
    """One short line for a person at a terminal: time (UTC), level if not info, process, event."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one printable line."""
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        fields = "".join(f"  {name}={value}" for name, value in fields_of(record).items())
        text = f"{_time(record):%H:%M:%S}Z {self._process}: {level}{event_of(record)}{fields}"
        return printable(text)


class JournalFormatter(logging.Formatter):
    """Another formatter's line behind its priority, as sd-daemon(3) writes it: `<4>{…}`."""

    def __init__(self, line: logging.Formatter) -> None:
        super().__init__()
        self._line = line

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line that the journal files under its priority."""
        priority = next(number for level, number in _PRIORITIES if record.levelno >= level)
        return f"<{priority}>{self._line.format(record)}"


def event_of(record: logging.LogRecord) -> str:
    """Return the text of a record with its values masked and cut; a broken one says so.

    Of a library's text only the first line is taken: asyncio puts values of exceptions behind it.
    """
    arguments = record.args
    try:
        if record.name.partition(".")[0] not in _OWN_PACKAGES:
            text = mask(record.getMessage().partition("\n")[0])
        elif isinstance(arguments, Mapping):
            text = record.msg % {name: _clean(value) for name, value in arguments.items()}
        elif arguments:
            text = record.msg % tuple(map(_clean, arguments))
        else:
            text = mask(str(record.msg))
    except (TypeError, ValueError, KeyError):
        text = f"a message that cannot be put together, logged at {record.module}:{record.lineno}"
    return cut(text, MAX_EVENT_BYTES)


def fields_of(record: logging.LogRecord) -> dict[str, Field]:
    """Return what was passed as `extra` (singly or as `fields`), then error and place if any."""
    given = {name: value for name, value in record.__dict__.items() if name not in _RECORD}
    more = record.__dict__.get("fields")
    if isinstance(more, Mapping):
        given.update(more)
    fields = {
        cut(mask(str(name)), 64): _field(value) for name, value in list(given.items())[:MAX_FIELDS]
    }
    if record.exc_info and record.exc_info[1] is not None:
        error, trace = record.exc_info[1], record.exc_info[2]
        fields["error"] = error_text(error)
        fields["where"] = _where(trace)
    return fields


def error_text(error: BaseException) -> str:
    """Return an exception's type, and its message where that holds no data of others.

    Our own errors never quote personal data; of the operating system's only the reason is taken.
    """
    kind = type(error)
    if isinstance(error, OSError):
        return f"{kind.__name__}: {error.strerror or 'no reason given'}"
    if kind is RuntimeError and str(error) == NO_THREAD:
        return f"{kind.__name__}: {NO_THREAD}"
    if kind.__module__.partition(".")[0] in _OWN_PACKAGES:
        return cut(mask(f"{kind.__name__}: {error}"), MAX_VALUE_BYTES)
    return kind.__name__


def mask(text: str) -> str:
    """Replace what may be a phone number: six digits or more with the signs between them."""
    return _DIGITS.sub(
        lambda found: found["id"] or f"<{sum(map(str.isdigit, found[0]))} digits>", text
    )


def cut(text: str, limit: int) -> str:
    """Return at most `limit` octets of UTF-8, whole characters, with "…" where it was cut."""
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= limit:
        return data.decode()
    return f"{data[: limit - 3].decode('utf-8', 'ignore')}…"


def printable(text: str) -> str:
    r"""Return `text` with everything a terminal would act on, or hide, written as an escape."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "backslashreplace").decode()
        for character in text
    )


def _clean(value: object) -> object:
    """Mask and cut one value of a message; numbers stay numbers for their format."""
    if isinstance(value, Wording):
        return cut(value, MAX_EVENT_BYTES)
    return value if isinstance(value, int | float) else _field(value) or ""


def _field(value: object) -> Field:
    """Return a value fit for a line: numbers and truth values as they are, the rest as a text."""
    if value is None or isinstance(value, bool | int) or _is_finite(value):
        return value
    if isinstance(value, BaseException):
        return error_text(value)
    return cut(mask(str(value)), MAX_VALUE_BYTES)


def _is_finite(value: object) -> TypeGuard[float]:
    """Tell whether `value` is a float that JSON can write."""
    return isinstance(value, float) and math.isfinite(value)


def _where(trace: TracebackType | None) -> str:
    """Return the innermost frames, outer first: "module:line function > …"; no source text."""
    frames = traceback.extract_tb(trace)[-MAX_FRAMES:]
    places = [
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames
    ]
    return cut(" > ".join(places), MAX_VALUE_BYTES)


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)
