from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jsonpaths import compile_path, path_fault, paths_in, texts_at

PERSON = {
    "id": 7,
    "name": {"first": "Anna", "last": None},
    "phones": [
        {"type": "work", "number": "+49 89 1"},
        {"type": "fax", "number": "+49 89 2"},
        {"type": "work", "number": ""},
    ],
    "tags": ["a", "b"],
    "@odata.id": "x",
    "share": 2.0,
    "active": True,
}


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("id", ["7"]),
        ("name.first", ["Anna"]),
        ("name.last", []),
        ("name", []),
        ("none.of.this", []),
        ("phones.number", ["+49 89 1", "+49 89 2"]),
        ("phones[].number", ["+49 89 1", "+49 89 2"]),
        ("phones[1].number", ["+49 89 2"]),
        ("phones[9].number", []),
        ("phones[type=work].number", ["+49 89 1"]),
        ("phones[type!=fax].number", ["+49 89 1"]),
        ("tags", ["a", "b"]),
        ("tags[0]", ["a"]),
        ('"@odata.id"', ["x"]),
        ("share", ["2"]),
        ("active", ["true"]),
        ("id[0]", []),
    ],
)
def test_a_path_finds_its_values(path: str, texts: list[str]) -> None:
    assert texts_at(compile_path(path), PERSON) == texts


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "a[", "a[x]", "a]b", '"a', "a" + ".a" * 30])
def test_what_is_no_path_is_named(path: str) -> None:
    assert "is no path" in path_fault(path) or "a number, name=text" in path_fault(path)


def test_a_list_at_the_end_is_itself_where_it_is_asked_for() -> None:
    assert compile_path("value", flat=False)({"value": []}) == [[]]
    assert compile_path("value", flat=False)({}) == []
    assert compile_path("", flat=False)([1]) == [[1]]


NAMES = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_the_paths_of_a_document_are_paths_and_find_something(document: Any) -> None:
    for path in paths_in(document):
        if path_fault(path):
            continue  # a name that is empty, or holds a quote
        compile_path(path)(document)


@given(st.text(max_size=20), JSON)
def test_no_path_and_no_document_make_it_fail(path: str, document: Any) -> None:
    if not path_fault(path):
        texts_at(compile_path(path), document)


def test_what_lies_deeper_than_a_path_can_lead_has_none() -> None:
    document: Any = "deep"
    for _ in range(5_000):
        document = {"a": document}
    assert list(paths_in({"b": document, "c": 1})) == ["c"]
