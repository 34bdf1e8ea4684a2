"""TOML tables become Structs, and every fault is named at once."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from connectors.settings import REFERENCE_IN_WORDS, SecretRef
from rufname.tomltables import (
    MAX_FILE_BYTES,
    Findings,
    TableReader,
    quote,
    read_toml,
    shown,
    words_for,
)


class Inner(msgspec.Struct, frozen=True):
    depth: Annotated[int, Meta(ge=1, le=9)] = 1


class Shape(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=5)]
    count: Annotated[int, Meta(ge=0)] = 0
    share: float = 0.5
    on: bool = False
    place: Path = Path("here")
    mode: Literal["fast", "safe"] = "safe"
    words: tuple[str, ...] = ()
    pair: tuple[int, int] = (0, 0)
    inner: Inner = Inner()
    perhaps: Inner | None = None
    secret: SecretRef | None = None


class Ordered(msgspec.Struct, frozen=True):
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


def read(
    table: object, shape: type[msgspec.Struct] = Shape, folder: str = "/etc/x", **more: Any
) -> tuple[Any, list[str]]:
    findings = Findings(Path(folder) / "f.toml")
    value = TableReader(findings).read(table, shape, "", **more)
    return value, [fault.removeprefix(f"{folder}/f.toml: ") for fault in findings.faults]


def load(tmp_path: Path, content: bytes) -> tuple[Any, list[str]]:
    file = tmp_path / "f.toml"
    file.write_bytes(content)
    findings = Findings(file)
    return read_toml(findings), [fault.removeprefix(f"{file}: ") for fault in findings.faults]


def test_a_table_becomes_its_struct_with_defaults() -> None:
    value, faults = read({"name": "a", "inner": {"depth": 3}, "words": ["x"], "pair": [1, 2]})
    assert faults == []
    assert value == Shape(name="a", inner=Inner(3), words=("x",), pair=(1, 2))


def test_paths_are_relative_to_the_folder_of_the_file() -> None:
    value, _ = read({"name": "a", "place": "b/c", "secret": {"file": "s"}})
    assert value.place == Path("/etc/x/b/c")
    assert value.secret.file == Path("/etc/x/s")
    value, _ = read({"name": "a", "place": "/b/c"})
    assert value.place == Path("/b/c")


def test_every_fault_is_named_at_once_with_what_is_allowed() -> None:
    keys = sorted(field.name for field in msgspec.structs.fields(Shape))
    value, faults = read(
        {
            "nmae": "a",
            "count": -1,
            "share": "x",
            "on": 1,
            "place": "",
            "mode": "quick",
            "words": ["x", 2],
            "pair": [1],
            "inner": {"depth": 10, "deep": 1},
            "perhaps": 5,
        }
    )
    assert value is None
    assert faults == [
        f'unknown key "nmae"; did you mean "name"?; allowed: {", ".join(keys)}',
        "name: missing; allowed: a text of 1 to 5 characters",
        "count: got -1; allowed: a whole number, at least 0",
        'share: got "x"; allowed: a number',
        "on: got 1; allowed: true or false",
        "place: got a path that is empty or holds a NUL; allowed: a path",
        'mode: got "quick"; allowed: "fast", "safe"',
        "words[2]: got 2; allowed: a list, each a text",
        "pair: got a list; allowed: a list of 2, each a whole number",
        'inner: unknown key "deep"; did you mean "depth"?; allowed: depth',
        "inner.depth: got 10; allowed: a whole number from 1 to 9",
        "perhaps: got a number; allowed: a table",
    ]


def test_a_faulty_setting_with_a_default_goes_on_with_it() -> None:
    value, faults = read({"name": "a", "count": -1})
    assert value == Shape(name="a")
    assert len(faults) == 1


def test_a_stand_in_lets_the_reading_go_on_behind_a_missing_key() -> None:
    value, faults = read({}, stand_ins={"name": "?"})
    assert value == Shape(name="?")
    assert faults == ["name: missing; allowed: a text of 1 to 5 characters"]


def test_a_secret_written_in_clear_is_refused_and_not_quoted() -> None:
    for secret in ("hunter2", 20042042, ["hunter2"], {"value": "hunter2"}, {"file": 20042042}):
        _, faults = read({"name": "a", "secret": secret})
        assert faults
        assert "hunter2" not in str(faults)
        assert "20042042" not in str(faults) or secret == {"file": 20042042}


def test_a_secret_reference_names_exactly_one_place() -> None:
    for secret, wrong in (
        ({}, "secret: names no place"),
        ({"file": "a", "env": "B"}, "secret: names several places"),
    ):
        _, faults = read({"name": "a", "secret": secret})
        assert faults == [f"{wrong}; allowed: {REFERENCE_IN_WORDS}"]
    _, faults = read({"name": "a", "secret": {"env": ""}})
    assert faults == ["secret.env: names nothing; allowed: a text of at least one character"]


def test_a_rule_of_the_struct_itself_becomes_a_fault() -> None:
    value, faults = read({"low": 3, "high": 2}, Ordered)
    assert value is None
    assert faults == ["low is above high"]


def test_names_of_a_neighbour_help_to_guess() -> None:
    _, faults = read({"name": "a", "prioritty": 3}, also=["priority"])
    assert 'did you mean "priority"?' in faults[0]


def test_what_is_no_table_is_named_by_its_kind() -> None:
    for value in ("text", ["x"], 5):
        made, faults = read(value)
        assert made is None
        assert faults[0].endswith("allowed: a table")


def test_a_file_that_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    table, faults = load(tmp_path, b"[a]\nb = \n")
    assert table is None
    assert faults == ["not TOML: Invalid value (at line 2, column 5)"]


def test_a_secret_in_a_broken_line_is_not_quoted(tmp_path: Path) -> None:
    _, faults = load(tmp_path, b"password = hunter2\n")
    assert "hunter2" not in faults[0]
    assert "line 1" in faults[0]


def test_a_file_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    _, faults = load(tmp_path, b"a = 1\nb = 'M\xfcller'\n")
    assert faults == ["line 2: not UTF-8; allowed: a TOML file in UTF-8"]


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    table, faults = load(tmp_path, b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")
    assert table == {"a": 1, "b": 2}
    assert faults == []


def test_an_empty_file_is_an_empty_table(tmp_path: Path) -> None:
    assert load(tmp_path, b"") == ({}, [])


def test_an_absent_file_a_folder_and_a_huge_file_are_one_fault(tmp_path: Path) -> None:
    for path, wrong in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        findings = Findings(path)
        assert read_toml(findings) is None
        assert len(findings.faults) == 1
        assert wrong in findings.faults[0]
    _, faults = load(tmp_path, b"#" * (MAX_FILE_BYTES + 1))
    assert faults == [f"too large; allowed: at most {MAX_FILE_BYTES} bytes"]


def test_tables_nested_without_end_are_one_fault(tmp_path: Path) -> None:
    table, faults = load(tmp_path, b"a = " + b"[" * 100_000)
    assert table is None
    assert len(faults) == 1


def test_a_quoted_text_stays_on_one_line_and_is_cut() -> None:
    assert quote("a\nb\x1b[31m\u202e") == '"a\\nb\\u001b[31m\\u202e"'
    assert quote("Bär") == '"Bär"'
    assert len(quote("x" * 1000)) < 70


def test_values_are_shown_as_the_file_writes_them() -> None:
    assert shown(value=True) == "true"
    assert shown(5) == "5"
    assert shown([]) == "an empty list"
    assert shown({"a": 1}) == "a table"


def test_words_say_what_a_type_allows() -> None:
    assert words_for(SecretRef | None) == REFERENCE_IN_WORDS
    assert words_for(dict[str, str]) == "a table"
    assert words_for(Annotated[float, Meta(le=2)]) == "a number, at most 2"
    assert words_for(Annotated[str, Meta(description="a colour")]) == "a colour"
    assert words_for(int | str) == "a whole number or a text"


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from([*Shape.__struct_fields__, "other"]), _VALUES, max_size=len("a few keys")
    )
)
def test_no_table_fails_without_a_fault(table: dict[str, object]) -> None:
    value, faults = read(table)
    assert value is not None or faults
    assert all("\n" not in fault for fault in faults)


@given(st.binary(max_size=60))
def test_no_file_fails_without_a_fault(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        table, faults = load(Path(folder), data)
    assert (table is None) == bool(faults)
