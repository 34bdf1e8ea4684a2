"""Which frame may come when: what is replayed, out of order or on another line ends the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.tunnel.bus import Question, Reply
from relay.tunnel.frames import Answer, Ask, BadFrame, Cancel, Publish, Refuse, SignIn
from relay.tunnel.line import MAX_GIVEN_UP, ConnectorEnd, RelayEnd

ASKED = Question(b"?", 1000)


def test_ids_rise_by_one_and_a_repetition_is_marked() -> None:
    end = RelayEnd(8)
    assert end.ask(ASKED) == Ask(1, 1000, b"?")
    assert end.ask(Question(b"!", 7, again=True)) == Ask(2, 7, b"!", again=True)
    assert end.in_flight == 2


def test_an_answer_goes_to_its_question_whatever_the_order() -> None:
    end = RelayEnd(8)
    for _ in range(3):
        end.ask(ASKED)
    assert end.take(Answer(3, b"c")) == (3, Reply(b"c"))
    assert end.take(Refuse(1, "replayed")) == (1, Reply(refusal="replayed"))
    assert end.take(Answer(2, b"b")) == (2, Reply(b"b"))
    assert end.in_flight == 0


def test_a_second_answer_to_a_question_is_refused() -> None:
    end = RelayEnd(8)
    end.ask(ASKED)
    end.take(Answer(1, b"a"))
    for frame in (Answer(1, b"a"), Answer(1, b"b"), Refuse(1, "fault")):
        with pytest.raises(BadFrame):
            end.take(frame)


@pytest.mark.parametrize(
    "frame",
    [
        Answer(2, b"x"),
        Refuse(7, "busy"),
        Publish(b"keys"),
        SignIn("11111111-1111-4111-8111-111111111111", "n", b"s" * 64, 1),
    ],
)
def test_what_answers_no_question_of_this_line_is_refused(
    frame: Answer | Refuse | Publish | SignIn,
) -> None:
    end = RelayEnd(8)
    end.ask(ASKED)
    with pytest.raises(BadFrame):
        end.take(frame)


def test_an_answer_that_crosses_its_cancel_is_dropped_once() -> None:
    end = RelayEnd(8)
    end.ask(ASKED)
    assert end.give_up(1) == Cancel(1)
    assert end.give_up(1) is None
    assert end.take(Answer(1, b"late")) is None
    with pytest.raises(BadFrame):
        end.take(Answer(1, b"late"))


def test_an_answered_question_cannot_be_given_up() -> None:
    end = RelayEnd(8)
    end.ask(ASKED)
    end.take(Answer(1, b"a"))
    assert end.give_up(1) is None


def test_a_line_is_full_at_its_window_and_given_up_questions_make_room() -> None:
    end = RelayEnd(2)
    end.ask(ASKED)
    end.ask(ASKED)
    assert end.is_full
    end.give_up(1)
    assert not end.is_full


def test_what_is_remembered_of_given_up_questions_is_bounded() -> None:
    end = RelayEnd(1)
    for number in range(1, MAX_GIVEN_UP + 100):
        end.ask(ASKED)
        end.give_up(number)
    assert len(end._given_up) == MAX_GIVEN_UP


def test_a_connector_takes_questions_in_their_order_only() -> None:
    end = ConnectorEnd(8)
    assert end.take(Ask(1, 1, b"?"))
    for replayed_or_lost in (1, 3, 0x7FFF):
        with pytest.raises(BadFrame):
            end.take(Ask(replayed_or_lost, 1, b"?"))
    assert end.take(Ask(2, 1, b"?"))


def test_a_connector_has_room_for_its_window() -> None:
    end = ConnectorEnd(1)
    assert end.take(Ask(1, 1, b"?"))
    assert not end.take(Ask(2, 1, b"?"))
    assert end.reply(2, Reply(b"x")) is None
    assert end.reply(1, Reply(b"x")) == Answer(1, b"x")
    assert end.take(Ask(3, 1, b"?"))
    assert end.reply(3, Reply(refusal="fault")) == Refuse(3, "fault")


def test_a_connector_forgets_a_question_given_up() -> None:
    end = ConnectorEnd(8)
    end.take(Ask(1, 1, b"?"))
    assert end.cancel(Cancel(1))
    assert not end.cancel(Cancel(1))
    assert end.reply(1, Reply(b"x")) is None
    with pytest.raises(BadFrame):
        end.cancel(Cancel(2))


@given(st.lists(st.sampled_from(["ask", "answer", "refuse", "give up", "cancel arrives"])))
def test_both_ends_agree_whatever_crosses(actions: list[str]) -> None:
    relay, connector = RelayEnd(4), ConnectorEnd(4)
    asks: list[Ask] = []
    cancels: list[Cancel] = []
    for action in actions:
        if action == "ask" and not relay.is_full:
            ask = relay.ask(ASKED)
            asks.append(ask)
            if not connector.take(ask):
                assert relay.take(Refuse(ask.id, "busy")) == (ask.id, Reply(refusal="busy"))
        elif action in ("answer", "refuse") and asks:
            reply = Reply(b"x") if action == "answer" else Reply(refusal="fault")
            frame = connector.reply(asks.pop(0).id, reply)
            if frame is not None:
                taken = relay.take(frame)
                assert taken is None or taken[1] == reply
        elif action == "give up" and asks:
            cancel = relay.give_up(asks[0].id)
            if cancel is not None:
                cancels.append(cancel)
        elif action == "cancel arrives" and cancels:
            connector.cancel(cancels.pop(0))
    assert relay.in_flight <= 4
    assert connector.in_flight <= 4
