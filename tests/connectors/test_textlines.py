from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import textlines
from connectors.textlines import (
    REPLACED,
    TextLines,
    found_encoding,
    found_separator,
    keeps_ascii,
)


def lines_of(data: bytes, encoding: str) -> tuple[list[str], TextLines]:
    lines = TextLines(io.BytesIO(data), encoding)
    return list(lines.texts()), lines


def test_lines_come_as_they_are_with_their_breaks() -> None:
    found, lines = lines_of("ä\r\nb\nc".encode(), "utf-8")
    assert found == ["ä\r\n", "b\n", "c"]
    assert (lines.number, lines.bad_line, lines.ended) == (3, 0, True)


def test_an_undecodable_line_is_named_and_the_next_is_read() -> None:
    found, lines = lines_of(b"a\nM\xfcller\nb\n", "utf-8")
    assert found == ["a\n", f"M{REPLACED}ller\n", "b\n"]
    assert lines.bad_line == 2


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "utf-16-be"])
def test_every_unicode_form_is_read_and_its_mark_goes(encoding: str) -> None:
    data = "Ø付\r\n😀\n".encode(encoding)
    assert lines_of(data, encoding)[0] == ["Ø付\r\n", "😀\n"]


def test_a_bad_line_of_utf_16_is_named_too() -> None:
    data = "\ufeffa\nb".encode("utf-16-le") + b"\x00\xd8" + "\nc".encode("utf-16-le")
    found, lines = lines_of(data, "utf-16")
    assert len(found) == 3
    assert lines.bad_line == 2


def test_lines_that_end_in_a_return_alone_are_lines() -> None:
    assert lines_of(b"a\rb\rc", "utf-8")[0] == ["a\r", "b\r", "c"]


def test_an_endless_line_is_not_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textlines, "MAX_LINE_BYTES", 100)
    found, lines = lines_of(b"a\n" + b"x" * 1_000 + b"\nb\n", "utf-8")
    assert found == ["a\n", "\n", "b\n"]
    assert (lines.bad_line, lines.number) == (2, 3)


@given(st.binary(max_size=300), st.sampled_from(["utf-8", "cp1252", "utf-16", "gb18030", "ascii"]))
def test_any_bytes_become_lines_in_any_encoding(data: bytes, encoding: str) -> None:
    found, lines = lines_of(data, encoding)
    assert lines.number == len(found)
    sampled = TextLines(io.BytesIO(data), encoding)
    sampled.sample()
    assert list(sampled.texts()) == found


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_decodable_text_loses_nothing_but_a_mark_in_front(text: str) -> None:
    found, lines = lines_of(text.encode(), "utf-8")
    assert "".join(found) == text.removeprefix("\ufeff")
    assert lines.bad_line == 0


def test_the_sample_is_the_beginning_in_whole_lines() -> None:
    for encoding in ("utf-8", "utf-16"):
        lines = TextLines(io.BytesIO(("ä;b\n" * 50_000).encode(encoding)), encoding)
        sample = lines.sample()
        assert set(sample) == {"ä;b\n"}
        assert len(sample) < 50_000
        assert sum(1 for _ in lines.texts()) == 50_000


def test_which_encodings_keep_ascii() -> None:
    assert all(map(keeps_ascii, ["utf-8", "cp1252", "latin-1", "gb18030", "cp850"]))
    assert not any(map(keeps_ascii, ["utf-16", "utf-16-le", "utf-32", "utf-7", "iso2022_jp"]))
    assert not keeps_ascii("cp037")


GERMAN = "1;Müller Größe GmbH;Straße des 17. Juni;München\n2;Jörg Weiß;Äußere Ößtraße;Köln\n"


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        ("plain ASCII\n", "ascii", "utf-8"),
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8-sig", "utf-8"),
        (GERMAN, "utf-16", "utf-16"),
        (GERMAN, "utf-32", "utf-32"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        (GERMAN, "cp1252", "cp1252"),
        (GERMAN, "cp850", "cp850"),
        ("1;Max Müller;Bonn\n", "cp1252", "cp1252"),
        ("1;François Lefèvre;Orléans\n", "cp1252", "cp1252"),
        ("1;Иван Петров;Москва\n2;Дмитрий Щукин;Тверь\n", "cp1251", "cp1251"),
        ("1;Γιώργος Παπαδόπουλος;Αθήνα\n", "cp1253", "cp1253"),
    ],
)
def test_the_encoding_of_a_file_is_found(text: str, written: str, found: str) -> None:
    assert found_encoding(io.BytesIO(text.encode(written)), "49") == found


def test_in_doubt_the_country_decides() -> None:
    czech = "1;Jiří Novák;Plzeň\n2;Žofie Dvořáková;České Budějovice\n".encode("cp1250")
    assert found_encoding(io.BytesIO(czech), "420") == "cp1250"


def test_a_few_bad_bytes_do_not_make_utf_8_another_encoding() -> None:
    data = GERMAN.encode() * 3 + b"3;M\xfcller\n"
    assert found_encoding(io.BytesIO(data)) == "utf-8"


def test_an_umlaut_far_behind_a_plain_beginning_is_seen() -> None:
    data = b"plain;line\n" * 400_000 + "Müller;ß\n".encode("cp1252")
    assert found_encoding(io.BytesIO(data)) == "cp1252"


@given(st.binary(max_size=200))
def test_some_encoding_is_found_for_any_bytes(data: bytes) -> None:
    b"".decode(found_encoding(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("sample", "wanted", "separator"),
    [
        (["id;name\n", "1;Meier, Anna\n"], (), ";"),
        (["id,name\n", '1,"Meier; Anna"\n'], (), ","),
        (["id\tname\n", "1\tMeier, Anna\n"], (), "\t"),
        (["id|name\n", "1|Anna\n"], (), "|"),
        (["a,b;c,d\n", "1,2;3,4\n"], ("a,b", "c,d"), ";"),
        (["id\n", "1\n"], ("id",), ","),
        (["last, first\n", "Meier, Anna\n"], ("last, first",), ";"),
        ([], (), ","),
    ],
)
def test_the_separator_is_the_one_that_shows_the_columns(
    sample: list[str], wanted: tuple[str, ...], separator: str
) -> None:
    assert found_separator(sample, '"', wanted) == separator
