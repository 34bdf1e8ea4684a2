from __future__ import annotations

import pytest

from connectors.errors import SourceFailed
from connectors.jsonrecords import compile_record, whole_record
from engine.source import Upsert

ITEM = {"id": 7, "name": {"first": "Anna"}, "mails": ["a@x.example", "b@x.example"]}


def test_each_column_is_a_path_and_only_some_have_several_values() -> None:
    columns = ("id", "name.first", "mails", "absent")
    one = compile_record(columns, frozenset(), ("id",))(ITEM, "item 1")
    values = {"id": "7", "name.first": "Anna", "mails": "a@x.example", "absent": ""}
    assert one == Upsert("7", values, "item 1")
    several = compile_record(columns, frozenset({"mails"}), ("id",))(ITEM, "item 1")
    assert several.record["mails"] == "a@x.example\nb@x.example"


def test_people_look_at_all_that_an_object_holds() -> None:
    whole = whole_record(ITEM, ("mails", "absent"), ("id",), "")
    assert list(whole.record) == ["mails", "absent", "id", "name.first"]
    assert whole.record["mails"] == "a@x.example\nb@x.example"


def test_a_column_that_is_no_path_is_a_fault_of_the_map() -> None:
    with pytest.raises(SourceFailed, match=r"map: .*a\["):
        compile_record(("a[",), frozenset(), ("id",))
