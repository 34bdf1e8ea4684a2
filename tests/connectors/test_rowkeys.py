from __future__ import annotations

from connectors.rowkeys import RowKeys


def test_equal_records_get_different_keys_in_their_order() -> None:
    keys = RowKeys()
    first, second, other = keys.key(["Anna", ""]), keys.key(["Anna ", ""]), keys.key(["", "Anna"])
    assert second == f"{first}-2"
    assert other not in {first, second}
    assert RowKeys().key(["Anna", ""]) == first


def test_a_key_quotes_nothing_and_takes_any_text() -> None:
    key = RowKeys().key(["Anna", "\ud800", "Ø付"])
    assert len(key) == 24
    assert int(key, 16) >= 0
