"""Services log one line an event, and never a name or a number of a person."""

from __future__ import annotations

import io
import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CorruptIndex
from rufname import telemetry
from rufname.cli import run
from rufname.logstream import is_journal
from rufname.telemetry import Form, Level, configure_logging, cut, mask, printable

log = logging.getLogger("rufname.test")

Logged = Callable[..., "io.StringIO"]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def logged() -> Iterator[Logged]:
    """Configure logging into a text, and put everything back afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.raiseExceptions)

    def configure(
        form: Form = "json", level: Level = "info", stream: io.StringIO | None = None
    ) -> io.StringIO:
        stream = stream or io.StringIO()
        configure_logging("ldapd-0", level=level, form=form, stream=stream)
        return stream

    yield configure
    logging.captureWarnings(capture=False)
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    for handler in before[0]:
        root.addHandler(handler)
    root.setLevel(before[1])
    logging.raiseExceptions = before[2]
    for name in telemetry._QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET)


def only_line(stream: io.StringIO) -> dict[str, Any]:
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    line: dict[str, Any] = json.loads(lines[0])
    return line


def test_an_event_is_one_json_object_a_line(logged: Logged) -> None:
    stream = logged()
    log.info("worker started", extra={"fields": {"worker": "ldapd-0", "pid": 4711, "ok": True}})
    line = only_line(stream)
    time = line.pop("time")
    assert time.endswith("Z")
    assert datetime.fromisoformat(time).tzinfo is not None
    assert line == {
        "level": "info",
        "process": "ldapd-0",
        "logger": "rufname.test",
        "event": "worker started",
        "worker": "ldapd-0",
        "pid": 4711,
        "ok": True,
    }


def test_fields_may_be_passed_singly(logged: Logged) -> None:
    stream = logged()
    log.warning("slow", extra={"source": "crm", "seconds": 1.5, "reason": None})
    line = only_line(stream)
    assert (line["source"], line["seconds"], line["reason"]) == ("crm", 1.5, None)


def test_a_field_never_overwrites_what_a_line_always_has(logged: Logged) -> None:
    stream = logged()
    log.info("real", extra={"fields": {"event": "forged", "level": "error", "process": "x"}})
    line = only_line(stream)
    assert (line["event"], line["level"], line["process"]) == ("real", "info", "ldapd-0")


def test_a_peer_cannot_forge_a_line(logged: Logged) -> None:
    stream = logged()
    log.info("refused: %s", 'x\n{"event": "forged"}\r\u2028\x1b[2J\u202e', extra={"peer": "a\nb"})
    assert stream.getvalue().isascii()
    assert only_line(stream)["peer"] == "a\nb"


def test_a_terminal_gets_one_printable_line(logged: Logged) -> None:
    stream = logged(form="auto", stream=Terminal())
    log.info("refused: %s", "a\nb\x1b[2J\u202e", extra={"source": "Bär"})
    text = stream.getvalue()
    assert text[8:] == "Z ldapd-0: refused: a\\nb\\x1b[2J\\u202e  source=Bär\n"


def test_a_terminal_sees_the_level_where_it_matters(logged: Logged) -> None:
    stream = logged(form="human")
    log.error("failed")
    assert stream.getvalue()[8:] == "Z ldapd-0: ERROR failed\n"


def test_a_file_or_pipe_gets_json(logged: Logged) -> None:
    stream = logged(form="auto")
    log.info("x")
    assert only_line(stream)["event"] == "x"


def test_the_level_decides_what_is_written(logged: Logged) -> None:
    stream = logged(level="warning")
    log.info("no")
    log.warning("yes")
    assert only_line(stream)["event"] == "yes"


def test_configuring_again_replaces_the_stream(logged: Logged) -> None:
    first, second = logged(), logged()
    log.info("x")
    assert first.getvalue() == ""
    assert only_line(second)["event"] == "x"


def test_no_value_is_longer_than_256_octets(logged: Logged) -> None:
    stream = logged()
    log.info("got %s", "ü" * 1000, extra={"document": "x" * 100_000})
    line = only_line(stream)
    assert len(line["event"].encode()) <= 4 + telemetry.MAX_VALUE_BYTES
    assert len(line["document"].encode()) == telemetry.MAX_VALUE_BYTES
    assert line["document"].endswith("…")


def test_a_line_has_a_bounded_number_of_fields(logged: Logged) -> None:
    stream = logged()
    log.info("x", extra={"fields": {f"f{number}": number for number in range(1000)}})
    assert len(only_line(stream)) == 5 + telemetry.MAX_FIELDS


@pytest.mark.parametrize(
    "number",
    [
        "+498999998123",
        "+49 89 99998-123",
        "0049 89 99998 123",
        "(089) 99998-123",
        "+49 (0) 89 / 99998 123",
        "017139200123",
        "089\u201399998\u00a0123",
        "99998123",
    ],
)
def test_a_phone_number_never_gets_into_the_log(logged: Logged, number: str) -> None:
    stream = logged()
    log.info("asked for %s", number, extra={"number": number, number: 1})
    log.info(f"asked for {number}")  # noqa: G004 - what nobody should write, but somebody will
    log.error("failed: %s", CorruptIndex(f"at {number}"))
    logging.getLogger("library").warning("GET /v1/caller/%s", number)
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(events) == 4
    digits = "".join(filter(str.isdigit, number))
    for event in events:
        event.pop("time")
        written = "".join(filter(str.isdigit, str(event)))
        assert digits not in written
        assert digits[-5:] not in written
        assert "digits>" in event["event"]


@pytest.mark.parametrize(
    "text",
    [
        "192.168.100.200",
        "[2001:db8::1234:5678]:63600",
        "127.0.0.1:50000",
        "2026-10-05",
        "2026-10-05T12:30:00Z",
        "seq 12345",
        "crm2024",
        "tenant 11111111-2222-4333-8444-555555555555",
        "0f8fad5b-d9cb-4691-1165-708677289501: not registered",
        "ec78 e24a 0d21 d608 d2af e888 60fe d6d9 287c 7dd4 20e2 4080 a972 3701 4671 1046",
        "56475175463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708ca",
    ],
)
def test_addresses_ids_dates_and_short_numbers_stay(text: str) -> None:
    assert mask(text) == text


def test_counts_stay_numbers(logged: Logged) -> None:
    stream = logged()
    log.info("process %d read %d rows", 4194304, 10_000_000, extra={"rows": 10_000_000})
    line = only_line(stream)
    assert line["event"] == "process 4194304 read 10000000 rows"
    assert line["rows"] == 10_000_000


def test_an_exception_is_named_with_its_place_but_without_its_values(logged: Logged) -> None:
    stream = logged()
    try:
        {}["Erika Mustermann"]
    except KeyError:
        log.exception("it failed")
    line = only_line(stream)
    assert line["error"] == "KeyError"
    assert "test_telemetry.py:" in line["where"]
    assert "Mustermann" not in stream.getvalue()


def test_an_error_of_our_own_keeps_its_words(logged: Logged) -> None:
    stream = logged()
    log.error("failed", exc_info=CorruptIndex("segment 3 is cut"))
    assert only_line(stream)["error"] == "CorruptIndex: segment 3 is cut"


def test_in_the_journal_of_systemd_a_line_has_its_priority(
    logged: Logged, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "journal").open("w+", encoding="utf-8") as journal:
        found = os.fstat(journal.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        logged(stream=cast("io.StringIO", journal))
        for level in (logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
            log.log(level, "an event")
        journal.seek(0)
        lines = journal.read().splitlines()
    assert [line[:3] for line in lines] == ["<6>", "<4>", "<3>", "<2>"]
    assert [json.loads(line[3:])["event"] for line in lines] == ["an event"] * 4


def test_in_a_file_a_line_has_no_priority_though_a_journal_was_there(
    logged: Logged, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    with (tmp_path / "log").open("w+", encoding="utf-8") as file:
        logged(stream=cast("io.StringIO", file))
        log.error("an event")
        file.seek(0)
        assert json.loads(file.read())["event"] == "an event"
    assert not is_journal(io.StringIO())


def test_what_the_system_has_too_few_of_is_named(logged: Logged) -> None:
    stream = logged()
    log.error("failed", exc_info=RuntimeError("can't start new thread"))
    assert only_line(stream)["error"] == "RuntimeError: can't start new thread"


def test_a_defect_of_a_process_that_logs_is_one_line_and_no_traceback(
    logged: Logged, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stream = logged()
    monkeypatch.setattr("rufname.password.hash_password", lambda _: {}["Mustermann"])
    monkeypatch.setattr("sys.stdin", io.StringIO("geheim\n"))
    assert run(["password", "--stdin"]) == 3
    line = only_line(stream)
    assert (line["event"], line["error"]) == ("the process cannot go on", "KeyError")
    assert "Traceback" not in capfd.readouterr().err


def test_an_error_of_the_system_keeps_its_reason_only(logged: Logged) -> None:
    stream = logged()
    log.error("failed: %s", FileNotFoundError(2, "No such file or directory", "/home/erika"))
    assert only_line(stream)["event"] == "failed: FileNotFoundError: No such file or directory"


def test_a_library_is_heard_from_warnings_up_and_with_one_line(logged: Logged) -> None:
    stream = logged()
    logging.getLogger("uvicorn.access").info("GET /v1/caller/x")
    logging.getLogger("asyncio").error("never retrieved\nfuture: KeyError('Mustermann')")
    assert only_line(stream)["event"] == "never retrieved"


def test_a_warning_of_python_is_an_event(logged: Logged) -> None:
    stream = logged()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert "DeprecationWarning: old" in only_line(stream)["event"]


def test_a_message_that_does_not_fit_its_values_says_where(logged: Logged) -> None:
    stream = logged()
    log.info("%d", "one")
    assert "test_telemetry:" in only_line(stream)["event"]


def test_values_by_name_are_cleaned_too(logged: Logged) -> None:
    stream = logged()
    log.info("%(what)s is %(count)d", {"what": "+49 89 99998 123", "count": 3})
    assert only_line(stream)["event"] == "<12 digits> is 3"


def test_numbers_that_json_cannot_write_become_texts(logged: Logged) -> None:
    stream = logged()
    log.info("x", extra={"a": float("nan"), "b": float("inf")})
    line = only_line(stream)
    assert (line["a"], line["b"]) == ("nan", "inf")


@given(st.text(), st.integers(8, 300))
def test_a_cut_text_has_whole_characters_and_fits(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short.encode()) <= limit
    assert short == text or short.endswith("…") or "\\ud" in short


@given(st.text())
def test_a_printable_text_is_printable(text: str) -> None:
    assert printable(text).isprintable()


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_event_is_one_line_of_json(text: str, value: str) -> None:
    record = logging.LogRecord("ldapd", logging.INFO, "f", 1, text, (value,), None)
    line = telemetry.JsonFormatter("p").format(record)
    assert "\n" not in line
    assert isinstance(json.loads(line)["event"], str)
