"""What the configuration says of a source: values only, already checked and resolved.

The keys that every kind has stand here; each kind adds its own options as a Struct of its own
(`connectors.registry.options_of(kind)`), with bounds in the types.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from typing_extensions import override

from connectors.errors import SecretUnavailable
from connectors.sealing import SealedSecrets, read_credential
from engine.phone import DialPlan
from engine.rights import ALL, SEARCHED_CUSTOM

MAX_SECRET_BYTES = 64 * 1024

REFERENCE_IN_WORDS = '{ file = "…" }, { env = "…" }, { credential = "…" } or { sealed = true }'

LEAST_DROP = 5
"""A share means nothing for a handful: one contact of four that leaves is no fault."""

FULL_EVERY_S = 7 * 24 * 3600
"""A source that is followed by change is read in full at least weekly: changes can be missed."""


class SettingFault(ValueError):
    """A setting of a table holds what it cannot, alone or beside the others.

    Attributes:
        setting: its key in the table; "" for the table itself.
        wrong: what is wrong, in words; "" where that is what stands there.
        allowed: what may stand there, in words; "" as the setting's type says.
    """

    def __init__(self, setting: str, wrong: str = "", allowed: str = "") -> None:
        self.setting, self.wrong, self.allowed = setting, wrong, allowed
        place = f"{setting}: " if setting else ""
        super().__init__(f"{place}{wrong or 'bad value'}{allowed and f'; allowed: {allowed}'}")


class SealedPlace(msgspec.Struct, frozen=True):
    """Which sealed secret it is: the folder of the keys, the source's id, the option."""

    folder: Path
    source: str
    field: str


class SecretRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret stands: exactly one of these.

    Attributes:
        file: absolute once loaded.
        env: a variable of the environment.
        credential: of systemd.
        sealed: in the data folder; `place` is set by whoever knows the source, never written.
    """

    file: Path | None = None
    env: str | None = None
    credential: str | None = None
    sealed: bool = False
    place: SealedPlace | None = None

    def __post_init__(self) -> None:
        named = [self.file is not None, self.env is not None, self.credential is not None]
        count = sum(named) + self.sealed
        if count != 1:
            wrong = "names several places" if count else "names no place"
            raise SettingFault("", wrong, REFERENCE_IN_WORDS)
        for setting, name in (("env", self.env), ("credential", self.credential)):
            if name == "":
                raise SettingFault(setting, "names nothing", "a text of at least one character")

    def read(self) -> str:
        """Return the secret without its last line break.

        Raises:
            SecretUnavailable: the file cannot be read, the variable is not set …; never quotes it.
        """
        if self.env is not None:
            value = os.environ.get(self.env)
            if value is None:
                raise SecretUnavailable(f"environment variable {self.env} is not set")
            return value
        if self.credential is not None:
            return read_credential(self.credential)
        if self.sealed:
            if self.place is None:
                raise SecretUnavailable("only secrets of sources can be sealed")
            return SealedSecrets(self.place.folder).read(self.place.source, self.place.field)
        assert self.file is not None
        try:
            data = self.file.read_bytes()[:MAX_SECRET_BYTES]
            return data.decode("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise SecretUnavailable(f"{self.file}: {reason}") from None


class DropLimit(msgspec.Struct, frozen=True):
    """How many served contacts one run may drop: a share of them, or a count."""

    percent: float | None = 20.0
    count: int | None = None

    def allows(self, dropped: int, served: int) -> bool:
        """Tell whether dropping `dropped` of `served` contacts is within the limit.

        Of a share above 0 %, `LEAST_DROP` contacts may go, at most a third of a small source.
        """
        if dropped == 0:
            return True
        if self.count is not None:
            return dropped <= self.count
        assert self.percent is not None
        if self.percent and dropped <= LEAST_DROP and dropped * 3 <= served:
            return True
        return dropped * 100 <= served * self.percent

    @override
    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{self.percent:g}%"


class Schedule(msgspec.Struct, frozen=True):
    """When `serve` reads the source by itself: every so many seconds, or at times of day.

    `every_s` 0 and no `at`: only by `rufname sync`. `at` holds "HH:MM" in local time, `on` the
    weekdays 0 (Monday) to 6 (Sunday) on which they count; empty = every day. `window` is the first
    and the last "HH:MM" between which `every_s` counts, over midnight if the last is smaller; () =
    all day.
    """

    every_s: int = 0
    at: tuple[str, ...] = ()
    on: tuple[int, ...] = ()
    window: tuple[str, ...] = ()

    @property
    def exists(self) -> bool:
        """Whether the source has a schedule at all."""
        return bool(self.every_s or self.at)


MapRule = str | tuple[str, ...]
"""A column, a list of columns (the first that is not empty, or all for phones and e-mails), or a
template such as "{first} {last}" (a text with braces)."""


class SourceSettings(msgspec.Struct, frozen=True):
    """One `[[source]]`.

    Attributes:
        id: immutable; by default the first name.
        name: what people call it.
        kind: csv, odbc …
        key: columns that together identify a record; () = those usual for the kind.
        map: contact field (`display_name`, `phones.work`, `custom.1` …) → rule.
        plan: how numbers are written in this source.
        priority: 1–999, higher wins.
        visible_to: users, groups, clients; ("*",) = everybody.
        owner: the user whose private source it is, "" for none.
        field_visible_to: contact field → who sees it, of those who see the source.
        searchable: the custom fields that people search looks into.
        max_drop: a run that would drop more is refused.
        schedule: when `serve` reads it.
        full_every_s: a source followed by change is read in full after so long; 0 = every time.
        options: the kind's own options.
    """

    id: str
    name: str
    kind: str
    key: tuple[str, ...]
    map: dict[str, MapRule]
    plan: DialPlan
    options: msgspec.Struct
    priority: int = 500
    visible_to: tuple[str, ...] = ALL
    owner: str = ""
    field_visible_to: dict[str, tuple[str, ...]] = {}
    searchable: frozenset[str] = SEARCHED_CUSTOM
    max_drop: DropLimit = DropLimit()
    schedule: Schedule = Schedule()
    full_every_s: int = FULL_EVERY_S

    def with_defaults(self, key: tuple[str, ...], rules: dict[str, MapRule]) -> SourceSettings:
        """Return these settings with what is usual for the kind where they say nothing.

        A field that `map` names has its own rule; the rule "" leaves the field out.
        """
        merged = {field: rule for field, rule in {**rules, **self.map}.items() if rule}
        return msgspec.structs.replace(self, key=self.key or key, map=merged)
