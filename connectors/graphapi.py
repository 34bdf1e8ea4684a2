"""Microsoft Graph, asked as one application: several things at once, each by somebody of its own.

Law: it only reads. Who asks has one connection and waits for one answer at a time, so that what one
has to wait for (429 and Retry-After of a mailbox) holds up nobody else. Links of an answer are
followed to the server that gave it, never to another.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from connectors.cancelling import Cancelling
from connectors.errors import SourceFailed
from connectors.jsontexts import decode_json
from connectors.oauth import Client, Tokens
from connectors.web import Answer, WebLink, WebSession, same_origin

AT_ONCE = 4
"""A mailbox answers four requests at once: so many are safe whatever they ask for."""

PAGE = 200

_GONE, _NOT_FOUND, _UNAUTHORIZED = 410, 404, 401
_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


MAX_GROUPS = 20
"""So many groups may be asked about in one request."""


class GraphAccess(msgspec.Struct, frozen=True):
    """How one application reaches Graph: the tenant it is of, the address, the way, the client."""

    tenant: str
    endpoint: str
    link: WebLink
    client: Client


class DeltaExpired(Exception):
    """The server no longer knows what changed since a delta link: read everything."""


class Graph:
    """Asks Graph as one application."""

    def __init__(self, web: WebSession, tokens: Tokens, endpoint: str) -> None:
        self._web = web
        self._tokens = tokens
        self._endpoint = endpoint

    def json(self, url: str, *, delta: bool = False, lacks: bool = False) -> dict[str, Any]:
        """Return an answer; {} for what is not there, where it may lack.

        Raises:
            SourceFailed: any other status than 200, or no JSON object.
            DeltaExpired: a delta that the server no longer knows (410, 404; resyncRequired).
        """
        return self._read(self._signed(url), url, delta=delta, lacks=lacks)

    def _signed(self, url: str, body: bytes = b"") -> Answer:
        answer = self._ask(url, body)
        if answer.status == _UNAUTHORIZED:  # a token may be taken back before it ends
            self._tokens.forget()
            answer = self._ask(url, body)
        return answer

    @staticmethod
    def _read(
        answer: Answer, url: str, *, delta: bool = False, lacks: bool = False
    ) -> dict[str, Any]:
        if lacks and answer.status == _NOT_FOUND:
            return {}
        code, words = _error(answer.body) if not answer.ok else ("", "")
        if delta and (
            answer.status == _GONE
            or code.lower() in _EXPIRED
            or (answer.status == _NOT_FOUND and _TOKEN.search(url))
        ):
            raise DeltaExpired
        if not answer.ok:
            raise SourceFailed(f"{bare(url)}: HTTP {answer.status}: {code}: {words}".rstrip(": "))
        try:
            found = decode_json(answer.body)
        except ValueError as error:
            raise SourceFailed(f"{bare(url)}: the answer is no JSON object: {error}") from None
        if not isinstance(found, dict):
            raise SourceFailed(f"{bare(url)}: the answer is no JSON object")
        return found

    def member_of(self, user: str, groups: Sequence[str]) -> set[str]:
        """Return those of some groups that a user is in, directly or through others.

        Source: Microsoft Graph, "directoryObject: checkMemberGroups". Nobody is in a group if
        there is no such user.

        Raises:
            SourceFailed: as `json`.
        """
        url = f"{self._endpoint}/users/{quote(user, safe='')}/checkMemberGroups"
        held: set[str] = set()
        for start in range(0, len(groups), MAX_GROUPS):
            body = msgspec.json.encode({"groupIds": groups[start : start + MAX_GROUPS]})
            found = self._read(self._signed(url, body), url, lacks=True)
            if found:
                held.update(str(group) for group in _list(found, url))
        return held

    def values(self, page: dict[str, Any], url: str) -> list[dict[str, Any]]:
        """Return the objects of a page."""
        items = _list(page, url)
        if not all(isinstance(item, dict) for item in items):
            raise SourceFailed(f"{bare(url)}: a page without a list of objects")
        return items

    def checked(self, url: str) -> str:
        """Return a link of an answer, if it leads to the server that gave it."""
        if not same_origin(url, self._endpoint):
            raise SourceFailed(f"{self._endpoint}: leads to another server: {bare(url)}")
        return url

    def _ask(self, url: str, body: bytes) -> Answer:
        headers = {
            "Accept": "application/json",
            "Authorization": self._tokens.header(),
            "Prefer": f'odata.maxpagesize={PAGE}, IdType="ImmutableId"',
        }
        if body:
            headers["Content-Type"] = "application/json"
        return self._web.request("POST" if body else "GET", url, headers, body)


class Crew:
    """Those who ask at once."""

    def __init__(self, graphs: Sequence[Graph], cancelling: Cancelling) -> None:
        self._graphs = graphs
        self._cancelling = cancelling

    def each(self, do: Callable[[Graph, _Item], _Found], items: Sequence[_Item]) -> list[_Found]:
        """Do something for each of some items, side by side; return what came of it, in order.

        Raises:
            Exception: what the first that failed raised; all others were broken off.
        """
        waiting = iter(enumerate(items))
        turn = threading.Lock()
        found: dict[int, _Found] = {}
        failures: list[Exception] = []

        def work(graph: Graph) -> None:
            while not failures:
                with turn:
                    following = next(waiting, None)
                if following is None:
                    return
                place, item = following
                try:
                    found[place] = do(graph, item)
                except Exception as error:  # noqa: BLE001 - raised below, by the thread that asked for it
                    failures.append(error)
                    self._cancelling.cancel()

        threads = [
            threading.Thread(target=work, args=(graph,), name="source", daemon=True)
            for graph in self._graphs[: len(items)]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return [found[place] for place in range(len(items))]


@contextmanager
def crew_of(endpoint: str, link: WebLink, client: Client, cancelling: Cancelling) -> Iterator[Crew]:
    """Give a crew for a `with` block, whom a cancel reaches.

    Raises:
        Cancelled: the source was cancelled before.
    """
    with ExitStack() as stack:
        own = stack.enter_context(cancelling.reaching(Cancelling()))
        graphs = []
        for _ in range(AT_ONCE):
            web = stack.enter_context(closing(WebSession(link)))
            stack.enter_context(own.reaching(web))
            graphs.append(Graph(web, Tokens(web, client), endpoint))
        yield Crew(graphs, own)


_TOKEN = re.compile(r"token=", re.IGNORECASE)
_EXPIRED = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})


def _list(page: dict[str, Any], url: str) -> list[Any]:
    items = page.get("value")
    if not isinstance(items, list):
        raise SourceFailed(f"{bare(url)}: a page without a list")
    return items


def _error(body: bytes) -> tuple[str, str]:
    """Return code and words of an error of Graph, on one line; "" for what it does not say."""
    try:
        said = decode_json(body)["error"]
        return str(said["code"]), " ".join(str(said.get("message", "")).split())[:300]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""


def bare(url: str) -> str:
    """Return a URL without its query, which may hold a delta token."""
    return url.partition("?")[0]
