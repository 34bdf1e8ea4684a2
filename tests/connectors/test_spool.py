from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.spool import Spool


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.text(max_size=9))))
def test_the_last_of_each_key_counts_in_the_order_of_their_coming(
    steps: list[tuple[str, str | None]],
) -> None:
    expected: dict[str, str] = {}
    with Spool() as spool:
        for key, text in steps:
            known = expected.pop(key, None)
            if text is None:
                assert spool.drop(key) == (known is not None)
            else:
                spool.put(key, {"text": text})
                expected[key] = text
        assert len(spool) == len(expected)
        found = [(key, record["text"]) for key, record in spool.pairs()]
    assert found == list(expected.items())
