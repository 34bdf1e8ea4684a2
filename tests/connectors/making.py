"""Sources and settings for the tests of connectors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from typing_extensions import override

from connectors.kinds.delimited import DelimitedOptions
from connectors.settings import DropLimit, MapRule, SourceSettings
from engine.contact import Contact, decode_contact
from engine.phone import DialPlan
from engine.source import (
    Bookmark,
    CheckReport,
    Columns,
    Complete,
    ContactSource,
    Event,
    RejectedRecord,
    SourceField,
    Upsert,
)
from engine.store import ContactStore

MUNICH = DialPlan(country_code="49", area_code="89")

MAP: dict[str, MapRule] = {"display_name": "name", "phones.work": "phone"}


class NoOptions(msgspec.Struct, frozen=True):
    """A scripted source has none."""


class Hang(msgspec.Struct, frozen=True):
    """A step of a script: block until cancelled, or for ever."""

    heeds_cancel: bool = True


class ScriptedSource(ContactSource):
    """A source that says what a test wrote down; an exception in its script is raised there."""

    def __init__(self, script: Iterable[Event | Exception | Hang | Callable[[], None]]) -> None:
        self._script = list(script)
        self.bookmarks: list[Bookmark] = []
        self.cancelled = threading.Event()
        self.released = threading.Event()

    @override
    def check(self) -> CheckReport:
        return CheckReport()

    @override
    def discover(self) -> tuple[SourceField, ...]:
        return tuple(map(SourceField, ("id", "name", "phone")))

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        return []

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        self.bookmarks.append(bookmark)
        for step in self._script:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, Hang):
                (self.cancelled if step.heeds_cancel else self.released).wait(30)
            elif callable(step):
                step()
            else:
                yield step

    @override
    def cancel(self) -> None:
        self.cancelled.set()

    @override
    def share_read(self) -> float | None:
        return 0.5


def sent(source: ContactSource, bookmark: Bookmark = b"") -> list[Event]:
    """What a source sends, but for the names of its columns."""
    return [event for event in source.read(bookmark) if not isinstance(event, Columns)]


def field_names(source: ContactSource) -> tuple[str, ...]:
    return tuple(field.name for field in source.discover())


def settings(**changes: Any) -> SourceSettings:
    values: dict[str, Any] = {
        "id": "crm",
        "name": "CRM",
        "kind": "scripted",
        "key": ("id",),
        "map": MAP,
        "plan": MUNICH,
        "options": NoOptions(),
    }
    return SourceSettings(**(values | changes))


def csv_settings(path: Path, *, options: dict[str, Any] | None = None, **changes: Any) -> Any:
    return settings(kind="csv", options=DelimitedOptions(path=path, **(options or {})), **changes)


def person(key: str, name: str = "", phone: str = "", locator: str = "") -> Upsert:
    return Upsert(key, {"id": key, "name": name or f"Name {key}", "phone": phone}, locator)


def people(count: int, *, start: int = 0) -> list[Event]:
    return [
        person(str(number), phone=f"+49 89 99998 {number % 1000:03}")
        for number in range(start, start + count)
    ]


def whole(*events: Event | Iterable[Event]) -> ScriptedSource:
    """A source that sends these events and then says that it is complete."""
    script: list[Event] = []
    for part in events:
        script += part if isinstance(part, list) else [part]  # type: ignore[list-item]  # an event
    return ScriptedSource([*script, Complete(full=True)])


def stored(store: ContactStore, source: str = "crm") -> dict[str, Contact]:
    """All live contacts of a source by key."""
    return {
        key: decode_contact(body)
        for own, key, body in store.contacts(None, 1_000_000)
        if own == source
    }


ANY_DROP = DropLimit(percent=100.0)
