from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from rufname.load_questions import (
    DEFAULT_MIX,
    KINDS,
    BadMix,
    NothingToAsk,
    askable,
    draw,
    missing,
    parse_mix,
    sample_pools,
    store_pools,
)
from tests.rufname.place import Place


def test_the_shares_of_a_mix_add_up_to_one() -> None:
    mix = parse_mix(DEFAULT_MIX)
    assert list(mix) == list(KINDS)
    assert sum(mix.values()) == pytest.approx(1)
    assert parse_mix("known=3, unknown=1,extension=0") == {"known": 0.75, "unknown": 0.25}


@pytest.mark.parametrize("text", ["", "known=0", "known", "known=-1", "fax=1", "known=nan",
                                  "known=inf", "known=a"])  # fmt: skip
def test_a_mix_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadMix, match=r"for example|no share"):
        parse_mix(text)


def test_made_up_callers_are_drawn_by_their_shares_and_the_same_each_time() -> None:
    pools = sample_pools(2_000)
    mix = parse_mix("known=50,unknown=30,extension=15,anonymous=5")
    drawn = list(islice(draw(pools, mix, seed=3), 4_000))
    assert drawn == list(islice(draw(sample_pools(2_000), mix, seed=3), 4_000))
    counts = Counter(question.kind for question in drawn)
    for kind, share in mix.items():
        assert counts[kind] / len(drawn) == pytest.approx(share, abs=0.05)
    assert all(q.name for q in drawn if q.kind in {"known", "extension"})
    assert not any(q.name for q in drawn if q.kind in {"unknown", "anonymous"})
    assert all(len(q.number) == 3 for q in drawn if q.kind == "extension")


def test_numbers_nobody_has_keep_their_length() -> None:
    assert missing("+498999998123") == "+490999998123"


def test_own_callers_are_those_the_client_finds(synced: Place) -> None:
    pools = store_pools(synced.config, synced.config.client("sbc"))
    assert {(q.number, q.name) for q in pools["known"]} == {
        ("+493023125001", "Jürgen Groß"),
        ("+493023125002", "Ada Muster"),
        ("+493023125000", "Zentrale"),
    }
    assert {q.number for q in pools["extension"]} == {"001", "002", "000"}
    assert all(q.name == "" for q in pools["unknown"])


def test_an_empty_installation_has_nothing_to_ask(place: Place) -> None:
    with pytest.raises(NothingToAsk, match="sync -c"):
        store_pools(place.config, place.config.client("sbc"))


def test_a_kind_without_numbers_is_named() -> None:
    pools = sample_pools(1)
    pools["extension"] = ()
    with pytest.raises(NothingToAsk, match="extension"):
        next(draw(pools, parse_mix(DEFAULT_MIX)))


def test_kinds_without_numbers_are_left_out_of_a_mix() -> None:
    pools = sample_pools(1)
    pools["extension"] = ()
    mix, left_out = askable(parse_mix("known=30,unknown=30,extension=40"), pools)
    assert (mix, left_out) == ({"known": 0.5, "unknown": 0.5}, ["extension"])
    assert {next(draw(pools, mix)).kind for _ in range(9)} <= {"known", "unknown"}
