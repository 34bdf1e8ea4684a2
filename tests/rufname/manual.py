"""The tables of settings in the manual, read as a test compares them with what the code takes."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec


def documented(page: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """Return what a page says: section → setting → (allowed, default)."""
    sections: dict[str, dict[str, tuple[str, str]]] = {}
    section = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"##+ (.*)", line):
            section = heading[1].strip("`")
        elif row := re.match(r"\| `([\w.]+)` \| (.*?) \| (.*?) \| (.+) \|$", line):
            sections.setdefault(section, {})[row[1]] = (row[2], row[3])
    return sections


def default_of(cell: str) -> object:
    """Return a default as the manual writes it; "required" and "none" stay words."""
    if cell in {"required", "none"}:
        return cell
    return tomllib.loads(f"x = {cell.strip('`')}")["x"]


def value_of(field: Any) -> object:
    """Return a field's default as TOML would hold it; a table of defaults is an empty one."""
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value is None:
        return "none"
    if isinstance(value, msgspec.Struct):
        return {} if value == type(value)() else value
    return json.loads(msgspec.json.encode(value, enc_hook=str))
