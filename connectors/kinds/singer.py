"""`singer`: the records of a Singer tap, read from a command: the open door to other systems.

Law: the command is run as it is written, by no shell. `Complete` is earned: exit code 0 and an
unbroken last line. A tap may repeat records: the last repetition counts. Every run is full, unless
the tap is to be followed: then it gets back the last STATE that it told, and a record that is gone
shows by `_sdc_deleted_at`, or at the next full run.

Source: the Singer specification (singer.io), "Synching", "State".
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any

import msgspec
from typing_extensions import override

from connectors.cancelling import Cancelling
from connectors.errors import ConnectorError, SourceFailed
from connectors.jsonpaths import paths_in
from connectors.jsonrecords import compile_record, whole_record
from connectors.jsontexts import decode_json
from connectors.mapping import Mapping
from connectors.programs import Program
from connectors.settings import SecretRef, SettingFault, SourceSettings
from connectors.spool import Spool
from connectors.suggestions import found_fields
from engine.source import (
    Bookmark,
    CheckReport,
    Complete,
    ContactSource,
    Delete,
    Event,
    RejectedRecord,
    SourceField,
    Upsert,
)

DISCOVERED = 200

_PASSED_OVER = frozenset({"SCHEMA", "ACTIVATE_VERSION", "LOG", "BATCH"})


class SingerOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "singer"`.

    Attributes:
        command: the program and its arguments, each a text of its own.
        stream: whose records are contacts; "" = all streams.
        follow: give the tap its last state back (`--state FILE`), so that it tells what changed.
        secret: passed to the command as the variable `secret_variable`.
        secret_variable: its name.
        timeout_s: the command is ended when it has said nothing for so long.
    """

    command: Annotated[
        tuple[str, ...],
        msgspec.Meta(min_length=1, description="a list of texts: a program and its arguments"),
    ]
    stream: str = ""
    follow: bool = False
    secret: SecretRef | None = None
    secret_variable: Annotated[
        str, msgspec.Meta(description="the name of a variable: letters, digits, _")
    ] = "TAP_SECRET"  # noqa: S105 - the name of a variable
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 600

    def __post_init__(self) -> None:
        if not self.command[0] or any("\0" in part for part in self.command):
            raise SettingFault("command", "an empty program, or a NUL")
        if not self.secret_variable.isidentifier():
            raise SettingFault("secret_variable")


class _Followed(msgspec.Struct, frozen=True, array_like=True):
    """A bookmark: the state that a command told for a stream, and the version of its table."""

    command: tuple[str, ...]
    stream: str
    state: msgspec.Raw
    version: int | None = None


_NOTHING = msgspec.Raw(b"")


class _Message(msgspec.Struct, frozen=True):
    """One line of a tap; what a type does not have is None, or nothing."""

    type: str = ""
    stream: str | None = None
    record: dict[str, Any] | None = None
    version: Any = None
    value: msgspec.Raw = _NOTHING


_decode_message = msgspec.json.Decoder(_Message).decode


def _message_of(line: bytes, place: str) -> _Message:
    """Return the message of a line, which stands at a place.

    Raises:
        SourceFailed: it is none.
    """
    try:
        return _decode_message(line)
    except (ValueError, RecursionError):
        pass
    try:
        return _decode_message(msgspec.json.encode(decode_json(line)))
    except (ValueError, RecursionError) as error:
        raise SourceFailed(f"{place} is no message of Singer: {error}") from None


class SingerSource(ContactSource):
    """What one tap says."""

    def __init__(self, settings: SourceSettings) -> None:
        assert isinstance(settings.options, SingerOptions)
        self._settings = settings
        self._options = settings.options
        self._cancelling = Cancelling()
        self._state: msgspec.Raw | None = None  # what the command told last
        self._version: int | None = None  # of the stream's table, as it was told last

    @override
    def check(self) -> CheckReport:
        """Run the command until its first record."""
        try:
            first = self._first(1)
        except ConnectorError as error:
            return CheckReport(faults=(str(error),))
        if not first:
            return CheckReport(warnings=(f"{self._options.command[0]}: it sends no record",))
        lacking = [
            name for name in self._settings.key if name not in dict.fromkeys(paths_in(first[0]))
        ]
        warnings = tuple(f"the first record has no {name}" for name in lacking)
        return CheckReport(warnings=warnings)

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return the paths of all values in the first records."""
        items = self._first(DISCOVERED)
        return found_fields(None, [whole_record(item, (), (), "").record for item in items])

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first records with all their values."""
        columns = Mapping(self._settings).columns
        return [
            whole_record(record, columns, self._settings.key, "") for record in self._first(rows)
        ]

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Run the command to its end, then stream what it said: all, or what changed.

        Raises:
            SourceFailed: an exit code other than 0, a line that is no message of Singer.
            DriverMissing: no such program.
        """
        mapping, own_key = Mapping(self._settings), self._settings.key
        to_event = compile_record(mapping.columns, mapping.several, own_key)
        to_key = compile_record(own_key, frozenset(), own_key)
        followed = self._followed(bookmark)
        known = followed.state if followed else None
        gone: dict[str, None] = {}
        number = 0
        with Spool() as spool, self._running(known) as program:
            for record, deleted in self._records(program):
                number += 1
                key = to_key(record, "").key
                if deleted:
                    spool.drop(key)
                    gone[key] = None
                else:
                    gone.pop(key, None)
                    spool.put(key or f"\0{number}", record)  # without a key: rejected one by one
            program.finish()
            for _, record in spool.pairs():
                yield to_event(record, "")
        full = followed is None or self._is_whole(followed)
        if not full:
            yield from (Delete(key) for key in gone if key)
        yield Complete(full=full, bookmark=self._bookmark(followed))

    def _is_whole(self, followed: _Followed) -> bool:
        """Tell whether all records came, though the tap had a state to go on from.

        A tap that sends a whole table each time gives it a new version: what is of an older one
        is gone. Of several streams, those that are silent would be lost.
        """
        versions = followed.version, self._version
        return bool(self._options.stream) and None not in versions and len(set(versions)) > 1

    def _followed(self, bookmark: Bookmark) -> _Followed | None:
        """Return what to go on from; None = read everything."""
        if not self._options.follow or not bookmark:
            return None
        try:
            followed = msgspec.json.decode(bookmark, type=_Followed)
        except msgspec.DecodeError:
            return None
        same = (followed.command, followed.stream) == (self._options.command, self._options.stream)
        return followed if same else None

    def _bookmark(self, before: _Followed | None) -> Bookmark:
        """Return what the next run goes on from: a tap without news may tell no state."""
        options = self._options
        state = self._state or (before.state if before else None)
        version = self._version if before is None or self._version else before.version
        if not options.follow or state is None:
            return b""
        return msgspec.json.encode(_Followed(options.command, options.stream, state, version))

    @override
    def cancel(self) -> None:
        """End the command."""
        self._cancelling.cancel()

    @override
    def share_read(self) -> float | None:
        """Return None: a tap does not tell how many records will come."""
        return None

    def _first(self, count: int) -> list[Any]:
        found: list[Any] = []
        with self._running() as program:
            for record, deleted in self._records(program):
                if not deleted:
                    found.append(record)
                if len(found) == count:
                    return found
            program.finish()
        return found

    def _records(self, program: Program) -> Iterator[tuple[Any, bool]]:
        """Yield the records of the stream, and whether each is a deletion."""
        name, wanted = self._options.command[0], self._options.stream
        streams: dict[str, None] = {}
        self._state = self._version = None
        for number, line in enumerate(program.lines(), 1):
            if not line.strip():
                continue
            message = _message_of(line, f"{name}: line {number}")
            if message.stream:
                streams[message.stream] = None
            ours = wanted in {"", message.stream}
            match message:
                case _Message(type="RECORD", stream=str(), record=dict(record)):
                    if ours:
                        yield record, bool(record.get("_sdc_deleted_at"))
                case _Message(type="BATCH") if ours:
                    # Its records stand in files: to pass it over would lose them in silence.
                    raise SourceFailed(
                        f"{name}: line {number} is a BATCH, which is not read: switch off"
                        " batch_config in the tap's own configuration"
                    )
                case _ if self._keeps(message, ours=ours):
                    pass
                case _:
                    raise SourceFailed(f"{name}: line {number} is no message of Singer")
        if wanted and wanted not in streams and streams:
            raise SourceFailed(f"{name}: no stream {wanted!r}; there are: {', '.join(streams)}")

    def _keeps(self, message: _Message, *, ours: bool) -> bool:
        """Keep what a message tells beside records; tell whether it is one that may stand there."""
        if message.type == "STATE" and bytes(message.value):
            self._state = message.value.copy()
            return True
        if message.type == "ACTIVATE_VERSION" and ours and isinstance(message.version, int):
            self._version = message.version
        return message.type in _PASSED_OVER

    @contextmanager
    def _running(self, state: msgspec.Raw | None = None) -> Iterator[Program]:
        """Run the command for a `with` block, with a state to go on from if there is one."""
        with ExitStack() as stack:
            command = self._options.command
            if state is not None:
                file = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".json"))
                file.write(bytes(state))
                file.flush()
                command = (*command, "--state", file.name)
            yield stack.enter_context(self._program_of(command))

    @contextmanager
    def _program_of(self, command: tuple[str, ...]) -> Iterator[Program]:
        options = self._options
        secret = options.secret.read() if options.secret is not None else ""
        environment = {options.secret_variable: secret} if secret else {}
        program = Program(
            command, timeout_s=options.timeout_s, environment=environment, secret=secret
        )
        with self._cancelling.reaching(program), program:
            yield program
