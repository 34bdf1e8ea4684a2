"""`ldap`, `ad`: people of an LDAP directory or an Active Directory, followed by change.

Law: reads only. `Complete` is earned: every search ended with result code 0, the last page came,
and deletions are told by the server or by a sweep of all ids. The module ldap3 comes in from
`connectors.registry`; how it behaves is the business of `connectors.ldapsession`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from typing_extensions import override

from connectors.cancelling import Cancelling
from connectors.errors import ConnectorError
from connectors.ldapchanges import (
    ENTRY_ID,
    IDS_AT_ONCE,
    Changes,
    Follower,
    How,
    MarkExpired,
    Scope,
    followers,
    id_filter,
)
from connectors.ldapsession import URLS_IN_WORDS, Found, LdapSession, Link, url_fault
from connectors.ldapvalues import (
    AD_KEY,
    AD_MAP,
    AD_PEOPLE,
    LDAP_KEY,
    LDAP_MAP,
    PEOPLE,
    texts_of,
)
from connectors.mapping import Mapping
from connectors.rules import compile_key
from connectors.settings import SecretRef, SettingFault, SourceSettings
from engine.source import (
    Bookmark,
    CheckReport,
    Complete,
    ContactSource,
    Delete,
    Event,
    Present,
    Record,
    RejectedRecord,
    SourceField,
    Upsert,
)

PRESENT_AT_ONCE = 2_000

DISCOVERED = 200

_DSEE_ID = "nsUniqueId"
"""What 389 Directory Server and its elder relatives know an entry by, with or without entryUUID."""

_OPERATIONAL = ("entryUUID", "nsUniqueId", "objectGUID", "modifyTimestamp", "whenChanged")


class DirectoryOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "ldap"` and `kind = "ad"`.

    Attributes:
        url: `ldaps://host`, or `ldap://host` with StartTLS; several are tried in their order.
        base: below which entry to look.
        bind: a DN, for Active Directory also a name such as reader@firm.example; "" = anonymous.
        password: of `bind`.
        filter: RFC 4515; "" = people (for Active Directory users that are not switched off, and
            contacts).
        ca: a PEM file of the authorities to trust; none = those of the system.
        server_name: the name in the server's certificate, where it is another than that of the URL.
        allow_plain: talk to `ldap://` without TLS.
        allow_link_local: ask link-local and metadata addresses too.
        follow: how to follow changes; "auto" = the best that the server offers.
        page_size: entries a page.
        timeout_s: longest wait for an answer.
        connect_timeout_s: longest wait for the server.
    """

    url: Annotated[str | tuple[str, ...], msgspec.Meta(description=URLS_IN_WORDS)]
    base: str
    bind: str = ""
    password: SecretRef | None = None
    filter: Annotated[str, msgspec.Meta(description='a filter in brackets, "" for people')] = ""
    ca: Path | None = None
    server_name: str = ""
    allow_plain: bool = False
    allow_link_local: bool = False
    follow: Literal["auto", "dirsync", "usn", "syncrepl", "modified", "none"] = "auto"
    page_size: Annotated[int, msgspec.Meta(ge=1, le=5_000)] = 500
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=3_600)] = 60
    connect_timeout_s: Annotated[int, msgspec.Meta(ge=1, le=600)] = 10

    def __post_init__(self) -> None:
        if not self.urls:
            raise SettingFault("url")
        for url in self.urls:
            fault = url_fault(url)
            if fault:
                raise SettingFault("url", fault)
        if self.bind and self.password is None:
            raise ValueError("bind needs password = { … }")
        if self.filter and not (self.filter.startswith("(") and self.filter.endswith(")")):
            raise SettingFault("filter")

    @property
    def urls(self) -> tuple[str, ...]:
        """The servers, in the order to try them."""
        return (self.url,) if isinstance(self.url, str) else self.url


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A bookmark: how the source is followed, what it holds, and where it goes on."""

    how: How
    scope: bytes
    mark: str


_decode_kept = msgspec.msgpack.Decoder(_Kept).decode


def complete_directory(settings: SourceSettings) -> SourceSettings:
    """Return the settings with what is usual for a directory where they say nothing."""
    if settings.kind == "ad":
        return settings.with_defaults(AD_KEY, AD_MAP)
    return settings.with_defaults(LDAP_KEY, LDAP_MAP)


class DirectorySource(ContactSource):
    """One subtree of a directory."""

    def __init__(self, settings: SourceSettings, ldap3: Any) -> None:
        """Keep the settings; `ldap3` is the module of that name."""
        assert isinstance(settings.options, DirectoryOptions)
        self._settings = settings
        self._options = settings.options
        self._ldap3 = ldap3
        self._is_ad = settings.kind == "ad"
        self._cancelling = Cancelling()
        self._ids_lack = False  # of an entry of the last full read
        self._doubled = False  # a key, in it

    @override
    def check(self) -> CheckReport:
        """Connect, bind, look for one entry, find out how changes can be followed."""
        warnings: list[str] = []
        try:
            scope = self._scope(Mapping(self._settings).columns)
            with self._connected() as session:
                page = next(session.pages(scope.base, scope.filter, scope.columns, 1))
                if not page:
                    warnings.append(
                        f"{session.url}: no entry below {scope.base!r} matches {scope.filter}, or"
                        " the bind name may not see any"
                    )
                follower = self._follower(session, scope)
                lost = page and not self._is_keyed(scope) and not self._shows_id(scope, page[0])
                if (follower is None or lost) and self._options.follow != "none":
                    warnings.append("changes cannot be followed: every run reads all entries")
                lacking = [
                    n for n in self._settings.key if page and n.lower() not in page[0].attributes
                ]
                if lacking:
                    warnings.append(
                        f"{session.url}: the first entry shows no {lacking[0]}: without a key an"
                        " entry is rejected; the bind name may lack the right to read it"
                    )
                if (
                    any(url.startswith("ldap:") for url in self._options.urls)
                    and self._options.allow_plain
                ):
                    warnings.append("allow_plain: name and password travel readable")
        except ConnectorError as error:
            return CheckReport(faults=(str(error),))
        return CheckReport(warnings=tuple(warnings))

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return the attributes that the first entries have, and those of the usual mapping."""
        names: dict[str, str] = {}
        scope = self._scope(())
        with self._connected() as session:
            asked = ["*", *_OPERATIONAL]
            for found in next(session.pages(scope.base, scope.filter, asked, DISCOVERED)):
                for name in found.names:
                    plain = name.partition(";")[0]
                    names.setdefault(plain.lower(), plain)
        ids = {"entryuuid", "nsuniqueid", "objectguid"}
        times = {"modifytimestamp", "whenchanged"}
        return tuple(
            SourceField(name, key=lower in ids, changed=lower in times)
            for lower, name in sorted(names.items())
        )

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first entries with all that may be seen of them."""
        mapping = Mapping(self._settings)
        scope = self._scope(mapping.columns)
        key_of = compile_key(self._settings.key)
        found: list[Upsert | RejectedRecord] = []
        with self._connected() as session:
            page = next(session.pages(scope.base, scope.filter, ["*", *scope.columns], rows))
            for entry in page[:rows]:
                wanted = {column.lower() for column in mapping.columns}
                others = {
                    name for name in entry.names if name.partition(";")[0].lower() not in wanted
                }
                record = _record(entry, (*mapping.columns, *sorted(others)), mapping.several)
                found.append(Upsert(key_of(record), record))
        return found

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream all entries, or what changed since `bookmark`.

        Raises:
            SourceFailed: no connection, an untrusted certificate, wrong bind, no rights, a limit of
                the server, a connection that breaks; one line without secrets.
            SecretUnavailable: the password cannot be read.
        """
        mapping = Mapping(self._settings)
        scope = self._scope(mapping.columns)
        with self._connected() as session:
            follower = self._follower(session, scope)
            kept = self._kept(bookmark, scope, follower)
            if follower is not None and kept is not None:
                try:
                    changes = follower.since(kept.mark)
                    keys = [] if self._is_keyed(scope) else self._each_once(session, scope)
                except MarkExpired:
                    pass
                else:
                    yield from self._increment(
                        session, scope, mapping, changes, follower, keys=keys
                    )
                    return
            mark = follower.mark() if follower is not None else ""
            self._ids_lack = self._doubled = False
            yield from self._all(session, scope, mapping, follower)
            if follower is not None and not self._ids_lack and not self._doubled:
                mark = follower.last_mark(mark)
                yield Complete(full=True, bookmark=self._bookmark(scope, follower.how, mark))
            else:
                yield Complete(full=True)

    @override
    def cancel(self) -> None:
        """Break the connection: whatever waits for the server ends."""
        self._cancelling.cancel()

    @override
    def share_read(self) -> float | None:
        """Return None: a directory does not tell how many entries will come."""
        return None

    def _all(
        self, session: LdapSession, scope: Scope, mapping: Mapping, follower: Follower | None
    ) -> Iterator[Event]:
        key_of = compile_key(self._settings.key)
        names = _names(scope, follower)
        # A change is told by that id: of an entry that does not show it none would ever be read.
        by_id = self._is_keyed(scope)
        met: set[str] = set()
        for page in session.pages(scope.base, scope.filter, names, scope.page_size):
            for found in page:
                if follower is not None:
                    follower.see(found.attributes)
                    self._ids_lack |= not by_id and not self._shows_id(scope, found)
                record = _record(found, mapping.columns, mapping.several)
                key = key_of(record)
                if follower is not None and not by_id and key:
                    self._doubled |= key in met
                    met.add(key)
                yield Upsert(key, record)

    def _increment(
        self,
        session: LdapSession,
        scope: Scope,
        mapping: Mapping,
        changes: Changes,
        follower: Follower,
        *,
        keys: Sequence[str],
    ) -> Iterator[Event]:
        """Read what changed anew, then tell what is gone or what is left.

        Args:
            session: the open one.
            scope: of the source.
            mapping: of the source.
            changes: what the server told.
            follower: by which way.
            keys: of all entries, where they are not the ids by which changes are told.
        """
        key_of = compile_key(self._settings.key)
        there: set[str] = set()
        id_name = scope.id_name.lower()
        for found in self._changed(session, scope, changes, follower):
            there.update(texts_of(id_name, found.attributes.get(id_name, ())))
            record = _record(found, mapping.columns, mapping.several)
            yield Upsert(key_of(record), record)
        bookmark = self._bookmark(scope, follower.how, follower.last_mark(changes.mark))
        if not self._is_keyed(scope):
            for start in range(0, len(keys), PRESENT_AT_ONCE):
                yield Present(tuple(keys[start : start + PRESENT_AT_ONCE]))
            yield Complete(full=True, bookmark=bookmark)
        elif changes.sweep:
            for page in self._keys(session, scope):
                yield Present(page)
            yield Complete(full=True, bookmark=bookmark)
        elif changes.present is not None:
            for start in range(0, len(changes.present), PRESENT_AT_ONCE):
                yield Present(tuple(changes.present[start : start + PRESENT_AT_ONCE]))
            yield Complete(full=True, bookmark=bookmark)
        else:
            # Both may be told of one that came back with its id; and what changed may have gone.
            gone = dict.fromkeys([*changes.gone, *changes.ids])
            yield from (Delete(one) for one in gone if one not in there)
            yield Complete(full=False, bookmark=bookmark)

    @staticmethod
    def _changed(
        session: LdapSession, scope: Scope, changes: Changes, follower: Follower
    ) -> Iterator[Found]:
        """Yield the entries that are new or changed, whole."""
        names = _names(scope, follower)
        ids = list(dict.fromkeys(changes.ids))
        for start in range(0, len(ids), IDS_AT_ONCE):
            chosen = id_filter(scope, ids[start : start + IDS_AT_ONCE])
            yield from session.search(scope.base, chosen, names)
        if changes.newer:
            for page in session.pages(scope.base, changes.newer, names, scope.page_size):
                for found in page:
                    follower.see(found.attributes)
                    yield found

    def _keys(self, session: LdapSession, scope: Scope) -> Iterator[tuple[str, ...]]:
        """Yield the keys of all entries, page by page; "" for an entry without."""
        names = self._settings.key
        key_of = compile_key(names)
        for page in session.pages(scope.base, scope.filter, names, scope.page_size):
            yield tuple([key_of(_record(found, names, frozenset())) for found in page])

    def _each_once(self, session: LdapSession, scope: Scope) -> list[str]:
        """Return the keys of all entries.

        Raises:
            MarkExpired: several entries have the same. A full read takes the first of them; which
                that is, and that another one is the first now, cannot be told from changes.
        """
        keys: list[str] = []
        met: set[str] = set()
        for page in self._keys(session, scope):
            keys += page
            filled = list(filter(None, page))
            before = len(met)
            met.update(filled)
            if len(met) < before + len(filled):
                raise MarkExpired
        return keys

    def _is_keyed(self, scope: Scope) -> bool:
        """Tell whether keys are the ids by which changes are told."""
        return [name.lower() for name in self._settings.key] == [scope.id_name.lower()]

    @staticmethod
    def _shows_id(scope: Scope, found: Found) -> bool:
        return bool(found.attributes.get(scope.id_name.lower()))

    def _follower(self, session: LdapSession, scope: Scope) -> Follower | None:
        """Return the best way to follow the server that the settings allow, None for none."""
        wanted = self._options.follow
        if wanted == "none":
            return None
        control = self._ldap3.protocol.microsoft.dir_sync_control
        ways = followers(session, scope, self._settings.kind, control)
        return next((way for way in ways if wanted in {"auto", way.how}), None)

    def _scope(self, columns: Sequence[str]) -> Scope:
        options = self._options
        usual = AD_PEOPLE if self._is_ad else PEOPLE
        own_id = "objectGUID" if self._is_ad else ENTRY_ID
        if not self._is_ad and [n.lower() for n in self._settings.key] == [_DSEE_ID.lower()]:
            own_id = _DSEE_ID
        return Scope(
            options.base,
            options.filter or usual,
            own_id,
            tuple(columns),
            options.page_size,
        )

    def _bookmark(self, scope: Scope, how: How, mark: str) -> Bookmark:
        if not mark:
            return b""
        return msgspec.msgpack.encode(_Kept(how, _scope_digest(scope), mark))

    @staticmethod
    def _kept(bookmark: Bookmark, scope: Scope, follower: Follower | None) -> _Kept | None:
        """Return what a bookmark holds; None where it is of another base, filter or way."""
        if not bookmark or follower is None:
            return None
        try:
            kept = _decode_kept(bookmark)
        except msgspec.DecodeError:
            return None
        fits = kept.scope == _scope_digest(scope) and kept.how == follower.how
        return kept if fits else None

    @contextmanager
    def _connected(self) -> Iterator[LdapSession]:
        options = self._options
        link = Link(
            options.urls,
            options.bind,
            options.password,
            options.ca,
            options.server_name,
            options.allow_plain,
            options.allow_link_local,
            options.connect_timeout_s,
            options.timeout_s,
        )
        session = LdapSession(self._ldap3, link)
        with self._cancelling.reaching(session), session:
            yield session


def _scope_digest(scope: Scope) -> bytes:
    return blake2b(f"{scope.base}\n{scope.filter}".encode(), digest_size=8).digest()


def _names(scope: Scope, follower: Follower | None) -> list[str]:
    """Return the attributes to ask for, each once."""
    extra = (*follower.extra, scope.id_name) if follower is not None else ()
    wanted = {name.lower() for name in scope.columns}
    return [*scope.columns, *(name for name in extra if name.lower() not in wanted)]


def _record(found: Found, columns: Sequence[str], several: frozenset[str]) -> Record:
    """Return the record of an entry; of what is not for several values, the first counts."""
    record: Record = {}
    for column in columns:
        name = column.lower()
        texts = texts_of(name, found.attributes.get(name, ()))
        record[column] = "\n".join(texts) if column in several else (texts or [""])[0]
    return record
