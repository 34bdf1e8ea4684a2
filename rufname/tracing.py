"""`rufname trace`: what clients ask, over LDAP or HTTP, and what they are told, while it happens.

Law: reads only, from the sockets of the workers, which only their owner may open. What it prints
holds names and numbers; nothing of it is kept or logged. `--json` prints objects and nothing else.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
import msgspec

from engine.index import ContactIndex
from engine.query import CallerQuery
from ldapd.protocol.messages import ResultCode
from ldapd.traced import Following, Traced, TraceRequest
from rufname.config import Config
from rufname.control import Refused, Reply, ask
from rufname.errors import RufnameError, UnknownName
from rufname.exits import DONE, NO
from rufname.explained import CLASSES, explanation_text
from rufname.opening import open_index
from rufname.options import config_option
from rufname.ownership import require_entry
from rufname.pasting import with_file
from rufname.rundir import WorkerStatus, read_status, worker_socket
from rufname.telemetry import printable

LOOK_S = 1.0
"""How often a worker that was started anew is looked for."""

ROLES = ("ldapd", "relay")
"""Of the workers that are asked."""

_INDENT = "    "


class NothingToTrace(RufnameError):
    """No worker answers here: start `rufname serve`."""


@click.command()
@config_option
@click.option("--client", "client_name", metavar="NAME", help="Only what this [[client]] asks.")
@click.option("--number", default="", help="Only look-ups of this number, in any spelling.")
@click.option("--last", is_flag=True, help="Show the last look-ups of each client, then end.")
@click.option("--explain", is_flag=True, help="Say step by step how each answer comes about.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a request.")
def trace(
    config: Config,
    client_name: str | None,
    number: str,
    *,
    last: bool,
    explain: bool,
    as_json: bool,
) -> int:
    """Follow the requests of clients as they come, after the last look-ups; Ctrl-C ends it.

    Those over LDAP, and look-ups of callers over HTTP.

    Shows the filter as it was understood, the answer, its class and how long it took; no passwords.
    """
    if client_name is not None:
        config.client(client_name)
    require_entry(config.data_dir)
    wish = TraceRequest(client=client_name or "", number=number.strip(), follow=not last)
    explainer = _Explainer(config) if explain else None
    shown = 0
    try:
        for traced in _News(config, wish).read():
            _show(traced, explainer, as_json=as_json)
            shown += 1
    except KeyboardInterrupt:
        return DONE
    return DONE if shown else NO


class _News:
    """What all workers tell, in one stream."""

    def __init__(self, config: Config, wish: TraceRequest) -> None:
        self._config = config
        self._wish = wish
        self._told: queue.SimpleQueue[tuple[int, Reply | None]] = queue.SimpleQueue()
        self._asked: set[int] = set()

    def read(self) -> Iterator[Traced]:
        """Give what is remembered, by time; then, if that is wished, what comes.

        Raises:
            NothingToTrace: nobody serves LDAP or HTTP, or does no longer.
        """
        if not self._ask_workers():
            raise NothingToTrace(
                with_file("nobody answers: run `rufname serve -c FILE`", self._config.path)
            )
        yield from self._remembered()
        looked = time.monotonic()
        while self._wish.follow:
            try:
                _, reply = self._told.get(timeout=LOOK_S)
            except queue.Empty:
                reply = None
            if isinstance(reply, Traced):
                yield reply
            if time.monotonic() - looked >= LOOK_S:
                looked = time.monotonic()
                if not self._ask_workers():
                    raise NothingToTrace("`rufname serve` has ended")

    def _remembered(self) -> list[Traced]:
        """Wait until every worker has told what it remembers."""
        waiting, remembered = set(self._asked), list[Traced]()
        while waiting:
            pid, reply = self._told.get()
            if isinstance(reply, Traced):
                remembered.append(reply)
            elif reply is None or isinstance(reply, Following):
                waiting.discard(pid)
        return sorted(remembered, key=lambda traced: traced.at)

    def _ask_workers(self) -> list[WorkerStatus]:
        """Ask each worker once; return those that answer now."""
        status = read_status(self._config.run_dir)
        workers = [
            worker for worker in (status.workers if status else ()) if _role(worker) in ROLES
        ]
        for worker in workers:
            if worker.state == "ready" and worker.pid not in self._asked:
                self._asked.add(worker.pid)
                path = worker_socket(self._config.run_dir, _role(worker), worker.pid)
                threading.Thread(target=self._listen, args=(worker, path), daemon=True).start()
        return workers

    def _listen(self, worker: WorkerStatus, path: Path) -> None:
        """Pass on what one worker tells, until it ends; in a thread of its own."""
        try:
            for reply in ask(path, self._wish):
                if isinstance(reply, Refused):
                    click.echo(f"{worker.name}: {reply.reason}", err=True)
                self._told.put((worker.pid, reply))
        except RufnameError as error:
            click.echo(f"{worker.name} cannot be followed: {error}", err=True)
        self._told.put((worker.pid, None))


class _Explainer:
    """Explains look-ups from the index as it is now."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._index: ContactIndex = open_index(config)

    def explain(self, traced: Traced) -> str:
        """Return how the answer to a look-up comes about; "" where nothing was looked up."""
        if not traced.number:
            return ""
        try:
            client = self._config.client(traced.client)
        except UnknownName:
            return ""  # it was configured after this command was started
        self._index.refresh()
        query = CallerQuery(traced.number, client.plan, client.principal(), client.classes)
        return explanation_text(self._index.explain_caller(query)[1])


def _show(traced: Traced, explainer: _Explainer | None, *, as_json: bool) -> None:
    """Print one request."""
    explanation = explainer.explain(traced) if explainer else ""
    if as_json:
        fields = msgspec.to_builtins(traced)
        del fields["type"]
        if explanation:
            fields["explanation"] = explanation.splitlines()[1:]
        sys.stdout.buffer.write(msgspec.json.encode(fields) + b"\n")
        sys.stdout.buffer.flush()
        return
    lines = list(request_lines(traced))
    if explanation:
        lines += [f"{_INDENT}{line}" for line in map(printable, explanation.splitlines())]
    click.echo("\n".join(lines))


def request_lines(traced: Traced) -> Iterator[str]:
    """Give a request as people read it: who and what, then what was asked, found and sent."""
    if traced.missed:
        yield f"({traced.missed} requests were not shown: they came too fast)"
    at = datetime.fromtimestamp(traced.at).astimezone()
    parts = [f"{at:%H:%M:%S}.{at.microsecond // 1000:03}", traced.client or "(nobody)"]
    parts += [part for part in (traced.address, traced.operation, traced.detail) if part]
    if traced.code is not None:
        parts.append(f"{_code_name(traced.code)} ({traced.code})")
        if traced.message:
            parts.append(f"“{traced.message}”")
    if traced.operation == "search":
        parts.append(f"{traced.entries} {'entry' if traced.entries == 1 else 'entries'}")
    if traced.duration_us:
        parts.append(f"{traced.duration_us:,.0f} µs")
    yield printable("  ".join(parts))
    if traced.filter:
        wanted = ", ".join(traced.attributes) or "*"
        scope = f" {traced.scope}" if traced.scope else ""
        yield printable(f'{_INDENT}{traced.filter}  below "{traced.base}"{scope}  [{wanted}]')
    if traced.number:
        yield printable(f"{_INDENT}{traced.number} → {_found(traced)}")
    for name, values in traced.shown.items():
        yield printable(f"{_INDENT}{name}: {' | '.join(values)}")


def _role(worker: WorkerStatus) -> str:
    return worker.name.partition("-")[0]


def _found(traced: Traced) -> str:
    if not traced.match_class:
        return "nobody"
    more = f", {traced.runners_up} more fit" if traced.runners_up else ""
    return f"{traced.name}  (class {traced.match_class}: {CLASSES[traced.match_class]}{more})"


def _code_name(code: int) -> str:
    try:
        return ResultCode(code).name.lower().replace("_", " ")
    except ValueError:
        return "result"
