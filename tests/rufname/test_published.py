from __future__ import annotations

from typing import get_args

import pytest

from rufname.published import CONTACTS_PER_GB, Kind, PublishedSize, c4b_per_contact, c4b_size


@pytest.mark.parametrize(
    ("users", "contacts", "size"),
    [
        (500, {"odbc": 30_000}, PublishedSize(2, 6.25, 9.0)),
        (1_000, {"crm": 100_000, "ad": 50_000}, PublishedSize(2, 8.5, 10.0)),
        (1_001, {"outlook": 45_000}, PublishedSize(3, 6.25, 9.0)),
        (5_000, {"odbc": 300_000}, PublishedSize(6, 8.5, 18.0)),
    ],
)
def test_the_published_size_is_their_arithmetic(
    users: int, contacts: dict[Kind, int], size: PublishedSize
) -> None:
    assert c4b_size(users, contacts) == size


def test_every_kind_of_source_has_a_published_size() -> None:
    assert set(CONTACTS_PER_GB) == set(get_args(Kind))
    assert c4b_per_contact("crm") == (2_500, 10_000)
