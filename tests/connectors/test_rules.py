from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SourceFailed
from connectors.rules import (
    MAP_FIELDS,
    MAX_KEY_CHARS,
    columns_of,
    compile_key,
    compile_link,
    compile_text,
    compile_values,
    key_fault,
    require_columns,
    rule_faults,
)
from connectors.settings import MapRule

RECORD = {"first": "Anna", "last": "Meier", "empty": "", "city": " Köln\n", "phone": "1\n2"}


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("first", "Anna"),
        ("empty", ""),
        ("missing", ""),
        ("city", "Köln"),
        (("empty", "last"), "Meier"),
        (("empty", "missing"), ""),
        ("{first} {last}", "Anna Meier"),
        ("{last}, {first}", "Meier, Anna"),
        ("{last}, {empty}", "Meier"),
        ("{empty} {last}", "Meier"),
        ("{first} {empty} {last}", "Anna Meier"),
        ("{last} ({city})", "Meier (Köln)"),
        ("{last} ({empty})", "Meier"),
        ("{empty} ({missing})", ""),
        (("{empty}", "{first}"), "Anna"),
    ],
)
def test_a_rule_reads_a_column_the_first_of_several_or_a_template(
    rule: str | tuple[str, ...], text: str
) -> None:
    assert compile_text(rule)(RECORD) == text


@pytest.mark.parametrize(
    ("rule", "texts"),
    [
        ("phone", ["1\n2"]),
        ("empty", []),
        (("phone", "empty", "first"), ["1\n2", "Anna"]),
        ("+49{first}", ["+49Anna"]),
        (("{empty}", "last"), ["Meier"]),
    ],
)
def test_a_field_with_several_values_takes_all_columns_as_they_are(
    rule: str | tuple[str, ...], texts: list[str]
) -> None:
    assert compile_values(rule)(RECORD) == texts


def test_a_rule_names_its_columns() -> None:
    assert columns_of(("{first} {last}", "city")) == ["first", "last", "city"]


def test_faults_of_rules_are_all_named() -> None:
    faults = rule_faults(
        {"nick": "a", "title": " ", "job": "{a", "notes": "a}b", "city": ("a", "{b}")}
    )
    assert [fault.split(":")[0] for fault in faults] == ["map", "map.title", "map.job", "map.notes"]
    assert rule_faults(dict.fromkeys(MAP_FIELDS, "column")) == ()


def test_a_lost_column_is_named_with_those_there_are() -> None:
    require_columns(("a", "b"), ["b", "a", "c"], "export.csv")
    with pytest.raises(SourceFailed, match=r"export\.csv: no column 'x'; there are: a, b$"):
        require_columns(("a", "x"), ["a", "b"], "export.csv")
    with pytest.raises(SourceFailed, match=r"no columns 'x', 'y'.* and 50 more$"):
        require_columns(("x", "y"), [str(n) for n in range(100)], "export.csv")


def test_a_column_that_stands_twice_cannot_be_mapped() -> None:
    require_columns(("a",), ["a", "b", "b"], "export.csv")
    with pytest.raises(SourceFailed, match="more than one column is called 'b'"):
        require_columns(("a", "b"), ["a", "b", "b"], "export.csv")


def test_a_key_of_one_column_is_its_text_without_spaces_around_it() -> None:
    assert compile_key(("id",))({"id": " a|b\\ "}) == "a|b\\"
    assert compile_key(("id",))({}) == ""


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2))
def test_composite_keys_never_meet(parts: list[str]) -> None:
    key_of = compile_key(("a", "b"))
    key = key_of({"a": parts[0], "b": parts[1]})
    stripped = [part.strip() for part in parts]
    assert (key == "") == (not any(stripped))
    if key:
        read = [""]
        characters = iter(key)
        for character in characters:
            if character == "\\":
                read[-1] += next(characters)
            elif character == "|":
                read.append("")
            else:
                read[-1] += character
        assert read == stripped


def test_a_key_is_bounded_and_holds_no_control_characters() -> None:
    assert key_fault("4711") == key_fault("Ø 付 \u00a0") == ""
    assert key_fault("") == "no key"
    assert "longer" in key_fault("x" * (MAX_KEY_CHARS + 1))
    assert "control" in key_fault("a\nb")
    assert "control" in key_fault("a\ud800")


def test_a_constant_is_the_same_for_every_record() -> None:
    assert compile_text("= Beispiel  GmbH")({}) == "Beispiel GmbH"
    assert compile_text(("branch", "=Head office"))({"branch": ""}) == "Head office"
    assert compile_values(("=+49 89 99998-0", "phone"))({"phone": "1"}) == ["+49 89 99998-0", "1"]
    assert columns_of(("branch", "=x {y}")) == ["branch"]
    assert rule_faults({"company": "= "}) == ("map.company: nothing behind the =",)


@pytest.mark.parametrize(
    ("rule", "record", "link"),
    [
        (
            "https://crm.example/c/{id}",
            {"id": "a b&c/ü"},
            "https://crm.example/c/a%20b%26c%2F%C3%BC",
        ),
        ("https://crm.example/{a}?x={b}", {"a": "1", "b": ""}, ""),
        ("{server}/c/{id}", {"server": "https://x.example", "id": "7"}, "https://x.example/c/7"),
        ("url", {"url": "https://x.example/a b"}, "https://x.example/a b"),
        (("url", "https://x.example/{id}"), {"url": "", "id": "7"}, "https://x.example/7"),
    ],
)
def test_a_link_into_the_source_is_quoted_and_whole(
    rule: MapRule, record: dict[str, str], link: str
) -> None:
    assert compile_link(rule)(record) == link
