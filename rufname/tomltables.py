"""TOML tables read into Structs: every fault is named at once, with its key and what is allowed.

Law: knows no setting by name. A table's shape is a `msgspec.Struct` whose bounds stand in the
types; a value is quoted in a fault only where its type cannot hold a secret.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import inspect
from msgspec.structs import FieldInfo

from connectors.settings import REFERENCE_IN_WORDS, SecretRef, SettingFault

MAX_FILE_BYTES = 4 * 1024 * 1024
"""A configuration of some 20,000 clients; more can only be a wrong file."""

_MAX_QUOTED = 60
_MAX_PATH, _MAX_NAME = 4_000, 255
"""Characters of a path, octets of each name in it; Linux allows hardly more (`limits.h`)."""
_KINDS = {str: "a text", int: "a number", float: "a number", bool: "a truth value"}
_PLACE = re.compile(r" - at `\$(?P<path>.*)`$")
_STEP = re.compile(r"\[(\d+)\]|\.([^.\[]+)")

Table = dict[str, Any]
Shape = TypeVar("Shape", bound=msgspec.Struct)
Value = TypeVar("Value")


class Findings:
    """What is wrong with one file, in the order found.

    Attributes:
        file: as the user named it.
        faults: the file cannot be used.
        warnings: it can, but probably does not do what is meant.
        serves: what clients show is verified with it: what only a service is given must be there.
    """

    def __init__(self, file: Path, *, serves: bool = True) -> None:
        self.file = file
        self.serves = serves
        self.faults: list[str] = []
        self.warnings: list[str] = []

    def fault(self, key: str, wrong: str, allowed: str = "") -> None:
        """Note a fault: what is wrong at `key` and what is allowed there."""
        self.faults.append(self._line(key, f"{wrong}; allowed: {allowed}" if allowed else wrong))

    def warn(self, key: str, text: str) -> None:
        """Note a warning at `key`."""
        self.warnings.append(self._line(key, text))

    def unknown(
        self, key: str, what: str, name: object, known: Iterable[str], allowed: str = ""
    ) -> None:
        """Note that there is no `what` (a key, a source …) called `name`, and the nearest one.

        Args:
            key: where it stands.
            what: the kind of thing, such as "key".
            name: what stands there.
            known: the names there are.
            allowed: those names in words, where a list of them would be long.
        """
        names = sorted(known)
        near = difflib.get_close_matches(str(name), names, n=1)
        guess = f"; did you mean {quote(near[0])}?" if near else ""
        allowed = allowed or ", ".join(names) or f"none: this file has no {what}"
        self.fault(key, f"unknown {what} {quote(name)}{guess}", allowed)

    def attempt(self, key: str, parse: Callable[..., Value], *arguments: object) -> Value | None:
        """Return `parse(*arguments)`, or None and a fault with the words of its ValueError."""
        try:
            return parse(*arguments)
        except ValueError as error:
            self.fault(key, str(error))
            return None

    def _line(self, key: str, text: str) -> str:
        return f"{self.file}: {key}: {text}" if key else f"{self.file}: {text}"


def read_toml(findings: Findings) -> Table | None:
    """Read the file of `findings` as TOML (UTF-8, a byte order mark is skipped).

    Returns:
        The top-level table; None and one fault, with its line, where the file is no TOML.
    """
    try:
        with findings.file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        findings.fault("", f"cannot be read: {error.strerror}")
        return None
    if len(data) > MAX_FILE_BYTES:
        findings.fault("", "too large", f"at most {MAX_FILE_BYTES} bytes")
        return None
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        findings.fault(f"line {line}", "not UTF-8", "a TOML file in UTF-8")
    except tomllib.TOMLDecodeError as error:
        findings.fault("", f"not TOML: {error}")
    except RecursionError:
        findings.fault("", "not TOML: nested too deeply")
    return None


class TableReader:
    """Reads tables of one file into Structs.

    `read` goes on behind a fault with the default of a faulty setting, so that one pass names
    every fault; whoever calls it must look at `findings.faults` before using what it made.
    """

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self._folder = findings.file.absolute().parent

    def read(
        self,
        table: object,
        shape: type[Shape],
        place: str,
        *,
        also: Iterable[str] = (),
        stand_ins: Mapping[str, object] = {},
    ) -> Shape | None:
        """Return `table` as a `shape`.

        Args:
            table: what stands in the file.
            shape: a Struct; each field is one key.
            place: the key of the table, "" for the file itself.
            also: further names to think of when a key is unknown.
            stand_ins: what to go on with, behind a fault, for keys that have no default.

        Returns:
            None where it is no table, or lacks a key that has neither default nor stand-in.
        """
        if not isinstance(table, dict):
            self.findings.fault(place, f"got {shown(table, secret=True)}", words_for(shape))
            return None
        fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
        for name in table:
            if name not in fields:
                self.findings.unknown(place, "key", name, {*fields, *also})
        known = len(self.findings.faults)
        values = self._values(table, fields, place, stand_ins)
        if any(field.required and field.name not in values for field in fields.values()):
            return None
        try:
            return shape(**values)
        except SettingFault as fault:
            self._setting_fault(fault, table, shape, place)
        except ValueError as error:  # of several settings; behind a faulty one it means nothing
            if len(self.findings.faults) == known:
                self.findings.fault(place, str(error))
        return None

    def _values(
        self,
        table: Table,
        fields: Mapping[str, FieldInfo],
        place: str,
        stand_ins: Mapping[str, object],
    ) -> dict[str, object]:
        """Return the values that are whole, by the Struct's own names; the others are faults."""
        values = dict(stand_ins)
        for name, field in fields.items():
            key = f"{place}.{name}" if place else name
            if name in table:
                value = self._value(table[name], field.type, key)
                if value is not msgspec.UNSET:
                    values[field.name] = value
                    continue
            elif field.required:
                self.findings.fault(key, "missing", words_for(field.type))
        return values

    def _setting_fault(
        self, fault: SettingFault, table: Table, shape: type[msgspec.Struct], place: str
    ) -> None:
        """Note what a Struct says about one of its settings; the table itself has the key ""."""
        key = f"{place}.{fault.setting}" if fault.setting else place
        kinds = {field.encode_name: field.type for field in msgspec.structs.fields(shape)}
        kind = kinds.get(fault.setting, shape)
        stands = table.get(fault.setting)
        wrong = fault.wrong or f"got {shown(stands, secret=_holds_secret(kind))}"
        self.findings.fault(key, wrong, fault.allowed or words_for(kind))

    def _value(self, value: object, kind: Any, key: str) -> object:
        """Return one value as its type; UNSET and a fault where it is none."""
        shape = _shape_of(kind)
        if shape is not None:
            inner = self.read(value, shape, key)
            return msgspec.UNSET if inner is None else inner
        try:
            return msgspec.convert(value, kind, dec_hook=self._make)
        except msgspec.ValidationError as error:
            found = _PLACE.search(str(error))
            inner_key, inner_value = _follow(key, value, found["path"] if found else "")
            wrong = f"got {shown(inner_value, secret=_holds_secret(kind))}"
            allowed = words_for(kind)
            if isinstance(error.__cause__, SettingFault):
                wrong, allowed = error.__cause__.wrong, error.__cause__.allowed or allowed
            elif isinstance(error.__cause__, ValueError):  # raised by `_make`
                wrong = str(error)[: found.start()] if found else str(error)
            self.findings.fault(inner_key, wrong, allowed)
            return msgspec.UNSET

    def _make(self, kind: type, value: object) -> object:
        """Make what msgspec does not know: paths, relative to the file's own folder."""
        if kind is not Path:
            raise NotImplementedError(f"no way to read {kind} from TOML")
        if not isinstance(value, str):
            raise ValueError(f"got {shown(value)}")  # noqa: TRY004 - msgspec passes ValueError on
        if not value or "\0" in value:
            raise ValueError("got a path that is empty or holds a NUL")
        names = value.encode().split(b"/")
        if len(value) > _MAX_PATH or any(len(name) > _MAX_NAME for name in names):
            raise ValueError(f"got {shown(value)}, longer than any path")
        return self._folder / value


def quote(value: object) -> str:
    """Return a text in double quotes, on one line, cut after 60 characters."""
    text = str(value)
    if len(text) > _MAX_QUOTED:
        text = f"{text[:_MAX_QUOTED]}…"
    return json.dumps(text, ensure_ascii=not text.isprintable())


def shown(value: object, *, secret: bool = False) -> str:
    """Return a value of the file in words for a fault; a secret only by its type."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if secret:
        return _KINDS.get(type(value), "a date or time")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)[:_MAX_QUOTED]
    return quote(value)


def words_for(kind: Any) -> str:
    """Return what a setting of this type may be, for people: "a whole number from 1 to 999"."""
    return _words(inspect.type_info(kind))


def _words(node: inspect.Type) -> str:
    """Return the words of one node of msgspec's type tree."""
    if isinstance(node, inspect.Metadata):
        described = (node.extra_json_schema or {}).get("description")
        return str(described) if described else _words(node.type)
    if isinstance(node, inspect.UnionType):
        parts = [_words(part) for part in node.types if not isinstance(part, inspect.NoneType)]
        return " or ".join(dict.fromkeys(parts))
    if isinstance(node, inspect.LiteralType):
        return ", ".join(
            quote(each) if isinstance(each, str) else str(each) for each in node.values
        )
    if isinstance(node, inspect.StructType):
        return REFERENCE_IN_WORDS if node.cls is SecretRef else "a table"
    if isinstance(node, inspect.ListType | inspect.VarTupleType | inspect.TupleType):
        return _list_words(node)
    return _scalar_words(node)


def _list_words(node: inspect.ListType | inspect.VarTupleType | inspect.TupleType) -> str:
    """Return the words of a list."""
    if isinstance(node, inspect.TupleType):
        return f"a list of {len(node.item_types)}, each {_words(node.item_types[0])}"
    least = f"a list of at least {node.min_length}" if node.min_length else "a list"
    return f"{least}, each {_words(node.item_type)}"


def _scalar_words(node: inspect.Type) -> str:
    """Return the words of a number, a text, a truth value, a path."""
    if isinstance(node, inspect.IntType):
        return f"a whole number{_bounds(node.ge, node.le)}"
    if isinstance(node, inspect.FloatType):
        return f"a number{_bounds(node.ge, node.le)}"
    if isinstance(node, inspect.StrType):
        length = _bounds(node.min_length, node.max_length).removeprefix(",").removeprefix(" from")
        if length == " at least 1":
            return "a text that is not empty"
        return f"a text of{length} characters" if length else "a text"
    if isinstance(node, inspect.CustomType):
        return "a path" if node.cls is Path else f"a {node.cls.__name__}"
    words = {inspect.BoolType: "true or false", inspect.DictType: "a table"}
    return words.get(type(node), type(node).__name__)


def _bounds(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f", at least {low}"
    return "" if high is None else f", at most {high}"


def _shape_of(kind: Any) -> type[msgspec.Struct] | None:
    """Return the Struct that `kind` is, perhaps beside None; else None."""
    union = get_origin(kind) in {Union, UnionType}
    parts = [part for part in get_args(kind) if part is not type(None)] if union else [kind]
    if len(parts) == 1 and isinstance(parts[0], type) and issubclass(parts[0], msgspec.Struct):
        return parts[0]
    return None


def _holds_secret(kind: Any) -> bool:
    """Tell whether a value meant for this type may be a secret written in clear."""
    return kind is SecretRef or any(_holds_secret(part) for part in get_args(kind))


def _follow(key: str, value: Any, path: str) -> tuple[str, object]:
    """Follow msgspec's path to a faulty part; lists count from 1 in a fault."""
    for index, name in _STEP.findall(path):
        if index and isinstance(value, list):
            key, value = f"{key}[{int(index) + 1}]", value[int(index)]
        elif isinstance(value, Mapping) and name in value:
            key, value = f"{key}.{name}", value[name]
    return key, value
