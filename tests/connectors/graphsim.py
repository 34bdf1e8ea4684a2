"""A simulator of Microsoft Graph, as far as it is documented for deltas of people.

It is no Microsoft product and no proof that the service behaves so. What it does as documented:
tokens for client credentials (assertions are verified), pages by `$skiptoken`, deltas by
`$deltatoken` with `@removed` and with changed properties only, repeated objects, 410 for a token
that is forgotten, 429 with Retry-After, at most four requests at once to a mailbox; groups of users
by `checkMemberGroups`, twenty in a question.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from tests.connectors.webpeer import Request, web_server

TENANT = "firm.onmicrosoft.example"
CLIENT_ID = "5c1f6b0e-app"
AT_ONCE = 4

Item = dict[str, Any]


class Collection:
    """Objects with a delta: each change has a number."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.log: list[tuple[str, frozenset[str] | None]] = []
        self.forgotten = 0

    def put(self, key: str, **properties: Any) -> None:
        old = self.items.get(key, {})
        new = {"id": key, **properties}
        if old != new:
            changed = frozenset(name for name in new if old.get(name) != new[name])
            cleared = frozenset(old) - frozenset(new)
            self.items[key] = new
            self.log.append((key, changed | cleared))

    def remove(self, key: str) -> None:
        del self.items[key]
        self.log.append((key, None))

    def changes(self, since: int, upto: int, *, partial: bool) -> list[Item]:
        """What changed in a range of the log: of each object what changed last."""
        touched: dict[str, frozenset[str] | None] = {}
        for key, names in self.log[since:upto]:
            before = touched.pop(key, frozenset())
            touched[key] = None if names is None else names | (before or frozenset())
        found = []
        for key, names in touched.items():
            item = self.items.get(key)
            if item is None or names is None:
                found.append({"id": key, "@removed": {"reason": "deleted"}})
            elif partial:
                found.append({"id": key} | {name: item.get(name) for name in names})
            else:
                found.append(item)
        return found


class GraphSimulator:
    """The state of a tenant, and what is wrong with it."""

    def __init__(self) -> None:
        self.secret = "s3cret"
        self.certificate: x509.Certificate | None = None
        self.collections: dict[str, Collection] = {}
        self.folders: dict[str, list[str]] = {}
        self.tokens: set[str] = set()
        self.page = 50
        self.throttled = 0
        self.status = 200
        self.cut = False
        self.url = ""
        self.most_at_once = 0  # requests to one mailbox
        self.lost = (410, "SyncStateNotFound")  # what is said to a token that is forgotten
        self.meeting: threading.Barrier | None = None  # deltas of so many mailboxes at once
        self.busy: dict[str, int] = {}  # mailbox: so many seconds, once
        self.closed: set[str] = set()  # mailboxes that nobody may read
        self.waiting: set[str] = set()  # mailboxes that answer once `released` is set
        self.released = threading.Event()
        self.members: dict[str, set[str]] = {}  # user: groups, transitively
        self.member_questions = 0
        self.answered: list[str] = []  # mailboxes whose deltas were, in this order
        self.mute = threading.Event()
        self.mute.set()
        self.meanwhile: dict[str, Callable[[], None]] = {}  # once, before this collection answers
        self._at_once: Counter[str] = Counter()
        self._lock = threading.Lock()

    def collection(self, name: str) -> Collection:
        return self.collections.setdefault(name, Collection())

    def handle(self, request: Request) -> None:
        self.mute.wait(30)
        parts = urlsplit(request.path)
        path = unquote(parts.path)
        if path == f"/{TENANT}/oauth2/v2.0/token":
            self._give_token(request)
            return
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            _error(request, 401, "InvalidAuthenticationToken", "Access token has expired.")
        elif self.status != 200:
            _error(request, self.status, "Authorization_RequestDenied", "Insufficient privileges.")
        elif self.throttled:
            self.throttled -= 1
            _error(request, 429, "TooManyRequests", "Slow down.", {"Retry-After": "0"})
        else:
            mailbox = path.split("/")[3] if path.startswith("/v1.0/users/") else ""
            with self._counted(mailbox):
                if not self._is_open(request, mailbox, path):
                    return
                self._answer(request, path.removeprefix("/v1.0/"), parse_qs(parts.query))

    def _is_open(self, request: Request, mailbox: str, path: str) -> bool:
        """Let a mailbox be slow, busy or closed."""
        if not path.endswith("/delta"):
            return True
        if mailbox in self.waiting:
            self.released.wait(30)
        if mailbox in self.closed:
            _error(request, 403, "ErrorAccessDenied", "Access is denied.")
            return False
        seconds = self.busy.pop(mailbox, None)
        if seconds is not None:
            after = {"Retry-After": str(seconds)}
            _error(request, 429, "ApplicationThrottled", "MailboxConcurrency", after)
            return False
        if self.meeting is not None:
            self.meeting.wait(20)
        self.answered.append(mailbox)
        return True

    @contextlib.contextmanager
    def _counted(self, mailbox: str) -> Iterator[None]:
        with self._lock:
            self._at_once[mailbox] += 1
            self.most_at_once = max(self.most_at_once, self._at_once[mailbox])
        try:
            yield
        finally:
            with self._lock:
                self._at_once[mailbox] -= 1

    def _give_token(self, request: Request) -> None:
        form = {name: texts[0] for name, texts in parse_qs(request.content.decode()).items()}
        assert form["scope"] == f"{self.url}/.default"
        if "client_assertion" in form:
            proved = self._verified(form["client_assertion"])
        else:
            proved = form.get("client_secret") == self.secret
        if not proved or form["client_id"] != CLIENT_ID:
            said = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid."}
            request.answer(401, json.dumps(said).encode())
            return
        token = f"token-{len(self.tokens)}"
        self.tokens.add(token)
        request.answer(200, json.dumps({"access_token": token, "expires_in": 3599}).encode())

    def _verified(self, assertion: str) -> bool:
        from tests.connectors.test_oauth import verify_assertion  # noqa: PLC0415 - a circle

        assert self.certificate is not None
        try:
            claims = verify_assertion(assertion, self.certificate)
        except (InvalidSignature, AssertionError):
            return False
        return (
            claims["iss"] == CLIENT_ID and claims["aud"] == f"{self.url}/{TENANT}/oauth2/v2.0/token"
        )

    def _answer(self, request: Request, path: str, query: dict[str, list[str]]) -> None:
        if request.command == "POST":
            self._check_member_groups(request, path)
            return
        path = path.removesuffix("()")  # a function of OData, with or without its brackets
        if path.endswith("/delta"):
            self._delta(request, path.removesuffix("/delta"), query)
        elif path.endswith(("/contactFolders", "/childFolders")):
            folders = self.folders.get(path, [])
            value = [
                {
                    "id": folder,
                    "childFolderCount": len(self.folders.get(self._below(path, folder), [])),
                }
                for folder in folders
            ]
            _json(request, {"value": value})
        else:
            name, _, key = path.rpartition("/")
            item = self.collections[name].items.get(key) if name in self.collections else None
            if item is None:
                _error(request, 404, "Request_ResourceNotFound", "It does not exist.")
            else:
                _json(request, item)

    def _check_member_groups(self, request: Request, path: str) -> None:
        self.member_questions += 1
        start, user, action = path.split("/")
        asked = json.loads(request.content)["groupIds"]
        assert (start, action) == ("users", "checkMemberGroups")
        if len(asked) > 20:
            _error(request, 400, "Request_BadRequest", "Too many elements are included.")
        elif user not in self.members:
            _error(request, 404, "Request_ResourceNotFound", f"Resource {user} does not exist.")
        else:
            held = [group for group in asked if group in self.members[user]]
            _json(request, {"@odata.context": "…#Collection(Edm.String)", "value": held})

    @staticmethod
    def _below(path: str, folder: str) -> str:
        start = path.partition("/contactFolders")[0]
        return f"{start}/contactFolders/{folder}/childFolders"

    def _delta(self, request: Request, name: str, query: dict[str, list[str]]) -> None:
        self.meanwhile.pop(name, lambda: None)()
        found = self.collection(name)
        skip, token = query.get("$skiptoken", [""])[0], query.get("$deltatoken", [""])[0]
        since, upto, offset = (
            map(int, skip.split(".")) if skip else (int(token or 0), len(found.log), 0)
        )
        if since < found.forgotten and (skip or token):
            _error(request, *self.lost, "The sync state generation is not found.")
            return
        if self.cut and offset:
            _error(request, 500, "UnknownError", "")
            return
        # Directory objects come with what changed only, those of a mailbox whole.
        items = found.changes(since, upto, partial=bool(since) and "/" not in name)
        if not since:
            items = [item for item in items if "@removed" not in item]
            items += items[:1]  # a repetition, as the documentation allows
        page: Item = {"value": items[offset : offset + self.page]}
        base = f"{self.url}/v1.0/{name}/delta?"
        if offset + self.page < len(items):
            page["@odata.nextLink"] = f"{base}$skiptoken={since}.{upto}.{offset + self.page}"
        else:
            page["@odata.deltaLink"] = f"{base}$deltatoken={upto}"
        _json(request, page)


def _json(request: Request, said: Item) -> None:
    request.answer(200, json.dumps(said).encode(), {"Content-Type": "application/json"})


def _error(
    request: Request, status: int, code: str, words: str, headers: dict[str, str] | None = None
) -> None:
    said = {"error": {"code": code, "message": words}}
    json_type = {"Content-Type": "application/json"}
    request.answer(status, json.dumps(said).encode(), json_type | (headers or {}))


@contextlib.contextmanager
def graph_simulator() -> Iterator[GraphSimulator]:
    """Serve an empty tenant for a `with` block."""
    simulator = GraphSimulator()
    with web_server(simulator.handle) as url:
        simulator.url = url
        try:
            yield simulator
        finally:
            simulator.mute.set()
            simulator.released.set()
