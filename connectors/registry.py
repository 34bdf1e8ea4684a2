"""Which kinds of source there are, and how one is opened.

Law: the only place that imports a kind or a driver, and only once it is needed: without an ODBC
source nothing looks for libodbc, and who reads a CSV file loads no client of the web (all kinds
together took a quarter of the time and memory of a start).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from connectors.errors import DriverMissing, SourceFailed, UnknownKind
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
            f" {shlex.quote(settings.name)} -c FILE` shows its fields and prints a map to begin"
            " with"
        )
    return found


def has_defaults(kind: str) -> bool:
    """Tell whether sources of a kind may do without `key` and `map`; False for unknown kinds."""
    return kind in _KINDS and _kind(kind).complete is not _as_it_is


def merges_defaults(kind: str) -> bool:
    """Tell whether a map changes the usual one field by field; else it stands instead of it."""
    return has_defaults(kind) and _kind(kind).merges


def _as_it_is(settings: SourceSettings) -> SourceSettings:
    return settings


class _Kind(msgspec.Struct, frozen=True):
    options: type[msgspec.Struct]
    open: Callable[[SourceSettings], ContactSource]
    complete: Callable[[SourceSettings], SourceSettings] = _as_it_is
    merges: bool = True


@cache
def _kind(name: str) -> _Kind:
    load = _KINDS.get(name)
    if load is None:
        raise UnknownKind(f"no kind of source is called {name!r}; there are {', '.join(kinds())}")
    return load()


def _access() -> _Kind:
    from connectors.kinds.access import AccessOptions, AccessSource

    return _Kind(AccessOptions, AccessSource)


def _carddav() -> _Kind:
    from connectors.kinds.carddav import CarddavOptions, CarddavSource, complete_carddav

    return _Kind(CarddavOptions, CarddavSource, complete_carddav)


def _csv() -> _Kind:
    from connectors.kinds.delimited import DelimitedOptions, DelimitedSource, complete_delimited

    return _Kind(DelimitedOptions, DelimitedSource, complete_delimited, merges=False)


def _dbf() -> _Kind:
    from connectors.kinds.dbase import DbfOptions, DbfSource

    def open_table(settings: SourceSettings) -> ContactSource:
        try:
            import dbfread  # type: ignore[import-untyped]
        except ImportError as error:
            raise DriverMissing("dBase tables need the Python package dbfread") from error
        return DbfSource(settings, dbfread)

    return _Kind(DbfOptions, open_table)


def _directory() -> _Kind:
    from connectors.kinds.directory import DirectoryOptions, DirectorySource, complete_directory

    def open_directory(settings: SourceSettings) -> ContactSource:
        try:
            import ldap3  # type: ignore[import-untyped]
        except ImportError as error:
            raise DriverMissing("LDAP sources need the Python package ldap3") from error
        return DirectorySource(settings, ldap3)

    return _Kind(DirectoryOptions, open_directory, complete_directory)


def _graph() -> _Kind:
    from connectors.kinds.graph import GraphOptions, GraphSource, complete_graph

    return _Kind(GraphOptions, GraphSource, complete_graph)


def _odbc() -> _Kind:
    from connectors.kinds.odbc import OdbcOptions, OdbcSource

    def open_database(settings: SourceSettings) -> ContactSource:
        try:
            import pyodbc  # type: ignore[import-not-found]
        except ImportError as error:
            if "libodbc" in str(error):
                raise DriverMissing(
                    "ODBC sources need the driver manager unixODBC: install the Debian package"
                    " unixodbc"
                ) from error
            raise DriverMissing("ODBC sources need the Python package pyodbc") from error
        pyodbc.pooling = False  # before the first connection; a run opens one and closes it
        return OdbcSource(settings, pyodbc)

    return _Kind(OdbcOptions, open_database)


def _pst() -> _Kind:
    from connectors.kinds.pst import PstOptions, PstSource, complete_pst

    return _Kind(PstOptions, PstSource, complete_pst)


def _rest() -> _Kind:
    from connectors.kinds.rest import RestOptions, RestSource

    return _Kind(RestOptions, RestSource)


def _singer() -> _Kind:
    from connectors.kinds.singer import SingerOptions, SingerSource

    return _Kind(SingerOptions, SingerSource)


def _spreadsheet() -> _Kind:
    from connectors.kinds.spreadsheet import (
        SpreadsheetOptions,
        SpreadsheetSource,
        complete_spreadsheet,
    )

    def calamine() -> Any:
        try:
            import python_calamine
        except ImportError as error:
            raise DriverMissing("workbooks need the Python package python-calamine") from error
        return python_calamine

    return _Kind(
        SpreadsheetOptions,
        lambda settings: SpreadsheetSource(settings, calamine()),
        lambda settings: complete_spreadsheet(settings, calamine()),
        merges=False,
    )


def _vcard() -> _Kind:
    from connectors.kinds.vcard import VcardOptions, VcardSource, complete_vcards

    return _Kind(VcardOptions, VcardSource, complete_vcards)


_KINDS: dict[str, Callable[[], _Kind]] = {
    "access": _access,
    "ad": _directory,
    "carddav": _carddav,
    "csv": _csv,
    "dbf": _dbf,
    "graph": _graph,
    "ldap": _directory,
    "odbc": _odbc,
    "ods": _spreadsheet,
    "pst": _pst,
    "rest": _rest,
    "singer": _singer,
    "vcard": _vcard,
    "xlsx": _spreadsheet,
}
