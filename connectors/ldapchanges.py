"""How a directory is followed by change: DirSync, uSNChanged, syncrepl, modifyTimestamp.

Law: a mark is taken from the server *before* what it stands for is read. A change is told as the
entry's own unique id; whoever follows reads that entry anew and whole, since an increment holds
only what changed. What a server no longer honours raises `MarkExpired` before anything is told.

Over 400 lines: four ways that answer one question stand side by side.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
import re
import time
from collections.abc import Sequence
from typing import Literal, Protocol
from uuid import UUID

import msgspec
from typing_extensions import override

from connectors import syncrepl
from connectors.ldapsession import Entry, LdapSession, SearchRefused
from connectors.ldapvalues import generalized_time, texts_of

ENTRY_ID = "entryUUID"
"""What syncrepl tells changes by."""

How = Literal["dirsync", "usn", "syncrepl", "modified", "none"]

DIRSYNC = "1.2.840.113556.1.4.841"

OVERLAP_S = 60
"""modifyTimestamp counts seconds, and an entry may become visible after a later one."""

FUTURE = dt.timedelta(days=1)
"""A time of change so far ahead is a mistake of the source: it must not hide all later changes."""

AD_UNITS = "(|(objectClass=organizationalUnit)(objectClass=container))"
"""What people stand in: who comes into the base with one that is moved did not change."""

IDS_AT_ONCE = 50
"""Entries that are asked for by one filter; servers cap a filter's length and its parts."""

CSN_MARKS = 3

UNWILLING = 53
"""What OpenLDAP says to a cookie of the future: it was restored from a backup."""

_ATTRIBUTE = re.compile(r"\(([A-Za-z][\w-]*)(?::[\w.:]*)?[~<>]?=")


class MarkExpired(Exception):
    """The server no longer knows what changed since the mark: read everything."""


class Changes(msgspec.Struct):
    """What changed since a mark.

    Attributes:
        ids: of entries that are new or changed, as texts of the id attribute.
        gone: of entries that are deleted or no longer match.
        present: of all that are unchanged, where the server tells of deletions by telling what is
            left; None where it does not.
        sweep: deletions are not told: the ids of all entries are to be read.
        mark: where the next increment goes on.
        newer: a filter that finds what is new or changed, where that is told by no `ids`. To ask
            for the same by its ids once more costs a server without an index of them a look at all
            entries for each few.
    """

    ids: list[str]
    gone: list[str]
    present: list[str] | None
    sweep: bool
    mark: str
    newer: str = ""


class Follower(Protocol):
    """One way to follow a server.

    Attributes:
        how: its name in a bookmark.
        extra: attributes that a full read has to ask for, to find the mark.
    """

    how: How
    extra: tuple[str, ...] = ()

    def mark(self) -> str:
        """Return the mark of this moment, "" where only what is read will tell."""

    def see(self, entry: Entry) -> None:
        """Look at an entry of a full read, or of what is newer."""

    def last_mark(self, mark: str) -> str:
        """Return what to keep behind a read that began with `mark`; "" = cannot follow."""
        return mark

    def since(self, mark: str) -> Changes:
        """Return what changed since a mark.

        Raises:
            MarkExpired: the server does not know.
            SourceFailed: it cannot be asked.
        """


class Scope(msgspec.Struct, frozen=True):
    """What is read: all below `base` that matches `filter`; `id_name` identifies an entry."""

    base: str
    filter: str
    id_name: str
    columns: tuple[str, ...]
    page_size: int


def followers(
    session: LdapSession, scope: Scope, kind: str, dirsync_control: object
) -> list[Follower]:
    """Return the ways in which this server can be followed, best first.

    Args:
        session: bound.
        scope: what is read.
        kind: "ad" or "ldap".
        dirsync_control: ldap3's function that makes the control.
    """
    root = session.root("supportedControl", "namingContexts", "defaultNamingContext",
                        "highestCommittedUSN", "dsServiceName")  # fmt: skip
    controls = {value.decode("ascii", "replace") for value in root.get("supportedcontrol", ())}
    if kind == "ad":
        found: list[Follower] = []
        context = _first(root, "defaultnamingcontext")
        if DIRSYNC in controls and context:
            found.append(_DirSync(session, scope, context, dirsync_control))
        if _first(root, "highestcommittedusn"):
            found.append(_Usn(session, scope, root))
        return found
    found = []
    if syncrepl.SYNC_REQUEST in controls and scope.id_name == ENTRY_ID:
        context, csns = _context_csns(session, scope.base, root)
        if csns:
            found.append(_SyncRepl(session, scope, context, csns))
    found.append(_Modified(scope))
    return found


def _first(root: Entry, name: str) -> str:
    return (texts_of(name, root.get(name, ())) or [""])[0]


def _context_csns(session: LdapSession, base: str, root: Entry) -> tuple[str, list[str]]:
    """Return the database that holds `base` and its change numbers, [] where they are not shown."""
    contexts = texts_of("namingcontexts", root.get("namingcontexts", ()))
    folded = _folded(base)
    for context in sorted(contexts, key=len, reverse=True):
        if folded == _folded(context) or folded.endswith("," + _folded(context)) or not context:
            entry = session.entry(context, ["contextCSN"]) or {}
            return context, texts_of("contextcsn", entry.get("contextcsn", ()))
    return "", []


def _folded(dn: str) -> str:
    return re.sub(r"\s*([,=])\s*", r"\1", dn.strip()).lower()


class _SyncRepl(Follower):
    """RFC 4533 in its refreshOnly mode, with the cookie of OpenLDAP's syncprov overlay."""

    how = "syncrepl"

    def __init__(
        self, session: LdapSession, scope: Scope, context: str, csns: Sequence[str]
    ) -> None:
        self._session = session
        self._scope = scope
        self._context = context
        self._csns = csns

    @override
    def mark(self) -> str:
        return "rid=000,csn=" + ";".join(self._csns)

    @override
    def see(self, entry: Entry) -> None:
        return

    @override
    def since(self, mark: str) -> Changes:
        scope, session = self._scope, self._session
        if _ahead(mark, self._csns):
            raise MarkExpired("the server was restored from a backup")
        if self._has_moved(mark):
            raise MarkExpired("a unit was moved or changed")
        request = (syncrepl.SYNC_REQUEST, True, syncrepl.encode_request(mark.encode()))
        try:
            found = session.search(scope.base, scope.filter, ["1.1"], controls=[request])
        except SearchRefused as refused:
            if refused.code in {syncrepl.REFRESH_REQUIRED, UNWILLING}:
                raise MarkExpired(str(refused)) from None
            raise
        changed: list[str] = []
        gone: list[str] = []
        present: list[str] = []
        for entry in found:
            state = syncrepl.decode_state(_raw(entry.controls.get(syncrepl.SYNC_STATE)))
            lists = {"delete": gone, "present": present}
            lists.get(state.state, changed).append(str(state.uuid))
        infos = [syncrepl.decode_info(value) for value in session.intermediate(syncrepl.SYNC_INFO)]
        for info in infos:
            gone += map(str, info.deleted)
            present += map(str, info.present)
        done = syncrepl.decode_done(_raw(session.result_control(syncrepl.SYNC_DONE)))
        tells_present = not done.deletes or any(info.ends_present for info in infos)
        return Changes(
            changed,
            gone,
            present if tells_present else None,
            sweep=False,
            mark=done.cookie.decode("utf-8", "replace") or mark,
        )

    def _has_moved(self, mark: str) -> bool:
        """Tell whether a unit was changed since a mark.

        Whoever stands in one that was moved into the base, or out of it, did not change.
        """
        scope, known = self._scope, _by_server(_csns_of(mark))
        if not known:
            return False
        units = f"(&(hasSubordinates=TRUE)(!{scope.filter})(entryCSN>={min(known.values())}))"
        for page in self._session.pages(self._context, units, ["entryCSN"], scope.page_size):
            for found in page:
                csns = _by_server(texts_of("entrycsn", found.attributes.get("entrycsn", ())))
                if any(csn > known.get(server, csn) for server, csn in csns.items()):
                    return True
        return False


def _csns_of(cookie: str) -> list[str]:
    return re.findall(r"[^=;,]+#[^;,]*", cookie)


def _by_server(csns: Sequence[str]) -> dict[str, str]:
    """Return change numbers by their servers; what is none is left out."""
    return {csn.split("#")[2]: csn for csn in csns if csn.count("#") == CSN_MARKS}


def _ahead(cookie: str, csns: Sequence[str]) -> bool:
    """Tell whether a cookie knows changes that the server does not: slapd then tells of none.

    A change number is `time#count#server#modification`; those of one server can be compared.
    """
    newest = _by_server(csns)
    return any(csn > newest.get(server, "") for server, csn in _by_server(_csns_of(cookie)).items())


def _raw(control: object) -> bytes:
    """Return the bytes of a control that ldap3 does not know."""
    value = control.get("value") if isinstance(control, dict) else control
    return bytes(value) if isinstance(value, bytes | bytearray) else b""


class _Modified(Follower):
    """modifyTimestamp, which every server keeps; deletions by a sweep of the ids.

    The mark is the newest time that was seen, less how long the reading took: an entry that changed
    behind its reading, while others were still being read, is older than what is seen of those.
    """

    how = "modified"
    extra = ("modifyTimestamp",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._newest: dt.datetime | None = None
        self._began = time.monotonic()

    @override
    def mark(self) -> str:
        self._began = time.monotonic()
        return ""

    @override
    def see(self, entry: Entry) -> None:
        for text in texts_of("modifytimestamp", entry.get("modifytimestamp", ())):
            moment = _moment(text)
            if moment is not None and (self._newest is None or moment > self._newest):
                self._newest = moment

    @override
    def last_mark(self, mark: str) -> str:
        return max(self._before_it_began(), mark)

    @override
    def since(self, mark: str) -> Changes:
        known = _moment(mark)
        if known is None:
            raise MarkExpired(mark)
        since = known - dt.timedelta(seconds=OVERLAP_S)
        scope = self._scope
        self._began = time.monotonic()
        # The server's own clock: what was newest is what it wrote then.
        newer = f"(&{scope.filter}(modifyTimestamp>={generalized_time(since.isoformat())}))"
        return Changes([], [], None, sweep=True, mark=mark, newer=newer)

    def _before_it_began(self) -> str:
        """Return a time that was over for the server when the reading began; "" for none."""
        if self._newest is None:
            return ""
        took = dt.timedelta(seconds=math.ceil(time.monotonic() - self._began))
        return (self._newest - took).isoformat()


def _moment(text: str) -> dt.datetime | None:
    """Return a time of change in UTC; None for what is none, or lies too far ahead."""
    try:
        moment = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment <= dt.datetime.now(dt.UTC) + FUTURE else None


class _Usn(Follower):
    """uSNChanged of one domain controller; deletions by a sweep, since a reader sees none."""

    how = "usn"

    def __init__(self, session: LdapSession, scope: Scope, root: Entry) -> None:
        self._session = session
        self._scope = scope
        self._server = _first(root, "dsservicename")
        self._highest = _first(root, "highestcommittedusn")

    @override
    def mark(self) -> str:
        return f"{self._highest} {self._server}"

    @override
    def see(self, entry: Entry) -> None:
        return

    @override
    def since(self, mark: str) -> Changes:
        number, _, server = mark.partition(" ")
        if server != self._server or not number.isdecimal() or int(number) > int(self._highest):
            raise MarkExpired("another domain controller, or one restored from a backup")
        scope = self._scope
        since = f"(uSNChanged>={int(number) + 1})"
        for page in self._session.pages(scope.base, f"(&{AD_UNITS}{since})", ["1.1"], 1):
            if page:
                raise MarkExpired("a unit was moved or changed")
            break
        newer = f"(&{scope.filter}{since})"
        return Changes([], [], None, sweep=True, mark=self.mark(), newer=newer)


class _DirSync(Follower):
    """The DirSync control with OBJECT_SECURITY, which needs no right of its own.

    Its base has to be the naming context; what lies outside of the scope falls out when the changed
    entries are read. A plain reader is told of no deletion: a sweep finds them.
    """

    how = "dirsync"

    def __init__(self, session: LdapSession, scope: Scope, context: str, control: object) -> None:
        assert callable(control)
        self._session = session
        self._scope = scope
        self._context = context
        self._control = control

    @override
    def mark(self) -> str:
        return self._run("")[1]

    @override
    def see(self, entry: Entry) -> None:
        return

    @override
    def since(self, mark: str) -> Changes:
        try:
            ids, cookie = self._run(mark)
        except (SearchRefused, ValueError) as refused:
            raise MarkExpired(str(refused)) from None
        scope = msgspec.structs.replace(self._scope, filter=AD_UNITS)
        for start in range(0, len(ids), IDS_AT_ONCE):
            chosen = id_filter(scope, ids[start : start + IDS_AT_ONCE])
            if self._session.search(scope.base, chosen, ["1.1"]):
                raise MarkExpired("a unit was moved or changed")
        return Changes(ids, [], None, sweep=True, mark=cookie)

    def _run(self, mark: str) -> tuple[list[str], str]:
        """Read one increment to its end: the ids of what changed, and the new cookie."""
        cookie = base64.b64decode(mark, validate=True)
        # A rename shows only where `name` is asked for, a switched-off account by its control.
        scope = self._scope
        names = [*scope.columns, *_ATTRIBUTE.findall(scope.filter), "name", "userAccountControl"]
        by_lower = {name.lower(): name for name in names}
        ids: dict[str, None] = {}
        while True:
            control = self._control(
                criticality=True,
                object_security=True,
                ancestors_first=False,
                public_data_only=False,
                incremental_values=False,
                max_length=2**31 - 1,
                cookie=cookie or None,
            )
            found = self._session.search(
                self._context,
                f"(|(objectClass=user)(objectClass=contact){AD_UNITS}{scope.filter})",
                list(by_lower.values()) if mark else ["objectGUID"],
                controls=[control],
            )
            for entry in found:
                ids.update(
                    dict.fromkeys(texts_of("objectguid", entry.attributes.get("objectguid", ())))
                )
            value = self._session.result_control(DIRSYNC) or {}
            cookie = bytes(value.get("cookie") or b"")
            if not value.get("more_results"):
                return list(ids), base64.b64encode(cookie).decode("ascii")


def id_filter(scope: Scope, ids: Sequence[str]) -> str:
    """Return the filter that finds the entries of these ids within the scope."""
    if scope.id_name.lower() == "objectguid":
        texts = ["".join(f"\\{byte:02x}" for byte in UUID(one).bytes_le) for one in ids]
    else:
        texts = [re.sub(r"[\\*()\0]", lambda found: f"\\{ord(found[0]):02x}", one) for one in ids]
    return f"(&{scope.filter}(|{''.join(f'({scope.id_name}={text})' for text in texts)}))"
