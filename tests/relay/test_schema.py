from __future__ import annotations

import msgspec
import pytest

from engine.phone import PhoneNumber
from engine.query import CallerMatch, Known
from relay.schema import CallerAnswer, HealthAnswer, Problem, caller_answer
from tests.engine.building import contact

ERIKA = contact("a:b/1", "Erika Müller", "498999998123")
MATCH = CallerMatch(
    name="Erika Müller",
    match_class=2,
    number=PhoneNumber("498999998123"),
    kind="work",
    id=ERIKA.id,
    read=Known(ERIKA),
    runners_up=3,
)


def test_a_match_is_sent_under_the_documented_names() -> None:
    assert msgspec.json.decode(msgspec.json.encode(caller_answer(MATCH))) == {
        "name": "Erika Müller",
        "class": 2,
        "number": "+498999998123",
        "id": "crm:a:b/1",
        "source": "crm",
        "runners_up": 3,
    }


def test_an_extension_apart_stands_behind_the_number() -> None:
    match = msgspec.structs.replace(MATCH, number=PhoneNumber("493023125003", "55"))
    assert caller_answer(match).number == "+493023125003;ext=55"


def test_an_answer_can_be_read_back() -> None:
    answer = caller_answer(MATCH)
    assert msgspec.json.decode(msgspec.json.encode(answer), type=CallerAnswer) == answer


@pytest.mark.parametrize("body", [b'{"class":6}', b'{"class":-1}', b'{"name":""}'])
def test_an_answer_outside_its_bounds_is_refused(body: bytes) -> None:
    whole = msgspec.json.decode(msgspec.json.encode(caller_answer(MATCH)))
    whole.update(msgspec.json.decode(body))
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(whole, CallerAnswer)


def test_what_is_empty_is_left_out() -> None:
    assert msgspec.json.encode(HealthAnswer("live")) == b'{"status":"live"}'
    assert b"detail" not in msgspec.json.encode(Problem("urn:x", "x", 404))
