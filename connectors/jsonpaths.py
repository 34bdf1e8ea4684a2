"""Paths into JSON documents, as configurations write them: `phones[type=work].number`.

Law: pure; a path is read once, when a run begins. What is not there is no value, never an error.

A path is made of names with dots between them. Behind a name, brackets choose from a list: `[0]`
one item, `[type=work]` the items whose `type` is that text (`[type!=fax]`: is not), `[]` all of
them, which is also what a list without brackets means. A name with dots or brackets in it stands in
quotes: `"@odata.nextLink"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from connectors.values import as_text

_STEP = re.compile(
    r'(?:"(?P<quoted>[^"]+)"|(?P<name>[^.\[\]"]+))?'
    r"(?P<brackets>(?:\[[^\]]*\])*)(?:\.|$)"
)
_BRACKET = re.compile(r"\[([^\]]*)\]")
_CONDITION = re.compile(r"([^=!]+)(!?=)(.*)")

MAX_STEPS = 20

Find = Callable[[Any], list[Any]]
Step = Callable[[Any], Iterator[Any]]


PATH_IN_WORDS = 'a path such as data.items, phones[type=work].number, or "" for none'


def path_fault(path: str) -> str:
    """Return why a text is no path; "" if it is one."""
    try:
        compile_path(path)
    except ValueError as error:
        return str(error)
    return ""


@lru_cache(maxsize=1_024)
def compile_path(path: str, *, flat: bool = True) -> Find:
    """Return a function that finds the values of a path in a document; "" is the document itself.

    Args:
        path: see the head of this file.
        flat: the items of a list at the path's end are the values; else the list itself is one.

    Raises:
        ValueError: it is no path.
    """
    steps: list[Step] = []
    place = 0
    while place < len(path):
        match = _STEP.match(path, place)
        name = (match["quoted"] or match["name"]) if match else None
        if match is None or match.end() == place or (not name and not match["brackets"]):
            raise ValueError(f"{path!r} is no path: look at its {place + 1}. character")
        if name:
            steps.append(_named(name))
        steps += [_chosen(bracket, path) for bracket in _BRACKET.findall(match["brackets"])]
        place = match.end()
    if path.endswith(".") or len(steps) > MAX_STEPS:
        raise ValueError(f"{path!r} is no path: it ends in a dot, or is too long")

    def find(document: Any) -> list[Any]:
        values = [document]
        for step in steps:
            values = [found for value in values for found in step(value)]
        if not flat:
            return values
        return [found for value in values for found in (value if _is_list(value) else (value,))]

    return find


def texts_at(find: Find, document: Any) -> list[str]:
    """Return the texts of the values that a compiled path finds; null and "" are none.

    An object or list within becomes no text: a path has to lead on to one of its values.
    """
    values = [value for value in find(document) if not isinstance(value, dict | list)]
    return [text for text in map(as_text, values) if text]


def paths_in(document: Any, prefix: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the paths of all single values of a document, lists by what their items hold.

    Values deeper than a path can lead, or in lists within lists of that depth, have none.
    """
    if depth > MAX_STEPS:
        return
    if isinstance(document, dict):
        for name, value in document.items():
            step = f'"{name}"' if re.search(r'[.\[\]"]', name) else name
            yield from paths_in(value, f"{prefix}.{step}" if prefix else step, depth + 1)
    elif isinstance(document, list):
        for item in document:
            yield from paths_in(item, prefix, depth + 1)
    elif prefix:
        yield prefix


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _named(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, dict) and name in item:
                yield item[name]

    return step


def _chosen(bracket: str, path: str) -> Step:
    """Compile one pair of brackets."""
    if not bracket:
        return _every
    if bracket.isdecimal():
        return _nth(int(bracket))
    condition = _CONDITION.fullmatch(bracket)
    if condition is None:
        raise ValueError(f"{path!r}: [{bracket}]: a number, name=text, or nothing")
    name, wanted = condition[1].strip(), condition[3].strip()
    equal = condition[2] == "="

    def step(value: Any) -> Iterator[Any]:
        for item in _every(value):
            if isinstance(item, dict) and (as_text(item.get(name)) == wanted) == equal:
                yield item

    return step


def _nth(number: int) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list) and number < len(value):
            yield value[number]

    return step


def _every(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
