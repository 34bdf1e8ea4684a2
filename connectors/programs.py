"""Programs whose output is a source: read as it comes, ended with the run, believed at exit code 0.

Law: no shell, no terminal, an environment without the service's secrets; what a program says on its
error output is kept to a few lines for the report. Nothing waits for a pipe alone: what a program
left behind may hold its other end for ever.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from connectors.errors import Cancelled, DriverMissing, SourceFailed

MAX_LINE_BYTES = 16 * 1024 * 1024
MAX_COMPLAINT_CHARS = 300
STOP_S = 2.0
_CHUNK = 64 * 1024

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "SSL_CERT_FILE")
"""What a program gets of the environment; passwords of other sources may stand in the rest."""


class Program:
    """One run of a program, for a `with` block."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        timeout_s: int,
        environment: Mapping[str, str] | None = None,
        secret: str = "",
        folder: Path | None = None,
        package: str = "",
    ) -> None:
        """Keep how to run it.

        Args:
            argv: the program and its arguments.
            timeout_s: it is ended when it has said nothing for so long.
            environment: variables beside those of `PASSED_ON`.
            secret: a value in them that is left out of its complaint; "" for none.
            folder: where it runs.
            package: the Debian package that brings it.
        """
        self._argv = list(argv)
        self._timeout_s = timeout_s
        self._environment = dict(environment or {})
        self._secret = secret
        self._folder = folder
        self._package = package
        self._complaint = b""
        self._listener: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._muted = False
        self._cancelled = False
        self._wake: socket.socket | None = None
        self._woken: socket.socket  # readable, for every wait beside its pipe, once `_wake` closes

    def __enter__(self) -> Self:
        path, environment = self._found()
        self._woken, self._wake = socket.socketpair()
        try:
            self._start(path, environment)
        except BaseException:
            self._wake.close()
            self._woken.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        assert process is not None
        self._end(process)
        assert self._wake is not None
        self._wake.close()
        assert self._listener is not None
        self._listener.join()
        self._woken.close()
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()

    def cancel(self) -> None:
        """End the program, from any thread; never waits. One that has yet to start ends at once."""
        self._cancelled = True
        self._stop()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of its output with their line breaks.

        Raises:
            SourceFailed: a line longer than 16 MiB, or silence for longer than the timeout.
        """
        assert self._process is not None
        assert self._process.stdout is not None
        begun: list[bytes] = []
        size = 0
        while piece := self._read(self._process.stdout, self._timeout_s):
            *ended, rest = piece.split(b"\n")
            if ended:
                yield b"".join([*begun, ended[0], b"\n"])
                for line in ended[1:]:
                    yield line + b"\n"
                begun, size = [], 0
            begun.append(rest)
            size += len(rest)
            if size > MAX_LINE_BYTES:
                raise SourceFailed(f"{self._argv[0]}: a line longer than 16 MiB")
        if size:
            yield b"".join(begun)

    def finish(self) -> None:
        """Wait for its end and make sure that it was one without a fault.

        Raises:
            Cancelled: it was.
            SourceFailed: another exit code than 0, with what it complained of; it was ended for its
                silence.
        """
        process = self._process
        assert process is not None
        if self._cancelled:
            raise Cancelled("cancelled")
        try:
            code = process.wait(self._timeout_s)
        except subprocess.TimeoutExpired:
            raise SourceFailed(f"{self._argv[0]}: does not end") from None
        if self._muted:
            raise SourceFailed(f"{self._argv[0]}: said nothing for {self._timeout_s} s")
        if code:
            assert self._listener is not None
            self._listener.join(STOP_S)
            text = self._complaint.decode("utf-8", "replace")
            if self._secret:
                text = text.replace(self._secret, "***")
            text = " ".join(text.split())
            words = text[-MAX_COMPLAINT_CHARS:]
            raise SourceFailed(f"{self._argv[0]}: exit code {code}{': ' if words else ''}{words}")

    def _found(self) -> tuple[str, dict[str, str]]:
        """Return the program's path and its environment."""
        name = self._argv[0]
        known = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
        path = shutil.which(name, path=known.get("PATH", os.defpath))
        if path is None:
            advice = f": install the Debian package {self._package}" if self._package else ""
            raise DriverMissing(f"the program {name!r} is not there{advice}")
        return path, {**known, **self._environment}

    def _start(self, path: str, environment: Mapping[str, str]) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - named by the administrator, no shell
                [path, *self._argv[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=self._folder,
                start_new_session=True,
            )
        except OSError as error:
            words = f"{self._argv[0]}: cannot be started: {error.strerror}"
            raise SourceFailed(words) from error
        # Read all along: one that complains without end must neither stop nor fill a disk.
        self._listener = threading.Thread(target=self._listen, name="stderr", daemon=True)
        self._listener.start()
        if self._cancelled:  # before it was there to be ended
            self._stop()

    def _read(self, pipe: IO[bytes], timeout_s: float | None) -> bytes:
        """Return what a pipe has, b"" at its end, when cancelled, and after the timeout."""
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        ready = dict(poll.poll(None if timeout_s is None else timeout_s * 1_000))
        if not ready:
            self._muted = True
            self._stop()
        woken = self._woken.fileno() in ready
        return b"" if woken or not ready else os.read(pipe.fileno(), _CHUNK)

    def _stop(self) -> None:
        """End the program and every wait for it."""
        if self._wake is not None:
            self._wake.close()
        if self._process is not None and self._process.poll() is None:
            self._signal(self._process, signal.SIGTERM)

    def _listen(self) -> None:
        """Keep the end of what it writes on its error output."""
        assert self._process is not None
        assert self._process.stderr is not None
        while piece := self._read(self._process.stderr, None):
            self._complaint = (self._complaint + piece)[-4 * MAX_COMPLAINT_CHARS :]

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """End it and what it started: politely, then not."""
        self._signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
        self._signal(process, signal.SIGKILL)
        process.wait()

    @staticmethod
    def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
