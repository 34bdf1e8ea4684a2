"""Writing TOML: just what a test's configuration needs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


def table(name: str, values: object) -> list[str]:
    """Return the lines of one TOML table; `name` "[x]" makes an array's next table."""
    assert isinstance(values, Mapping)
    return [f"[{name}]", *(f"{_key(key)} = {_toml(value)}" for key, value in values.items()), ""]


def _key(key: str) -> str:
    assert _BARE_KEY.fullmatch(key), key
    return key


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(str(value), ensure_ascii=False)
