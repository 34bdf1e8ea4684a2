"""Which kinds of source there are, and how one is opened.

Law: the only place that imports a driver, and only once a source needs it: without an ODBC source
nothing looks for libodbc.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from connectors.errors import DriverMissing, UnknownKind
from connectors.kinds.delimited import DelimitedOptions, DelimitedSource
from connectors.kinds.odbc import OdbcOptions, OdbcSource
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
    """Make the source of these settings; nothing is read or connected yet.

    Raises:
        UnknownKind: naming those there are.
        DriverMissing: naming the package to install.
    """
    return _kind(settings.kind).open(settings)


class _Kind(msgspec.Struct, frozen=True):
    options: type[msgspec.Struct]
    open: Callable[[SourceSettings], ContactSource]


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


_KINDS = {
    "csv": _Kind(DelimitedOptions, DelimitedSource),
    "odbc": _Kind(OdbcOptions, _open_odbc),
}
