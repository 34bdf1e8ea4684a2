"""A log that nobody reads holds nobody up, and tells later what is missing."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import resource
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rufname.logstream import MAX_WAITING, PatientHandler
from rufname.telemetry import JsonFormatter

PIPE_OCTETS = 4_096


@pytest.fixture
def pipe() -> Iterator[tuple[int, logging.Logger]]:
    """Return the reading end of a small pipe, and a logger that writes to the other one."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_OCTETS)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        handler = PatientHandler(stream)
        handler.setFormatter(JsonFormatter("ldapd-0"))
        log = logging.Logger("rufname.test")  # noqa: LOG001 - one that no other test has
        log.addHandler(handler)
        yield reading, log
        os.close(reading)


def read_lines(reading: int, end: str) -> list[dict[str, Any]]:
    """Return all lines up to the one that says `end`."""
    lines = []
    with os.fdopen(os.dup(reading), encoding="utf-8") as file:
        for line in file:
            lines.append(json.loads(line))
            if lines[-1]["event"] == end:
                break
    return lines


def test_nobody_waits_for_a_log_that_is_not_read(pipe: tuple[int, logging.Logger]) -> None:
    reading, log = pipe

    def log_much() -> None:
        for number in range(3 * MAX_WAITING):
            log.info("event %d", number)

    logging_thread = threading.Thread(target=log_much, daemon=True)
    logging_thread.start()
    logging_thread.join(20)
    assert not logging_thread.is_alive()
    lines = read_lines(reading, "nobody read the log: lines left out")
    kept = [line["event"] for line in lines[:-1]]
    assert kept == [f"event {number}" for number in range(len(kept))]
    assert len(kept) >= MAX_WAITING
    assert len(kept) + lines[-1]["lines"] == 3 * MAX_WAITING


def test_once_it_is_read_again_lines_come_as_before(pipe: tuple[int, logging.Logger]) -> None:
    reading, log = pipe
    for number in range(2 * MAX_WAITING):
        log.info("event %d", number)
    read_lines(reading, "nobody read the log: lines left out")
    log.handlers[0].flush()
    log.info("later")
    assert [line["event"] for line in read_lines(reading, "later")] == ["later"]


def test_a_line_that_is_longer_than_a_pipe_takes_at_once_is_written_whole(
    pipe: tuple[int, logging.Logger],
) -> None:
    reading, log = pipe
    fields = {f"field{number}": "x" * 250 for number in range(20)}
    log.info("long", extra={"fields": fields})
    log.info("short")
    long, short = read_lines(reading, "short")
    assert long["field19"] == "x" * 250
    assert short["event"] == "short"


def test_what_is_logged_is_written_before_the_call_returns(
    pipe: tuple[int, logging.Logger],
) -> None:
    reading, log = pipe
    log.info("now")
    assert json.loads(os.read(reading, PIPE_OCTETS))["event"] == "now"


def test_a_pipe_that_was_closed_is_no_error(pipe: tuple[int, logging.Logger]) -> None:
    reading, log = pipe
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, reading)  # closes the pipe, and leaves something for the fixture to close
    os.close(null)
    logged = logging.raiseExceptions
    logging.raiseExceptions = False
    try:
        log.info("nobody hears it")
    finally:
        logging.raiseExceptions = logged


def test_after_a_full_disk_the_next_line_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("a", encoding="utf-8") as stream:
        handler = PatientHandler(stream)
        handler.setFormatter(JsonFormatter("ldapd-0"))
        log = logging.Logger("rufname.test")  # noqa: LOG001 - one that no other test has
        log.addHandler(handler)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), logging.raiseExceptions
        logging.raiseExceptions = False
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (50, hard))  # as a disk that fills up here
            log.info("torn")
            log.info("lost")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, before[0])
            logging.raiseExceptions = before[1]
        log.info("whole")
    torn, whole = path.read_text(encoding="utf-8").splitlines()
    assert len(torn) == 50
    assert json.loads(whole)["event"] == "whole"
