"""Microsoft Graph, asked as one application: several things at once, each by somebody of its own.

Law: GET only. Who asks has one connection and waits for one answer at a time, so that what one has
to wait for (429 and Retry-After of a mailbox) holds up nobody else. Links of an answer are followed
to the server that gave it, never to another.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any, TypeVar

import msgspec

from connectors.cancelling import Cancelling
from connectors.errors import SourceFailed
from connectors.oauth import Client, Tokens
from connectors.web import Answer, WebLink, WebSession, same_origin

AT_ONCE = 4
"""A mailbox answers four requests at once: so many are safe whatever they ask for."""

PAGE = 200

_GONE, _NOT_FOUND, _UNAUTHORIZED = 410, 404, 401
_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


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
        answer = self._get(url)
        if answer.status == _UNAUTHORIZED:  # a token may be taken back before it ends
            self._tokens.forget()
            answer = self._get(url)
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
            found = msgspec.json.decode(answer.body, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise SourceFailed(f"{bare(url)}: the answer is no JSON object: {error}") from None
        return found

    def values(self, page: dict[str, Any], url: str) -> list[dict[str, Any]]:
        """Return the objects of a page."""
        items = page.get("value")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise SourceFailed(f"{bare(url)}: a page without a list of objects")
        return items

    def checked(self, url: str) -> str:
        """Return a link of an answer, if it leads to the server that gave it."""
        if not same_origin(url, self._endpoint):
            raise SourceFailed(f"{self._endpoint}: leads to another server: {bare(url)}")
        return url

    def _get(self, url: str) -> Answer:
        headers = {
            "Accept": "application/json",
            "Authorization": self._tokens.header(),
            "Prefer": f'odata.maxpagesize={PAGE}, IdType="ImmutableId"',
        }
        return self._web.request("GET", url, headers)


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


def _error(body: bytes) -> tuple[str, str]:
    """Return code and words of an error of Graph, on one line; "" for what it does not say."""
    try:
        said = msgspec.json.decode(body)["error"]
        return str(said["code"]), " ".join(str(said.get("message", "")).split())[:300]
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return "", ""


def bare(url: str) -> str:
    """Return a URL without its query, which may hold a delta token."""
    return url.partition("?")[0]
