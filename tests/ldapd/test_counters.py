from __future__ import annotations

from ldapd.counters import Counters


def test_every_count_starts_at_nothing_and_is_reported_under_its_name() -> None:
    counters = Counters()
    assert set(counters.as_dict().values()) == {0}
    counters.lookups += 2
    assert counters.as_dict()["lookups"] == 2
    assert list(counters.as_dict()) == sorted(counters.as_dict())
