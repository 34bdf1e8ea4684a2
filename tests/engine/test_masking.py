"""A contact without its hidden fields."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.contact import Address
from engine.masking import masked
from engine.rights import HIDEABLE
from tests.engine.building import contact, line

WHOLE = contact(
    "1", "Anna Abel", line("498999998123"), line("491701234567", "mobile"), company="ACME",
    given_name="Anna", surname="Abel", title="Dr.", department="Sales", job="Clerk",
    address=Address("Weg 1", "89073", "Ulm", "DE"), emails=("a@b.example",), url="https://x.example",
    photo="p", birthday="2000-01-01", notes="n", custom={"1": "K1", "2": "L"},
)  # fmt: skip


def test_nothing_hidden_is_the_contact_itself() -> None:
    assert masked(WHOLE, frozenset()) is WHOLE


def test_each_hidden_field_is_empty_and_all_others_stay() -> None:
    shown = masked(WHOLE, frozenset({"phones.mobile", "city", "emails", "custom.2", "job"}))
    assert [each.kind for each in shown.phones] == ["work"]
    assert shown.address == Address("Weg 1", "89073", "", "DE")
    assert (shown.emails, shown.custom, shown.job) == ((), {"1": "K1"}, "")
    assert (shown.name, shown.company, shown.department) == ("Anna Abel", "ACME", "Sales")


@given(st.sets(st.sampled_from(sorted(HIDEABLE))))
def test_hiding_twice_is_hiding_once(hidden: set[str]) -> None:
    once = masked(WHOLE, frozenset(hidden))
    assert masked(once, frozenset(hidden)) == once


def test_everything_hidden_leaves_name_company_and_time_of_change() -> None:
    left = masked(WHOLE, HIDEABLE)
    assert left == contact("1", "Anna Abel", company="ACME", given_name="Anna", surname="Abel")
