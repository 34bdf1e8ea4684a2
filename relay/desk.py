"""Where signed-in users ask about people, whatever road they came by: HTTP, or the tunnel.

Law: every question is bounded: in rate, in number at a time, in time. Nothing is logged.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol

from engine.query import PeopleQuery, PersonHit
from relay.accounts import Asker
from relay.directory import Directory
from relay.errors import DirectoryUnavailable, NotFound
from relay.intime import in_time
from relay.limits import Flights, Rate
from relay.persons import (
    Answers,
    MeAnswer,
    PageAnswer,
    PersonAnswer,
    SearchQuestion,
    read_person_id,
)


class DeskSettings(Protocol):
    """What a desk needs to know; `RelaySettings` says what each means."""

    @property
    def chat_domains(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def customer_page(self) -> str: ...  # noqa: D102

    @property
    def custom_names(self) -> dict[str, str]: ...  # noqa: D102

    @property
    def max_hits(self) -> int: ...  # noqa: D102

    @property
    def user_rate(self) -> int: ...  # noqa: D102

    @property
    def tenant_rate(self) -> int: ...  # noqa: D102

    @property
    def max_in_flight(self) -> int: ...  # noqa: D102

    @property
    def deadline_s(self) -> int: ...  # noqa: D102


class Desk:
    """Answers with what the asker may see. Belongs to one event loop."""

    def __init__(self, directory: Directory, settings: DeskSettings) -> None:
        self._directory = directory
        self._settings = settings
        self._users = Rate(settings.user_rate)
        self._tenants = Rate(settings.tenant_rate)
        self._flights = Flights(settings.max_in_flight)
        self._names: Mapping[str, str] | None = None
        self._made = Answers({})

    async def search(self, asker: Asker, question: SearchQuestion) -> PageAnswer:
        """Find people and companies.

        Raises:
            StaleCursor: the cursor is damaged or belongs to another text.
            TooOften: it is one question too many.
            DirectoryUnavailable: there is no answer now, or not in time.
        """
        limit = min(question.limit, self._settings.max_hits)
        query = PeopleQuery(
            question.text,
            asker.principal,
            limit,
            question.cursor,
            fold=question.fold == "company",
        )
        with self._one_question(asker):
            page = await in_time(self._directory.people(query), self._settings.deadline_s)
        return self._answers().page(page)

    async def person(self, asker: Asker, text: str) -> PersonHit:
        """Return one person by the id that a search gave.

        Raises:
            NotFound: there is none, or not for the asker.
            TooOften: it is one question too many.
            DirectoryUnavailable: there is no answer now, or not in time.
        """
        identity = read_person_id(text)
        hit = None
        with self._one_question(asker):
            if identity is not None:
                answering = self._directory.person(identity, asker.principal)
                hit = await in_time(answering, self._settings.deadline_s)
        if hit is None:
            raise NotFound("no such contact for this user")
        return hit

    def card(self, hit: PersonHit) -> PersonAnswer:
        """Return all that is shown of a person."""
        return self._answers().person(hit)

    def me(self, asker: Asker) -> MeAnswer:
        """Return who asks, and what may be searched."""
        names = self._directory.source_names()
        visible = self._directory.visible(asker.principal)
        return MeAnswer(
            tenant=asker.tenant,
            user=asker.user,
            name=asker.name,
            sources=Answers(names).sources([each for each in names if each in visible]),
            customer_page=self._settings.customer_page,
            custom_names=self._settings.custom_names,
        )

    def _answers(self) -> Answers:
        names = self._directory.source_names()
        if names is not self._names:
            self._names, self._made = names, Answers(names, self._settings.chat_domains)
        return self._made

    def _one_question(self, asker: Asker) -> _OneQuestion:
        """Return what a question is asked within; raises `TooOften` for one too many."""
        key, now_s = f"{asker.tenant}/{asker.user}", time.monotonic()
        self._users.take(key, now_s)
        self._tenants.take(asker.tenant, now_s)
        return _OneQuestion(self._flights, key)


class _OneQuestion:
    """A question that is being answered, counted; one that takes too long has no answer.

    A class, since a generator with a decorator costs several times as much.
    """

    __slots__ = ("_flights", "_key")

    def __init__(self, flights: Flights, key: str) -> None:
        self._flights = flights
        self._key = key

    def __enter__(self) -> None:
        self._flights.begin(self._key)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._flights.end(self._key)
        if isinstance(error, TimeoutError):  # at the deadline, or of what the directory waited for
            raise DirectoryUnavailable("the directory did not answer in time") from None
