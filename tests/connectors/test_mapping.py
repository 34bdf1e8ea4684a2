from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SourceFailed
from connectors.mapping import MAX_VALUES, Mapping
from connectors.rules import MAP_FIELDS, MAX_NOTES_CHARS, MAX_TEXT_CHARS
from connectors.settings import MapRule
from engine.contact import Address, Contact, ContactId, decode_contact, encode_contact
from engine.phone import DialPlan
from engine.source import RejectedRecord
from tests.connectors.making import settings


def mapped(
    rules: dict[str, MapRule], record: dict[str, str], **changes: Any
) -> tuple[Contact | None, list[RejectedRecord]]:
    return Mapping(settings(map=rules, **changes)).contact("7", record)


def test_every_contact_field_can_be_mapped() -> None:
    rules: dict[str, MapRule] = {field: field for field in MAP_FIELDS}
    record = {field: f"a {field}" for field in MAP_FIELDS}
    phones = ("work", "mobile", "home", "fax", "company", "other")
    for number, kind in enumerate(phones):
        record[f"phones.{kind}"] = f"+49 89 99998 10{number}"
    record |= {"emails": "a@firma.example", "changed": "2026-11-05T14:30:00Z"}
    contact, rejected = mapped(rules, record)
    assert rejected == []
    assert contact is not None
    assert contact.id == ContactId("crm", "7")
    assert contact.display_name == "a display_name"
    assert contact.address == Address("a street", "a postcode", "a city", "a country")
    assert [line.kind for line in contact.phones] == list(phones)
    assert [line.number.digits[-1] for line in contact.phones] == list("012345")
    assert contact.custom == {str(n): f"a custom.{n}" for n in range(1, 21)}
    assert contact.changed == "2026-11-05T14:30:00Z"
    for field in ("given_name", "surname", "title", "company", "department", "job"):
        assert getattr(contact, field) == f"a {field}"
    for field in ("url", "photo", "birthday", "notes", "link"):
        assert getattr(contact, field) == f"a {field}"


@pytest.mark.parametrize("raw", ["0.0.00", "0/0/00", "0000-00-00", "0000-00-00T00:00:00"])
def test_a_birthday_of_zeros_is_none(raw: str) -> None:
    contact, rejected = mapped({"display_name": "n", "birthday": "b"}, {"n": "Anna", "b": raw})
    assert contact is not None
    assert (contact.birthday, rejected) == ("", [])


@pytest.mark.parametrize("raw", ["3.2.1980", "--03-04", "1. April", "0000-01-00"])
def test_a_birthday_stands_as_it_was_written(raw: str) -> None:
    contact, _ = mapped({"display_name": "n", "birthday": "b"}, {"n": "Anna", "b": raw})
    assert contact is not None
    assert contact.birthday == raw


def test_a_number_is_read_under_the_dial_plan_and_kept_as_written() -> None:
    contact, _ = mapped({"phones.work": "p"}, {"p": " 99998 - 123 "})
    assert contact is not None
    (line,) = contact.phones
    assert (line.kind, line.number.digits, line.written) == ("work", "498999998123", "99998 - 123")


def test_a_field_may_hold_several_numbers_and_equal_ones_count_once() -> None:
    contact, rejected = mapped(
        {"phones.work": ("p", "q"), "phones.home": "q"},
        {"p": "089 99998-100; 089 99998-101", "q": "+49 89 99998100"},
    )
    assert contact is not None
    assert [(line.kind, line.number.digits) for line in contact.phones] == [
        ("work", "498999998100"),
        ("work", "498999998101"),
        ("home", "498999998100"),
    ]
    assert rejected == []


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("none", "no digits"),
        ("110", "service number"),
        ("4,98999998E+11", "spreadsheet"),
        ("4.98941e11", "spreadsheet"),
        ("12", "2 digits"),
        ("+49 89 CALL 99", "letters"),
        ("9" * 250, "too long"),
        ("089 " * 60, "200 characters"),
    ],
)
def test_what_is_no_number_is_rejected_by_field_and_the_contact_stays(raw: str, words: str) -> None:
    contact, rejected = mapped(
        {"display_name": "n", "phones.mobile": "p"}, {"n": "Anna", "p": raw}, plan=DialPlan()
    )
    assert contact is not None
    assert contact.phones == ()
    (record,) = rejected
    assert (record.locator, record.field) == ("7", "phones.mobile")
    assert words in record.reason
    assert raw not in record.reason


def test_a_bad_number_does_not_take_a_good_one_with_it() -> None:
    contact, rejected = mapped({"phones.work": "p"}, {"p": "089 99998 100, see notes"})
    assert contact is not None
    assert len(contact.phones) == len(rejected) == 1


def test_a_whole_number_that_a_table_wrote_as_a_float_is_read() -> None:
    contact, _ = mapped({"phones.work": "p"}, {"p": "498999998123.0"})
    assert contact is not None
    assert contact.phones[0].number.digits == "498999998123"


def test_the_trunk_that_a_hyphen_gives_away_is_kept() -> None:
    contact, _ = mapped({"phones.work": ("p", "q")}, {"p": "089 99998-123", "q": "089 99998 12"})
    assert contact is not None
    assert [line.trunk for line in contact.phones] == ["498999998", ""]


def test_a_number_that_its_field_calls_a_fax_is_one() -> None:
    contact, _ = mapped({"phones.work": "p"}, {"p": "089 99998-123, Fax 089 99998-99"})
    assert contact is not None
    assert [line.kind for line in contact.phones] == ["work", "fax"]


def test_more_numbers_or_addresses_than_any_contact_has_are_cut_and_reported() -> None:
    numbers = ["\n".join(f"+49 89 99998 {half}{n:02}" for n in range(33)) for half in (1, 2)]
    emails = ",".join(f"a{n}@firma.example" for n in range(MAX_VALUES + 1))
    contact, rejected = mapped(
        {"phones.work": ("p", "q"), "emails": "e"}, {"p": numbers[0], "q": numbers[1], "e": emails}
    )
    assert contact is not None
    assert len(contact.phones) == len(contact.emails) == MAX_VALUES
    assert [record.field for record in rejected] == ["phones", "emails"]


@pytest.mark.parametrize("count", [50, 3_000])
def test_of_very_many_values_of_a_column_the_first_numbers_are_kept(count: int) -> None:
    # a directory's entry of a hunt group; together they are longer than any field
    values = "\n".join(f"+49 (0)89 / 99998 - {number:04}" for number in range(count))
    contact, rejected = mapped({"phones.work": "p", "display_name": "n"}, {"p": values, "n": "A"})
    assert contact is not None
    assert [line.number.digits for line in contact.phones] == [
        f"498999998{number:04}" for number in range(min(count, MAX_VALUES))
    ]
    assert [found.reason for found in rejected] == (
        [] if count <= MAX_VALUES else [f"more than {MAX_VALUES} numbers"]
    )


def test_addresses_are_listed_once_whatever_their_case() -> None:
    contact, rejected = mapped(
        {"company": "c", "emails": ("e", "f")},
        {"c": "Firma", "e": "Anna@firma.example", "f": "anna@FIRMA.example, b@firma.example"},
    )
    assert contact is not None
    assert contact.emails == ("Anna@firma.example", "b@firma.example")
    assert rejected == []


def test_a_field_without_an_address_is_rejected_and_the_contact_stays() -> None:
    contact, rejected = mapped({"company": "c", "emails": "e"}, {"c": "Firma", "e": "ask Anna"})
    assert contact is not None
    assert rejected == [RejectedRecord("7", "no e-mail address", "emails")]


@pytest.mark.parametrize("field", ["display_name", "city", "custom.3"])
def test_a_text_that_is_too_long_is_cut_and_reported(field: str) -> None:
    contact, rejected = mapped(
        {"company": "c", field: "x"}, {"c": "Firma", "x": "a" * (MAX_TEXT_CHARS - 1) + " b"}
    )
    assert contact is not None
    assert rejected == [RejectedRecord("7", f"longer than {MAX_TEXT_CHARS} characters, cut", field)]
    found = [contact.display_name, contact.address.city, contact.custom.get("3", "")]
    assert max(found, key=len) == "a" * (MAX_TEXT_CHARS - 1)


def test_notes_may_be_longer() -> None:
    contact, rejected = mapped(
        {"company": "c", "notes": "n"}, {"c": "Firma", "n": "line\n" * MAX_NOTES_CHARS}
    )
    assert contact is not None
    assert len(contact.notes) == MAX_NOTES_CHARS
    assert [record.field for record in rejected] == ["notes"]


def test_an_address_of_the_web_is_dropped_rather_than_cut() -> None:
    contact, rejected = mapped({"company": "c", "url": "u"}, {"c": "Firma", "u": "x" * 3_000})
    assert contact is not None
    assert contact.url == ""
    assert rejected[0].field == "url"


def test_a_time_that_is_none_is_rejected_and_the_contact_stays() -> None:
    contact, rejected = mapped({"company": "c", "changed": "t"}, {"c": "Firma", "t": "yesterday"})
    assert contact is not None
    assert contact.changed == ""
    assert rejected[0].field == "changed"


@pytest.mark.parametrize("record", [{}, {"name": " \n", "phone": ""}, {"phone": "110"}])
def test_a_record_with_neither_name_nor_company_nor_number_is_rejected(
    record: dict[str, str],
) -> None:
    contact, rejected = mapped({"display_name": "name", "phones.work": "phone"}, record)
    assert contact is None
    assert rejected[-1].field == ""
    assert "neither a name" in rejected[-1].reason


@pytest.mark.parametrize("field", ["display_name", "given_name", "surname", "company"])
def test_any_name_is_enough(field: str) -> None:
    assert mapped({field: "x"}, {"x": "Ø"})[0] is not None


def test_the_locator_says_where_a_rejected_record_stands() -> None:
    contact, rejected = Mapping(settings()).contact("7", {}, "line 12")
    assert contact is None
    assert rejected[0].locator == "line 12"


def test_wrong_rules_fail_before_anything_is_read() -> None:
    with pytest.raises(SourceFailed, match="'nick'"):
        Mapping(settings(map={"nick": "a"}))


def test_the_columns_are_those_of_key_and_rules_each_once() -> None:
    mapping = Mapping(
        settings(key=("id", "site"), map={"display_name": "{first} {id}", "emails": ("e", "first")})
    )
    assert mapping.columns == ("id", "site", "first", "e")


@pytest.mark.parametrize(
    "changes",
    [
        {"map": {"display_name": "other"}},
        {"plan": DialPlan(country_code="43")},
        {"key": ("number",)},
    ],
)
def test_another_mapping_or_dial_plan_has_another_digest_key(changes: dict[str, Any]) -> None:
    assert Mapping(settings(**changes)).digest_key != Mapping(settings()).digest_key


def test_a_new_name_of_source_or_dial_plan_has_not() -> None:
    named = settings(name="other", plan=DialPlan(name="munich", area_code="89"))
    assert Mapping(named).digest_key == Mapping(settings()).digest_key


TEXTS = st.text(st.characters(), max_size=30)


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("name", "phone", "mail", "street", "when", "page", "x"), TEXTS)
    )
)
def test_no_record_whatever_its_texts_breaks_the_mapping(record: dict[str, str]) -> None:
    rules: dict[str, MapRule] = {
        "display_name": "{name} {x}",
        "phones.work": ("phone", "x"),
        "emails": "mail",
        "street": "street",
        "custom.1": ("x", "name"),
        "changed": "when",
        "url": "page",
        "notes": "x",
    }
    contact, rejected = mapped(rules, record)
    assert (contact is None) == any(not one.field for one in rejected)
    if contact is not None:
        assert decode_contact(encode_contact(contact)) == contact
        for text in (contact.display_name, contact.notes, *(p.written for p in contact.phones)):
            assert "\n" not in text
            assert "\u202e" not in text


def test_a_constant_alone_makes_no_contact() -> None:
    mapping = Mapping(settings(map={"company": "=Beispiel GmbH", "display_name": "name"}))
    contact, rejected = mapping.contact("1", {"name": ""})
    assert contact is None
    assert len(rejected) == 1
    contact, _ = mapping.contact("1", {"name": "Ada"})
    assert contact is not None
    assert contact.company == "Beispiel GmbH"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JavaScript :x", "file:///etc/passwd", "data:text/html,x"]
)
def test_what_a_browser_would_run_is_no_address(url: str) -> None:
    mapping = Mapping(settings(map={"display_name": "name", "url": "url", "photo": "url"}))
    contact, rejected = mapping.contact("1", {"name": "Ada", "url": url})
    assert contact is not None
    assert (contact.url, contact.photo) == ("", "")
    assert [fault.field for fault in rejected] == ["url", "photo"]


def test_a_photo_may_be_an_image_itself() -> None:
    mapping = Mapping(settings(map={"display_name": "name", "photo": "photo"}))
    image = "data:image/png;base64,iVBORw0KGgo="
    contact, rejected = mapping.contact("1", {"name": "Ada", "photo": image})
    assert contact is not None
    assert (contact.photo, rejected) == (image, [])
