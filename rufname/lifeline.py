"""The line between the supervisor and one worker: a socketpair that carries framed messages.

Law: no policy here. Orders go down, reports come up; the end of the file means that the other
side is gone. Settings travel as a pickle, down only: both ends are our own code, started by one
user, and the socket has no name that anybody else could open.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
from typing import TypeVar

import msgspec

from engine.client import Client
from engine.rights import SourcePolicy
from ldapd.settings import LdapSettings
from relay.accounts import Accounts
from relay.settings import RelaySettings
from relay.tunnel.settings import TunnelSettings

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""A configuration of 100,000 clients stays below it; more can only be a fault of the stream."""

BEAT_INTERVAL_S = 1.0

_LENGTH = struct.Struct(">I")

Value = TypeVar("Value")


class Start(msgspec.Struct, frozen=True, tag="start"):
    """The first order: work with these settings. `rebuild`: the index on disk is damaged."""

    settings: bytes
    rebuild: bool = False


class Reload(msgspec.Struct, frozen=True, tag="reload"):
    """Go on with these settings, without losing a connection."""

    settings: bytes


class Drain(msgspec.Struct, frozen=True, tag="drain"):
    """Finish what is in flight, then exit."""


Order = Start | Reload | Drain


class Beat(msgspec.Struct, frozen=True, tag="beat"):
    """The loop of the worker runs. `metrics`: counts and gauges by name, no personal data."""

    metrics: dict[str, int] = {}


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The worker does its work from now on."""


Report = Beat | Ready


class FaceSettings(msgspec.Struct, frozen=True):
    """What a worker that answers needs to know of the configuration.

    Attributes:
        index_dir: the folder of the index.
        file: the configuration, absolute, for commands in what is logged.
        run_dir: where a worker that can be asked puts its socket.
        policies: source id → who sees it, and its priority.
        clients: who may ask.
        ldap: `[ldap]`, for the workers that answer LDAP.
        relay: `[relay]`, for the worker that answers HTTP.
        tunnel: `[tunnel]`, for the worker that holds the lines to a relay.
        keys_dir: the folder of private keys, for the same.
        accounts: users and groups, for both.
        graphs: how Graph is reached, for groups that a token does not tell
            (`connectors.graphapi.GraphAccess`, which is not loaded where nobody asks); for both.
        session_key: signs the sessions of users, so that they outlive a worker; None: its own key.
    """

    index_dir: str
    run_dir: str
    policies: dict[str, SourcePolicy]
    clients: tuple[Client, ...] = ()
    ldap: LdapSettings | None = None
    relay: RelaySettings | None = None
    tunnel: TunnelSettings | None = None
    keys_dir: str = ""
    accounts: Accounts = Accounts()
    graphs: tuple[msgspec.Struct, ...] = ()
    session_key: bytes | None = None
    file: str = ""


_encode = msgspec.msgpack.Encoder().encode
_orders = msgspec.msgpack.Decoder(Order)
_reports = msgspec.msgpack.Decoder(Report)


def pack(settings: object) -> bytes:
    """Return settings as bytes for `Start` and `Reload`."""
    return pickle.dumps(settings)


def unpack(settings: bytes, kind: type[Value]) -> Value:
    """Return the settings that `pack` made.

    Raises:
        TypeError: they are of another kind: supervisor and worker are not of one release.
    """
    value = pickle.loads(settings)  # noqa: S301 - sent by our own parent process, see the law
    if not isinstance(value, kind):
        raise TypeError(f"settings are {type(value).__name__}, not {kind.__name__}")
    return value


def frame(message: Order | Report) -> bytes:
    """Return a message with its length before it (4 octets, big-endian)."""
    body = _encode(message)
    return _LENGTH.pack(len(body)) + body


async def read_order(reader: asyncio.StreamReader) -> Order | None:
    """Return the next order; None: the supervisor is gone."""
    body = await _read_frame(reader)
    return None if body is None else _orders.decode(body)


async def read_report(reader: asyncio.StreamReader) -> Report | None:
    """Return the next report; None: the worker is gone."""
    body = await _read_frame(reader)
    return None if body is None else _reports.decode(body)


async def open_line(
    end: socket.socket,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return streams on one end of a socketpair; the streams own the socket from now on."""
    end.settimeout(0.0)
    return await asyncio.open_unix_connection(sock=end)


async def _read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """Return the next frame's body; None at the end of the file, also within a frame."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > MAX_FRAME_BYTES:
            raise ValueError(f"a frame of {length} bytes on the lifeline")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
