from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typing_extensions import override

from connectors.errors import SourceFailed
from connectors.kinds.singer import SingerOptions, SingerSource
from connectors.settings import SecretRef
from engine.source import Complete, Delete, Event, SourceField, Upsert
from tests.connectors.conformance import Conformance
from tests.connectors.making import settings
from tests.connectors.worlds import Rows, World

SCHEMA = {"type": "SCHEMA", "stream": "people", "schema": {}, "key_properties": ["id"]}
MAP = {"display_name": "name", "phones.work": "phone.work"}


def record(key: str, name: str, phone: str = "", **more: Any) -> dict[str, Any]:
    item = {"id": key, "name": name, "phone": {"work": phone}, **more}
    return {"type": "RECORD", "stream": "people", "record": item}


def write(path: Path, *messages: Any) -> None:
    path.write_text("".join(json.dumps(message) + "\n" for message in messages))


class SingerWorld(World):
    """A tap that is a script: it writes what stands in a file."""

    incremental = False
    faults = ("exit code", "no message", "cut off")
    lacks: ClassVar[dict[str, str]] = {
        "wrong password": "the tap's own business: it ends with an exit code",
        "no rights": "the tap's own business: it ends with an exit code",
        "expired bookmark": "every run is full",
        "duplicate keys": "a tap may repeat a record: the last one counts",
        "wrong columns": "an object may lack any value",
        "lost column": "an object may lack any value",
        "bad encoding": "JSON is UTF-8; another one is no JSON",
        "killed": "all is read before anything is told; its exit code counts",
    }

    def __init__(self, folder: Path) -> None:
        self.tap = folder / "tap.sh"
        self.messages = folder / "messages"
        command = ("sh", str(self.tap), str(self.messages))
        self.settings = settings(
            kind="singer", map=MAP, options=SingerOptions(command=command, timeout_s=20)
        )

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        self.tap.write_text('cat "$1"\n')
        write(self.messages, SCHEMA, *(record(*row) for row in rows), {"type": "STATE", "value": 1})

    @override
    def damage(self, fault: str) -> None:
        if fault == "error":
            self.tap.write_text("echo 'cannot sign in' >&2; exit 1\n")
        elif fault == "hang":
            self.tap.write_text("sleep 600\n")
        elif fault == "exit code":
            self.tap.write_text('head -n 9 "$1"; exit 2\n')
        elif fault == "no message":
            self.tap.write_text('cat "$1"; echo "{}"\n')
        elif fault == "cut off":
            self.tap.write_text('head -c 1000 "$1"\n')
        else:
            raise AssertionError(fault)


class TestSinger(Conformance):
    @pytest.fixture
    @override
    def world(self, tmp_path: Path) -> World:
        return SingerWorld(tmp_path)


def source(path: Path, **options: Any) -> SingerSource:
    made = SingerOptions(**({"command": ("cat", str(path)), "timeout_s": 20} | options))
    return SingerSource(settings(kind="singer", map=MAP, options=made))


def names(events: list[Event]) -> list[str]:
    assert events[-1] == Complete(full=True)
    return [event.record["name"] for event in events if isinstance(event, Upsert)]


def test_the_last_of_a_record_counts_and_a_deleted_one_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    write(
        path,
        SCHEMA,
        record("1", "Anna"),
        record("2", "Bo"),
        {"type": "ACTIVATE_VERSION", "stream": "people", "version": 1},
        record("1", "Anni"),
        record("2", "Bo", _sdc_deleted_at="2026-11-26"),
        record("", "Nobody"),
        record("", "Nobody"),
    )
    assert names(list(source(path).read(b""))) == ["Anni", "Nobody", "Nobody"]


def test_only_the_stream_that_is_named_is_read(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    other = {"type": "RECORD", "stream": "deals", "record": {"id": "9"}}
    write(path, SCHEMA, other, record("1", "Anna"))
    assert names(list(source(path, stream="people").read(b""))) == ["Anna"]
    with pytest.raises(SourceFailed, match="no stream 'person'; there are: people, deals"):
        list(source(path, stream="person").read(b""))


def test_records_in_batches_of_files_are_never_lost_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    batch = {"type": "BATCH", "encoding": {"format": "jsonl"}, "manifest": ["file:///x.gz"]}
    write(path, SCHEMA, record("1", "Anna"), batch | {"stream": "people"})
    for stream in ("", "people"):
        with pytest.raises(SourceFailed, match=r"line 3 is a BATCH.* switch off batch_config"):
            list(source(path, stream=stream).read(b""))
    write(path, SCHEMA, record("1", "Anna"), batch | {"stream": "deals"})
    assert names(list(source(path, stream="people").read(b""))) == ["Anna"]


def test_a_line_that_is_no_message_is_told_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    whole = json.dumps(record("1", "Anna")).encode()
    for line, words in (
        (whole.replace(b"Anna", b"M\xfcller"), "line 2 is no message of Singer: JSON that is not"),
        (whole.replace(b'"Anna"', b"[" * 5_000 + b"]" * 5_000), "line 2 .* nested too deeply"),
        (b"INFO 1 record", "line 2 is no message of Singer: JSON is malformed"),
    ):
        path.write_bytes(whole + b"\n" + line + b"\n")
        with pytest.raises(SourceFailed, match=words):
            list(source(path).read(b""))


def test_what_pythons_writers_take_for_json_is_read(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    half = record("1", "Anna \ud83d", score=float("nan"), big=12345678901234567890123)
    path.write_text(json.dumps(half) + "\n")
    assert names(list(source(path).read(b""))) == ["Anna \ufffd"]


def test_its_fields_and_first_records_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    write(path, SCHEMA, record("1", "Anna", "5"), record("2", "Bo", "6"))
    assert source(path).discover() == (
        SourceField("id", "number", key=True),
        SourceField("name", "text", key=True),
        SourceField("phone.work", "number", key=True),
    )
    (first,) = source(path).preview(1)
    assert isinstance(first, Upsert)
    assert first.record == {"id": "1", "name": "Anna", "phone.work": "5"}


def test_a_secret_reaches_the_command_only(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    message = json.dumps(record("1", "NAME")).replace("NAME", "'$MINE'")
    script = f"printf '%s\\n' '{message}'"
    own = source(
        tmp_path,
        command=("sh", "-c", script),
        secret=SecretRef(file=tmp_path / "secret"),
        secret_variable="MINE",
    )
    assert names(list(own.read(b""))) == ["s3cret"]


def test_a_secret_that_a_command_complains_of_is_in_no_report(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    script = 'echo "GET /contacts?token=$TAP_SECRET: 401" >&2; exit 1'
    secret = SecretRef(file=tmp_path / "secret")
    own = source(tmp_path, command=("sh", "-c", script), secret=secret)
    with pytest.raises(SourceFailed, match=r"exit code 1: GET /contacts\?token=\*\*\*: 401$"):
        list(own.read(b""))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"command": ("",)}, "an empty program"),
        ({"secret_variable": "A-B"}, "secret_variable: bad value"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SingerOptions(**({"command": ("cat",)} | wrong))


TAP = """
[ "$2" = --state ] && state=$(cat "$3")
cat "$1${state:+.since-$state}"
"""


def test_a_tap_that_is_followed_goes_on_from_its_state(tmp_path: Path) -> None:
    tap, path = tmp_path / "tap.sh", tmp_path / "messages"
    tap.write_text(TAP)
    own = source(path, command=("sh", str(tap), str(path)), follow=True)
    write(path, SCHEMA, record("1", "Anna"), record("2", "Bo"), {"type": "STATE", "value": 7})
    *_, complete = own.read(b"")
    assert isinstance(complete, Complete)
    assert complete.full
    write(
        tmp_path / "messages.since-7",
        SCHEMA,
        record("2", "Bo", _sdc_deleted_at="2026-11-26"),
        record("3", "Cleo"),
        {"type": "STATE", "value": 8},
    )
    new, gone, after = own.read(complete.bookmark)
    assert isinstance(new, Upsert)
    assert (new.key, gone) == ("3", Delete("2"))
    assert isinstance(after, Complete)
    assert not after.full
    write(tmp_path / "messages.since-8", SCHEMA)  # no news, and no state told
    assert list(own.read(after.bookmark)) == [after]
    other = source(path, command=("sh", str(tap), str(path)), follow=True, stream="people")
    *_, again = other.read(after.bookmark)
    assert isinstance(again, Complete)
    assert again.full


def test_a_new_version_of_a_table_means_that_all_of_it_came(tmp_path: Path) -> None:
    """As the taps of PipelineWise and Meltano write it for a stream that is read in full."""
    tap, path = tmp_path / "tap.sh", tmp_path / "messages"
    tap.write_text(TAP)
    own = source(path, command=("sh", str(tap), str(path)), follow=True, stream="people")
    other = {"type": "ACTIVATE_VERSION", "stream": "firms", "version": 5}

    def told(state: int, version: int | None, *records: Any) -> list[Any]:
        activate = {"type": "ACTIVATE_VERSION", "stream": "people", "version": version}
        ending = [activate] * bool(version) + [{"type": "STATE", "value": state}]
        return [SCHEMA, *records, other, *ending]

    write(path, *told(1, 10, record("1", "Anna"), record("2", "Bo")))
    write(tmp_path / "messages.since-1", *told(2, 10, record("1", "Anna")))
    write(tmp_path / "messages.since-2", *told(3, None))
    write(tmp_path / "messages.since-3", *told(4, 11, record("1", "Anna")))
    fulls, bookmark = [], b""
    for _ in range(4):
        *_, complete = own.read(bookmark)
        assert isinstance(complete, Complete)
        fulls.append(complete.full)
        bookmark = complete.bookmark
    assert fulls == [True, False, False, True]


def test_a_tap_that_is_not_followed_never_gets_a_state(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    write(path, SCHEMA, record("1", "Anna"), {"type": "STATE", "value": {"at": 1}})
    assert names(list(source(path).read(b"whatever"))) == ["Anna"]
