from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.texts import MAX_EMAIL_CHARS, email_addresses, utc_time


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
