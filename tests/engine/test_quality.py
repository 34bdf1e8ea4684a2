"""What is reported of numbers, and what is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contact import Address, Contact, ContactId, PhoneLine
from engine.holders import Holders
from engine.phone import DialPlan, country_plan
from engine.phonefields import read_field
from engine.quality import KINDS, Finding, QualityCheck, suspicion_of
from engine.source import RejectedRecord

BERLIN = DialPlan(name="berlin", area_code="30")
OUTSIDE = DialPlan(name="outside", area_code="30", outside_line="0")


def lines(written: str, plan: DialPlan = BERLIN) -> list[PhoneLine]:
    return [
        PhoneLine("work", found.number, found.written, found.trunk)
        for found in read_field(written, plan).numbers
    ]


def suspicions(written: str, country: str = "", plan: DialPlan = BERLIN) -> list[tuple[str, str]]:
    found = [suspicion_of(line, country, plan) for line in lines(written, plan)]
    return [each[:2] for each in found if each is not None]


@pytest.fixture
def check() -> Iterator[QualityCheck]:
    holders = Holders()
    yield QualityCheck({"crm": BERLIN, "hr": BERLIN}, holders, 2)
    holders.close()


def of(findings: list[Finding], kind: str, source: str = "crm") -> Finding:
    (found,) = [each for each in findings if (each.kind, each.source) == (kind, source)]
    return found


@pytest.mark.parametrize(
    "written",
    [
        "+49 30 23125001", "0049 30 23125001", "030 23125-001", "23125001", "+43 1 5877000",
        "4930 23125001", "(0)30 23125001", "+49 (0)30 23125001", "030 23125-10, -12, Fax -19",
        "0171 3920012", "0800 3301000", "001 212 5550123", "+1 212 555 0123", "0043 1 5877000",
        "0030 29 7810211", "007 29 5187582", "0 30 / 23 12 50 01", "0 30-23125001",
    ],
)  # fmt: skip
def test_well_written_numbers_are_not_suspicious(written: str) -> None:
    assert lines(written)
    assert suspicions(written) == []


@pytest.mark.parametrize(
    ("written", "digit"),
    [
        ("0 0171 3920012", "0"), ("0-0171 3920012", "0"), ("(0) 030 23125001", "0"),
        ("9 030 23125001", "9"), ("001713920012", "0"),
    ],
)  # fmt: skip
def test_a_digit_before_a_whole_number_is_an_outside_line(written: str, digit: str) -> None:
    assert suspicions(written) == [("outside_line", digit)]


@pytest.mark.parametrize("written", ["0 0171 3920012", "0-0171 3920012", "0 +49 171 3920012"])
def test_the_outside_line_of_the_dial_plan_cures_it(written: str) -> None:
    assert suspicions(written, plan=OUTSIDE) == []
    assert [line.number.digits for line in lines(written, OUTSIDE)] == ["491713920012"]


@pytest.mark.parametrize(
    ("written", "country", "hint"),
    [
        ("01 5877000", "Österreich", "+43"), ("044 111 22 33", "CH", "+41"),
    ],
)  # fmt: skip
def test_a_number_of_another_country_without_its_code_is_reported(
    written: str, country: str, hint: str
) -> None:
    assert suspicions(written, country) == [("country_missing", hint)]


@pytest.mark.parametrize("country", ["", "Atlantis", "CH"])
def test_a_number_without_the_shape_of_the_plans_country_is_reported(country: str) -> None:
    assert suspicions("089 99998123", country, country_plan("41")) == [("country_missing", "")]


def test_the_dial_plan_of_its_country_cures_it() -> None:
    assert suspicions("01 5877000", "Österreich", country_plan("43")) == []


@pytest.mark.parametrize("written", ["+43 1 5877000", "0043 1 5877000", "030 23125001"])
def test_a_country_that_is_written_or_the_plans_own_is_none_missing(written: str) -> None:
    country = "DE" if written.startswith("030") else "AT"
    assert suspicions(written, country) == []


def test_rejected_fields_are_told_with_key_and_reason(check: QualityCheck) -> None:
    outside = "signs among the digits; perhaps an outside line that the dial plan does not have"
    check.refused(
        "crm",
        [
            RejectedRecord("line 2", "no digits", "phones.work", "7"),
            RejectedRecord("8", "no digits", "phones.mobile", "8"),
            RejectedRecord("9", "too long", "phones.work", "9"),
            RejectedRecord("9", "a service number has no subscriber", "phones.work", "9"),
            RejectedRecord("9", f"{outside} stands before a number", "phones.work", "9"),
            RejectedRecord("9", "no e-mail address", "emails", "9"),
            RejectedRecord("line 4", "no key"),
        ],
        complete=False,
    )
    findings = check.findings(None, 5)
    found = of(findings, "unreadable")
    assert (found.count, found.complete) == (3, False)
    assert found.hints == {"no digits": 2, "too long": 1}
    assert [(s.key, s.place, s.field, s.detail) for s in found.samples] == [
        ("7", "line 2", "phones.work", "no digits"),
        ("8", "", "phones.mobile", "no digits"),
    ]
    assert of(findings, "service_number").count == 1
    assert of(findings, "outside_line").count == 1
    assert of(findings, "unreadable", "hr") == Finding("unreadable", "hr")


def test_contacts_are_told_by_what_is_wrong_with_them(check: QualityCheck) -> None:
    def person(source: str, key: str, name: str, *written: str, country: str = "") -> Contact:
        phones = tuple(line for each in written for line in lines(each))
        address = Address(country=country)
        return Contact(ContactId(source, key), name, phones=phones, address=address)

    check.contacts(
        [
            person("crm", "1", "Anna Abel", "030 23125001", "030 23125500"),
            person("crm", "2", "Bert Berg", "030 23125500"),
            person("crm", "3", "Carl Cron", "030 23125500"),
            person("crm", "4", "Dora Dorn"),
            person("crm", "5", "Emil Ernst", "01 5877000", country="AT"),
            person("hr", "9", "Abel, Anna", "030 23125001"),
            person("gone", "1", "Nobody", "030 23125001"),
        ]
    )
    findings = check.findings(None, 2)
    assert of(findings, "without_number").samples[0].name == "Dora Dorn"
    missing = of(findings, "country_missing")
    assert (missing.count, missing.hints) == (1, {"+43": 1})
    assert missing.samples[0].number == "01 5877000"
    (shared,) = of(findings, "shared", "").samples
    assert (shared.number, shared.detail) == (
        "+493023125500", "3 people: crm:1, crm:2, crm:3",
    )  # fmt: skip
    (twin,) = of(findings, "duplicate", "").samples
    assert (twin.key, twin.detail) == ("1", "also hr:9")
    assert [each.kind for each in check.findings("hr", 2)] == list(KINDS)
    assert of(check.findings("hr", 2), "shared", "hr").count == 0
    assert of(check.findings("hr", 2), "duplicate", "hr").count == 1


@given(
    st.text(max_size=60) | st.text("0123456789 +()-/.,", max_size=30),
    st.sampled_from(["", "AT", "Schweiz", "?"]),
    st.sampled_from([BERLIN, OUTSIDE, country_plan("39"), country_plan("1")]),
)
def test_any_field_is_judged_without_an_error(written: str, country: str, plan: DialPlan) -> None:
    for line in lines(written, plan):
        suspicion_of(line, country, plan)
