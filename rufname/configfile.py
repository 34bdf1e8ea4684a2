"""The configuration as it stands in the file: one Struct a table, bounds in the types.

Law: shapes only, nothing is looked up or opened here. `docs/configuration.md` describes every
field below and a test compares the two; `rufname.config` makes settings of them.
A default of None means that the setting is absent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from connectors.settings import SecretRef
from engine.client import Profile
from engine.phone import MAX_RAW_CHARS, NumberFormat
from engine.query import EVERY_CLASS, MAX_HITS
from ldapd.settings import DEFAULT_BASE, LdapLimits, Profiles
from relay.settings import RelaySettings
from relay.tunnel.settings import FROM_ENVIRONMENT
from rufname import notation

Name = Annotated[
    str,
    Meta(
        pattern=r"^(?!_)\w[\w .,&+()/@'-]{0,63}(?<! )\Z",
        description="a name of 1 to 64 letters, digits, spaces and . , & + ( ) / @ ' - _",
    ),
]
Line = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z",
        description="a text of 1 to 256 characters, on one line",
    ),
]
Column = Annotated[str, Meta(min_length=1, max_length=256)]
"""Without a pattern: msgspec 0.22 corrupts memory over a union of a text with a pattern and a list
(the nodes of such a type overlap); a test keeps that union out of every table."""

Digits = Annotated[
    str, Meta(pattern=r"^[0-9]{0,8}\Z", description='a text of up to 8 digits, "" for none')
]  # fmt: skip
CountryCode = Annotated[
    str,
    Meta(
        pattern=r"^[1-9][0-9]{0,2}\Z",
        description='a text of 1 to 3 digits such as "49", without + or 00',
    ),
]
Region = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z]{2}\Z",
        description='a country as ISO 3166 writes it, such as "DE", "AT", "US"',
    ),
]
ExtensionDigits = Annotated[int, Meta(ge=0, le=8)]
MatchClass = Annotated[int, Meta(ge=min(EVERY_CLASS), le=max(EVERY_CLASS))]
Lines = Annotated[
    tuple[Line, ...], Meta(description="a list of texts of 1 to 256 characters")
]  # fmt: skip
Tenant = Annotated[
    str,
    Meta(
        pattern=r"^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})?\Z",
        description='the tenant id of Entra (a GUID), "" for none',
    ),
]

Guid = Annotated[
    str,
    Meta(
        pattern=r"^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})?\Z",
        description='an id of Entra (a GUID), "" for none',
    ),
]
RequiredGuid = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z",
        description="an id of Entra (a GUID)",
    ),
]
Guids = Annotated[tuple[Guid, ...], Meta(description="a list of ids of Entra (GUIDs)")]

TimesOfDay = Annotated[
    tuple[str, ...], Meta(description=f"a list, each {notation.TIME_OF_DAY}")
]  # fmt: skip
Weekdays = Annotated[tuple[str, ...], Meta(description=f"a list, each {notation.WEEKDAYS}")]

_LDAP = LdapLimits()
_PROFILES = Profiles()
_RELAY = RelaySettings(host="", port=0)


class DirectoryTable(msgspec.Struct, frozen=True):
    """`[directory]`."""

    data_dir: Path = Path("var")
    region: Region = "DE"
    rebuild_at: TimesOfDay = ("03:30",)
    rebuild_on: Weekdays = ("sun",)
    custom_names: Annotated[
        dict[str, Any], Meta(description="a table of custom field = what people call it")
    ] = {}


class DialPlanTable(msgspec.Struct, frozen=True):
    """`[dialplan.NAME]`; prefixes default to those of the country."""

    country_code: CountryCode | None = None
    area_code: Digits = ""
    national_prefix: Digits | None = None
    international_prefix: Digits | None = None
    outside_line: Digits = ""
    trunks: Lines = ()
    extension_length: Annotated[
        tuple[ExtensionDigits, ExtensionDigits],
        Meta(description="[LEAST, MOST], each from 1 to 8, or [0, 0] for no extensions"),
    ] = (0, 0)
    ranges: Annotated[
        tuple[str, ...], Meta(description=f"a list, each {notation.EXTENSION_RANGE}")
    ] = ()


class SourceTable(msgspec.Struct, frozen=True):
    """What every `[[source]]` has; the options of its kind stand beside it in the same table."""

    name: Name
    kind: Line
    key: Annotated[
        Column | Annotated[tuple[Column, ...], Meta(min_length=1)],
        Meta(description="a column, or a list of at least one"),
    ] = ()
    map: Annotated[dict[str, Any], Meta(description="a table of contact field = rule")] = {}
    id: Name | None = None
    priority: Annotated[int, Meta(ge=1, le=999)] = 500
    dialplan: Name | None = None
    every: Annotated[str, Meta(description=notation.DURATION)] | None = None
    at: TimesOfDay = ()
    on: Weekdays = ()
    window: Annotated[str, Meta(description=notation.WINDOW)] = ""
    visible_to: Lines = ("*",)
    owner: Annotated[str, Meta(max_length=256, description='a user\'s name, "" for none')] = ""
    field_visible_to: Annotated[
        dict[str, Any],
        Meta(description="a table of contact field = list of names"),
    ] = {}
    searchable: Annotated[
        tuple[str, ...] | None, Meta(description="a list of custom.1 to custom.20")
    ] = None
    max_drop: Annotated[str | int, Meta(description=notation.SHARE)] = "20%"
    full_every: Annotated[str, Meta(description=notation.DURATION)] = "7d"


class ClientTable(msgspec.Struct, frozen=True):
    """`[[client]]`."""

    name: Name
    bind: Annotated[
        str,
        Meta(
            max_length=1024,
            pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z",
            description="a text of at most 1024 characters, on one line",
        ),
    ] = ""
    bind_aliases: Lines = ()
    certificates: Lines = ()
    password: SecretRef | None = None
    networks: Annotated[tuple[str, ...], Meta(description=f"a list, each {notation.NETWORK}")] = ()
    profile: Profile = "sbc"
    dialplan: Name | None = None
    number_format: NumberFormat = "e164"
    sources: Annotated[
        tuple[str, ...], Meta(description='a list of names of sources, ["*"] = all')
    ] = ("*",)
    mail_domain: Annotated[
        str,
        Meta(
            max_length=253,
            pattern=r"^(?:[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*)?\Z",
            description='a domain such as "no-mail.invalid", or empty',
        ),
    ] = ""
    classes: Annotated[tuple[MatchClass, ...], Meta(min_length=1)] = tuple(sorted(EVERY_CLASS))


class TlsTable(msgspec.Struct, frozen=True):
    """`[ldap.tls]`: PEM files."""

    certificate: Path
    key: Path
    ca: Path | None = None


class LdapLimitsTable(msgspec.Struct, frozen=True):
    """`[ldap.limits]`: the fields of `LdapLimits`, with the bounds an administrator may choose."""

    max_message_bytes_unbound: Annotated[int, Meta(ge=1024, le=1_048_576)] = (
        _LDAP.max_message_bytes_unbound
    )
    max_message_bytes_bound: Annotated[int, Meta(ge=1024, le=4_194_304)] = (
        _LDAP.max_message_bytes_bound
    )
    max_filter_depth: Annotated[int, Meta(ge=1, le=64)] = _LDAP.max_filter_depth
    max_filter_leaves: Annotated[int, Meta(ge=1, le=1024)] = _LDAP.max_filter_leaves
    max_controls: Annotated[int, Meta(ge=0, le=100)] = _LDAP.max_controls
    max_attributes: Annotated[int, Meta(ge=1, le=1000)] = _LDAP.max_attributes
    max_pending: Annotated[int, Meta(ge=1, le=10_000)] = _LDAP.max_pending
    max_wait_ms: Annotated[int, Meta(ge=10, le=60_000)] = _LDAP.max_wait_ms
    bind_time_s: Annotated[int, Meta(ge=1, le=3600)] = _LDAP.bind_time_s
    idle_time_s: Annotated[int, Meta(ge=0, le=604_800)] = _LDAP.idle_time_s
    blocked_write_s: Annotated[int, Meta(ge=1, le=300)] = _LDAP.blocked_write_s
    max_connections: Annotated[int, Meta(ge=1, le=65_536)] = _LDAP.max_connections
    max_unbound: Annotated[int, Meta(ge=1, le=65_536)] = _LDAP.max_unbound
    max_per_address: Annotated[int, Meta(ge=1, le=65_536)] = _LDAP.max_per_address
    max_per_client: Annotated[int, Meta(ge=1, le=65_536)] = _LDAP.max_per_client
    bind_failures: Annotated[int, Meta(ge=0, le=1000)] = _LDAP.bind_failures
    bind_failure_time_s: Annotated[int, Meta(ge=1, le=86_400)] = _LDAP.bind_failure_time_s
    alarm_misses_per_day: Annotated[int, Meta(ge=0, le=1_000_000)] = _LDAP.alarm_misses_per_day


_Entries = Annotated[int, Meta(ge=0, le=1_000_000)]
_Examined = Annotated[int, Meta(ge=1, le=1_000_000)]
_SearchTime = Annotated[int, Meta(ge=10, le=600_000)]


class ProfileTable(msgspec.Struct, frozen=True):
    """`[ldap.profiles.phone]` and `[ldap.profiles.addressbook]`."""

    max_entries: _Entries = _PROFILES.phone.max_entries
    max_examined: _Examined = _PROFILES.phone.max_examined
    search_time_ms: _SearchTime = _PROFILES.phone.search_time_ms


class BulkTable(msgspec.Struct, frozen=True):
    """`[ldap.profiles.bulk]`."""

    max_entries: _Entries = _PROFILES.bulk.max_entries
    max_examined: _Examined = _PROFILES.bulk.max_examined
    search_time_ms: _SearchTime = _PROFILES.bulk.search_time_ms


class ProfilesTable(msgspec.Struct, frozen=True):
    """`[ldap.profiles]`."""

    phone: ProfileTable = ProfileTable()
    addressbook: ProfileTable = ProfileTable()
    bulk: BulkTable = BulkTable()


class LdapTable(msgspec.Struct, frozen=True):
    """`[ldap]`."""

    listen: Annotated[
        tuple[str, ...],
        Meta(min_length=1, description=f"a list of at least one, each {notation.LDAP_ADDRESS}"),
    ]
    base: Line = DEFAULT_BASE
    aliases: Lines = ()
    workers: Annotated[int, Meta(ge=0, le=256)] = 0
    allow_plain: bool = False
    tls: TlsTable | None = None
    ldap_v2: bool = False
    log_searches: bool = False
    limits: LdapLimitsTable = LdapLimitsTable()
    profiles: ProfilesTable = ProfilesTable()


class UserTable(msgspec.Struct, frozen=True):
    """`[[user]]`."""

    name: Name
    password: SecretRef | None = None
    entra: Guid = ""
    groups: Annotated[tuple[str, ...], Meta(description="a list of names of groups")] = ()
    sources: Annotated[
        tuple[str, ...], Meta(description='a list of names of sources, ["*"] = all')
    ] = ("*",)


class GroupTable(msgspec.Struct, frozen=True):
    """`[[group]]`."""

    name: Name
    entra: Guid = ""


class RelayLimitsTable(msgspec.Struct, frozen=True):
    """`[relay.limits]`."""

    max_body_bytes: Annotated[int, Meta(ge=1024, le=1_048_576)] = _RELAY.max_body_bytes
    max_number_chars: Annotated[int, Meta(ge=20, le=MAX_RAW_CHARS)] = _RELAY.max_number_chars
    max_hits: Annotated[int, Meta(ge=1, le=MAX_HITS)] = _RELAY.max_hits
    user_rate: Annotated[int, Meta(ge=0, le=100_000)] = _RELAY.user_rate
    tenant_rate: Annotated[int, Meta(ge=0, le=1_000_000)] = _RELAY.tenant_rate
    max_in_flight: Annotated[int, Meta(ge=1, le=1000)] = _RELAY.max_in_flight
    deadline_s: Annotated[int, Meta(ge=1, le=60)] = _RELAY.deadline_s


class RelayTable(msgspec.Struct, frozen=True):
    """`[relay]`."""

    listen: Annotated[str, Meta(description=notation.HTTP_ADDRESS)]
    tenant: Tenant = ""
    client_id: Guid = ""
    authority: Annotated[str, Meta(description=notation.AUTHORITY)] = _RELAY.authority
    apps: Guids = ()
    dev_user: str = ""
    chat_domains: Annotated[
        tuple[str, ...], Meta(description=f"a list, each {notation.DOMAIN}")
    ] = ()
    customer_page: Annotated[str, Meta(description=notation.PAGE_ADDRESS)] = ""
    allow_plain: bool = False
    limits: RelayLimitsTable = RelayLimitsTable()


class TunnelLimitsTable(msgspec.Struct, frozen=True):
    """`[tunnel.limits]`: those of `[relay.limits]` that hold for questions over the tunnel."""

    max_hits: Annotated[int, Meta(ge=1, le=MAX_HITS)] = _RELAY.max_hits
    user_rate: Annotated[int, Meta(ge=0, le=100_000)] = _RELAY.user_rate
    tenant_rate: Annotated[int, Meta(ge=0, le=1_000_000)] = _RELAY.tenant_rate
    max_in_flight: Annotated[int, Meta(ge=1, le=1000)] = _RELAY.max_in_flight
    deadline_s: Annotated[int, Meta(ge=1, le=60)] = _RELAY.deadline_s


class TunnelTable(msgspec.Struct, frozen=True):
    """`[tunnel]`."""

    client_id: RequiredGuid
    authority: Annotated[str, Meta(description=notation.AUTHORITY)] = _RELAY.authority
    apps: Guids = ()
    nodes: Annotated[tuple[str, ...], Meta(description=f"a list, each {notation.AUTHORITY}")] = ()
    proxy: Annotated[str, Meta(description=notation.PROXY)] = FROM_ENVIRONMENT
    proxy_login: SecretRef | None = None
    ca: Path | None = None
    lines: Annotated[int, Meta(ge=1, le=8)] = 2
    window: Annotated[int, Meta(ge=1, le=1024)] = 64
    chat_domains: Annotated[
        tuple[str, ...] | None, Meta(description=f"a list, each {notation.DOMAIN}")
    ] = None
    customer_page: Annotated[str, Meta(description=notation.PAGE_ADDRESS)] | None = None
    message_extension: bool = False
    limits: TunnelLimitsTable = TunnelLimitsTable()


class MetricsTable(msgspec.Struct, frozen=True):
    """`[metrics]`."""

    listen: Annotated[str, Meta(description=notation.HTTP_ADDRESS)]
    allow_plain: bool = False


class FileTable(msgspec.Struct, frozen=True):
    """The whole file; an absent section starts no service."""

    directory: DirectoryTable = DirectoryTable()
    dialplan: Annotated[
        dict[str, dict[str, Any]], Meta(description="tables, each begun by [dialplan.NAME]")
    ] = {}
    source: Annotated[
        list[dict[str, Any]], Meta(description="tables, each begun by [[source]]")
    ] = []
    client: Annotated[
        list[dict[str, Any]], Meta(description="tables, each begun by [[client]]")
    ] = []
    user: Annotated[list[dict[str, Any]], Meta(description="tables, each begun by [[user]]")] = []
    group: Annotated[list[dict[str, Any]], Meta(description="tables, each begun by [[group]]")] = []
    ldap: LdapTable | None = None
    relay: RelayTable | None = None
    tunnel: TunnelTable | None = None
    metrics: MetricsTable | None = None
