from __future__ import annotations

import unicodedata
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.texts import MAX_EMAIL_CHARS, clean, email_addresses, utc_time


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("", ""),
        ("Meier", "Meier"),
        ("  Anna   Meier ", "Anna Meier"),
        ("Anna\r\nMeier\tGmbH", "Anna Meier GmbH"),
        ("Anna\x00\x07Meier", "Anna Meier"),
        ("Anna\u00a0Meier\u3000GmbH\u2028x", "Anna Meier GmbH x"),
        ("\u202eMeier\u202c \u2066x\u2069", "Meier x"),
        ("Mei\u200ber\u00ad\ufeff", "Meier"),
        ("\u3164", ""),
        ("Mu\u0308ller", "Müller"),
        ("Mei\ud800er", "Meier"),
        ("Jürgen Groß", "Jürgen Groß"),
        ("Øystein 付款 Łódź Жуков Ωμέγα علي 😀", "Øystein 付款 Łódź Жуков Ωμέγα علي 😀"),
    ],
)
def test_a_text_comes_out_on_one_line_with_nothing_hidden_in_it(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(st.characters(), max_size=60))
@example("e\u200d\u0301")
@example("\u1100\u200b\u1161")
def test_cleaning_is_idempotent_and_leaves_nothing_that_breaks_turns_or_hides(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    for character in cleaned:
        assert character == " " or unicodedata.category(character) not in {
            "Cc", "Cf", "Cs", "Zs", "Zl", "Zp",
        }  # fmt: skip


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_a_clean_ascii_text_stays_the_very_same(text: str) -> None:
    assert clean(text) is text


@pytest.mark.parametrize(
    ("field", "addresses"),
    [
        ("", []),
        ("anna@firma.example", ["anna@firma.example"]),
        ("mailto:anna@firma.example", ["anna@firma.example"]),
        ("SMTP:Anna@firma.example", ["Anna@firma.example"]),
        ('"Meier, Anna" <anna@firma.example>', ["anna@firma.example"]),
        ("a@x.example; b@x.example,c@x.example\nd@x.example", [f"{c}@x.example" for c in "abcd"]),
        ("jürgen@müller.example", ["jürgen@müller.example"]),
        ("anna at firma.example", []),
        ("a@b@c.example", []),
        ("@firma.example", []),
        ("anna@", []),
        ("x" * MAX_EMAIL_CHARS + "@firma.example", []),
    ],
)
def test_addresses_are_found_in_every_form_of_field(field: str, addresses: list[str]) -> None:
    assert email_addresses(field) == addresses


@given(st.text(max_size=80))
def test_a_found_address_has_one_at_sign_and_no_space(field: str) -> None:
    for address in email_addresses(field):
        assert address.count("@") == 1
        assert not any(character.isspace() for character in address)


@given(st.from_regex(r"[^@]{1,12}@[^@]{1,12}", fullmatch=True))
def test_an_address_alone_is_found_as_one_among_others_is(field: str) -> None:
    alone = email_addresses(field)
    assert email_addresses(f"{field}, x@y.example") == [*alone, "x@y.example"]


@given(st.datetimes(), st.sampled_from(["", "Z"]))
def test_a_time_in_utc_is_written_as_a_calendar_writes_it(moment: datetime, zone: str) -> None:
    moment = moment.replace(microsecond=0)
    assert utc_time(f"{moment.isoformat()}{zone}") == f"{moment:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-05T14:30:00+01:00", "2026-11-05T13:30:00Z"),
        ("2026-11-05 14:30:00", "2026-11-05T14:30:00Z"),
        ("2026-11-05T14:30:00.123456Z", "2026-11-05T14:30:00Z"),
        ("2026-11-05", "2026-11-05T00:00:00Z"),
    ],
)
def test_a_time_is_written_in_utc_to_the_second(text: str, utc: str) -> None:
    assert utc_time(text) == utc


@pytest.mark.parametrize(
    "text", ["", "yesterday", "05.11.2026", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+12:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        utc_time(text)
