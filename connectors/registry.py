"""Which kinds of source there are, and how one is opened.

Law: the only place that imports a driver, and only once a source needs it: without an ODBC source
nothing looks for libodbc.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from connectors.errors import DriverMissing, SourceFailed, UnknownKind
from connectors.kinds.access import AccessOptions, AccessSource
from connectors.kinds.carddav import CarddavOptions, CarddavSource, complete_carddav
from connectors.kinds.dbase import DbfOptions, DbfSource
from connectors.kinds.delimited import DelimitedOptions, DelimitedSource, complete_delimited
from connectors.kinds.directory import (
    DirectoryOptions,
    DirectorySource,
    complete_directory,
)
from connectors.kinds.graph import GraphOptions, GraphSource, complete_graph
from connectors.kinds.odbc import OdbcOptions, OdbcSource
from connectors.kinds.pst import PstOptions, PstSource, complete_pst
from connectors.kinds.rest import RestOptions, RestSource
from connectors.kinds.singer import SingerOptions, SingerSource
from connectors.kinds.spreadsheet import (
    SpreadsheetOptions,
    SpreadsheetSource,
    complete_spreadsheet,
)
from connectors.kinds.vcard import VcardOptions, VcardSource, complete_vcards
from connectors.settings import SourceSettings
from engine.source import ContactSource


def kinds() -> tuple[str, ...]:
    """Return the names of all kinds, sorted."""
    return tuple(sorted(_KINDS))


def options_of(kind: str) -> type[msgspec.Struct]:
    """Return the Struct of a kind's own options.

    Raises:
        UnknownKind: naming those there are.
    """
    return _kind(kind).options


def open_source(settings: SourceSettings) -> ContactSource:
    """Make the source of these settings (completed ones); nothing is read or connected yet.

    Raises:
        UnknownKind: naming those there are.
        DriverMissing: naming the package to install.
    """
    return _kind(settings.kind).open(settings)


def completed(settings: SourceSettings) -> SourceSettings:
    """Return the settings with the key and the map that are usual for their kind and source.

    A kind whose defaults depend on what it finds (the header of a file) looks there.

    Raises:
        UnknownKind: naming those there are.
        SourceFailed: a key or a map is missing, and the kind knows none.
    """
    found = _kind(settings.kind).complete(settings)
    missing = [f"{what} = …" for what in ("key", "map") if not getattr(found, what)]
    if missing:
        raise SourceFailed(
            f"a source of kind {settings.kind} needs {' and '.join(missing)}; `rufname discover"
            f" {settings.name}` shows its fields and prints a map to begin with"
        )
    return found


def has_defaults(kind: str) -> bool:
    """Tell whether sources of a kind may do without `key` and `map`; False for unknown kinds."""
    return kind in _KINDS and _KINDS[kind].complete is not _as_it_is


def merges_defaults(kind: str) -> bool:
    """Tell whether a map changes the usual one field by field; else it stands instead of it."""
    return has_defaults(kind) and _KINDS[kind].merges


def _as_it_is(settings: SourceSettings) -> SourceSettings:
    return settings


class _Kind(msgspec.Struct, frozen=True):
    options: type[msgspec.Struct]
    open: Callable[[SourceSettings], ContactSource]
    complete: Callable[[SourceSettings], SourceSettings] = _as_it_is
    merges: bool = True


def _kind(name: str) -> _Kind:
    kind = _KINDS.get(name)
    if kind is None:
        raise UnknownKind(f"no kind of source is called {name!r}; there are {', '.join(kinds())}")
    return kind


def _open_odbc(settings: SourceSettings) -> ContactSource:
    try:
        import pyodbc  # type: ignore[import-not-found]  # noqa: PLC0415 - optional: the law of this file
    except ImportError as error:
        if "libodbc" in str(error):
            raise DriverMissing(
                "ODBC sources need the driver manager unixODBC: install the Debian package unixodbc"
            ) from error
        raise DriverMissing("ODBC sources need the Python package pyodbc") from error
    pyodbc.pooling = False  # before the first connection; a run opens one and closes it
    return OdbcSource(settings, pyodbc)


def _calamine() -> Any:
    try:
        import python_calamine  # noqa: PLC0415 - optional: the law of this file
    except ImportError as error:
        raise DriverMissing("workbooks need the Python package python-calamine") from error
    return python_calamine


def _open_spreadsheet(settings: SourceSettings) -> ContactSource:
    return SpreadsheetSource(settings, _calamine())


def _complete_spreadsheet(settings: SourceSettings) -> SourceSettings:
    return complete_spreadsheet(settings, _calamine())


def _open_directory(settings: SourceSettings) -> ContactSource:
    try:
        import ldap3  # type: ignore[import-untyped]  # noqa: PLC0415 - optional: the law of this file
    except ImportError as error:
        raise DriverMissing("LDAP sources need the Python package ldap3") from error
    return DirectorySource(settings, ldap3)


def _open_dbf(settings: SourceSettings) -> ContactSource:
    try:
        import dbfread  # type: ignore[import-untyped]  # noqa: PLC0415 - optional: the law of this file
    except ImportError as error:
        raise DriverMissing("dBase tables need the Python package dbfread") from error
    return DbfSource(settings, dbfread)


_DIRECTORY = _Kind(DirectoryOptions, _open_directory, complete_directory)
_SPREADSHEET = _Kind(SpreadsheetOptions, _open_spreadsheet, _complete_spreadsheet, merges=False)

_KINDS = {
    "access": _Kind(AccessOptions, AccessSource),
    "ad": _DIRECTORY,
    "carddav": _Kind(CarddavOptions, CarddavSource, complete_carddav),
    "csv": _Kind(DelimitedOptions, DelimitedSource, complete_delimited, merges=False),
    "dbf": _Kind(DbfOptions, _open_dbf),
    "graph": _Kind(GraphOptions, GraphSource, complete_graph),
    "ldap": _DIRECTORY,
    "odbc": _Kind(OdbcOptions, _open_odbc),
    "ods": _SPREADSHEET,
    "pst": _Kind(PstOptions, PstSource, complete_pst),
    "rest": _Kind(RestOptions, RestSource),
    "singer": _Kind(SingerOptions, SingerSource),
    "vcard": _Kind(VcardOptions, VcardSource, complete_vcards),
    "xlsx": _SPREADSHEET,
}
