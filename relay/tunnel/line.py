"""One line between a relay node and a connector: which frame may come when, at either end.

Law: pure: frames in, frames and values out; it knows no socket and no clock. Ids of questions rise
by one, so a frame that comes a second time, out of order, or on another line than its own is told
from a right one, and ends the line.
"""

from __future__ import annotations

from relay.tunnel.bus import Question, Reply
from relay.tunnel.frames import Answer, Ask, BadFrame, Cancel, Publish, Refuse, SignIn

MAX_GIVEN_UP = 4096
"""Questions given up whose answers may still come; more can only be a connector that answers
nothing, and the oldest are forgotten."""


class RelayEnd:
    """The relay's end of an open line: what was asked and not answered."""

    def __init__(self, window: int) -> None:
        """Take how many questions the connector answers at a time."""
        self.window = window
        self._last = 0
        self._open: set[int] = set()
        self._given_up: dict[int, None] = {}

    @property
    def in_flight(self) -> int:
        """How many questions wait for their answer."""
        return len(self._open)

    @property
    def is_full(self) -> bool:
        """Whether another question would be one more than the window."""
        return len(self._open) >= self.window

    def ask(self, question: Question) -> Ask:
        """Return the frame that asks; only where the line is not full."""
        assert not self.is_full
        self._last += 1
        self._open.add(self._last)
        return Ask(self._last, question.deadline_ms, question.sealed, question.again)

    def take_back(self, ask: Ask) -> None:
        """Forget the last question, whose frame was not sent: the next one gets its id."""
        assert ask.id == self._last
        self._open.discard(ask.id)
        self._last -= 1

    def give_up(self, identity: int) -> Cancel | None:
        """Return the frame that gives a question up; None: it was answered already."""
        if identity not in self._open:
            return None
        self._open.remove(identity)
        if len(self._given_up) >= MAX_GIVEN_UP:
            del self._given_up[next(iter(self._given_up))]
        self._given_up[identity] = None
        return Cancel(identity)

    def take(self, frame: Answer | Refuse | SignIn | Publish) -> tuple[int, Reply] | None:
        """Return which question a frame answers, and how; None: nobody waits for it any more.

        Raises:
            BadFrame: it answers what was never asked on this line, or was answered before; or a
                sign-in on a line that is open. `Publish` is not for here.
        """
        if isinstance(frame, SignIn | Publish):
            raise BadFrame("a frame that may not come now")
        if frame.id in self._given_up:
            del self._given_up[frame.id]
            return None
        if frame.id not in self._open:
            raise BadFrame("an answer to no question of this line")
        self._open.remove(frame.id)
        if isinstance(frame, Answer):
            return frame.id, Reply(frame.sealed)
        return frame.id, Reply(refusal=frame.reason)


class ConnectorEnd:
    """The connector's end of an open line: what was asked and not answered."""

    def __init__(self, window: int) -> None:
        """Take how many questions are answered at a time, as the sign-in said."""
        self._window = window
        self._last = 0
        self._open: set[int] = set()

    @property
    def in_flight(self) -> int:
        """How many questions wait for their answer."""
        return len(self._open)

    def take(self, ask: Ask) -> bool:
        """Take a question; False: there is no room, refuse it as busy.

        Raises:
            BadFrame: its id does not follow the last one: a frame was repeated, or lost.
        """
        if ask.id != self._last + 1:
            raise BadFrame("a question out of its order")
        self._last = ask.id
        if len(self._open) >= self._window:
            return False
        self._open.add(ask.id)
        return True

    def cancel(self, cancel: Cancel) -> bool:
        """Tell whether the question was open; the answer may have crossed the frame.

        Raises:
            BadFrame: it was never asked on this line.
        """
        if cancel.id > self._last:
            raise BadFrame("a question given up that was never asked")
        if cancel.id not in self._open:
            return False
        self._open.remove(cancel.id)
        return True

    def reply(self, identity: int, reply: Reply) -> Answer | Refuse | None:
        """Return the frame that answers a question; None: it was given up."""
        if identity not in self._open:
            return None
        self._open.remove(identity)
        if reply.refusal is not None:
            return Refuse(identity, reply.refusal)
        return Answer(identity, reply.sealed)
