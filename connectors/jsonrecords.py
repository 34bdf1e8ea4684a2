"""JSON objects become raw records: each column is a path, each of several values a line.

Law: pure. A column that is no path is a fault of the map, since it stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from connectors.errors import SourceFailed
from connectors.jsonpaths import Find, compile_path, paths_in, texts_at
from connectors.rules import compile_key
from engine.source import Record, Upsert


def compile_record(
    columns: Iterable[str], several: frozenset[str], key: Sequence[str]
) -> Callable[[Any, str], Upsert]:
    """Return what makes a record of these columns out of an object and where it stands.

    Args:
        columns: paths; absent ones become "".
        several: those of which every value counts; of the others the first does.
        key: the columns, among those, that identify a record.

    Raises:
        SourceFailed: a column is no path.
    """
    finds: dict[str, Find] = {}
    for column in columns:
        try:
            finds[column] = compile_path(column)
        except ValueError as error:
            raise SourceFailed(f"map: {error}") from None
    key_of = compile_key(key)

    def to_upsert(item: Any, locator: str) -> Upsert:
        record: Record = {}
        for column, find in finds.items():
            texts = texts_at(find, item)
            record[column] = "\n".join(texts) if column in several else (texts or [""])[0]
        return Upsert(key_of(record), record, locator)

    return to_upsert


def whole_record(item: Any, columns: Iterable[str], key: Sequence[str], locator: str) -> Upsert:
    """Return an object with all its values, those of `columns` first: for people to look at."""
    names = dict.fromkeys((*columns, *paths_in(item)))
    return compile_record(names, frozenset(names), key)(item, locator)
