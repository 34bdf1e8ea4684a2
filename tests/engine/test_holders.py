from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.holders import Holders, Shared, Twin


@pytest.fixture
def holders() -> Iterator[Holders]:
    made = Holders()
    yield made
    made.close()


def test_a_number_is_shared_by_people_that_are_told_apart_by_name(holders: Holders) -> None:
    holders.tell(
        [("4930", name, "crm", str(n)) for n, name in enumerate(["anna", "bert", "carl", "anna"])]
    )
    holders.tell([("4931", "anna", "crm", "9"), ("a@b.example", "anna", "crm", "9")])
    assert list(holders.shared(2, None, 2)) == [Shared("4930", 3, (("crm", "0"), ("crm", "1")))]
    assert list(holders.shared(3, None, 2)) == []
    assert len(list(holders.shared(1, None, 0))) == 1


def test_shared_numbers_of_one_source_are_those_it_holds_itself(holders: Holders) -> None:
    holders.tell([("4930", "anna", "crm", "1"), ("4930", "bert", "hr", "2")])
    assert [each.people for each in holders.shared(1, "crm", 9)] == [2]
    assert list(holders.shared(1, "other", 9)) == []


def test_a_person_in_several_sources_counts_once_whatever_the_records_have_in_common(
    holders: Holders,
) -> None:
    holders.tell(
        [
            (link, "anna", source, key)
            for source, key in (("crm", "1"), ("hr", "a"), ("hr", "b"))
            for link in ("4930", "4931", "a@b.example")
        ]
    )
    holders.tell([("4930", "bert", "hr", "c"), ("4932", "", "crm", "2"), ("4932", "", "hr", "d")])
    assert holders.twins(None, 5) == (1, [Twin((("crm", "1"), ("hr", "a")), "4930")])


def test_one_source_alone_has_no_twins(holders: Holders) -> None:
    holders.tell([("4930", "anna", "crm", "1"), ("4930", "anna", "crm", "2")])
    assert holders.twins(None, 5) == (0, [])
