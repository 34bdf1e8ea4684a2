"""One lasting connection to NATS: it is made anew, and every subscription with it, until closed.

Law: one way of healing. nats-py's own reconnection is off: it gives up for good on some errors
(a refused password, a server that shuts down), forgets to say so when a write fails while it
closes, and repeats what was published before the break. Here a broken connection is thrown away;
whoever waits for an answer over it is told at once.

Sources: docs.nats.io, "NATS client protocol"; nats-py 2.16.0 as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import Awaitable, Callable

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from relay.errors import BusUnavailable

PROBE_S = 1.0
"""How often a silent connection is asked whether it lives."""

PROBE_TIMEOUT_S = 2
"""A server that answers no PING for so long is taken for dead (frozen, cut off)."""

LOOK_S = 0.05
"""How often it is looked whether the client gave its connection up, which it may not tell."""

CONNECT_TIMEOUT_S = 2

FIRST_PAUSE_S, MAX_PAUSE_S = 0.02, 2.0
"""Between two rounds over all servers: doubled each time, with full jitter."""

CLOSE_TIMEOUT_S = 2.0

Receive = Callable[[Msg], Awaitable[None]]
Accept = Callable[[Client], Awaitable[None]]

_log = logging.getLogger(__name__)


class Unfit(Exception):
    """What NATS is there must not be used; the text says why."""


class NatsSettings(msgspec.Struct, frozen=True):
    """Where NATS is.

    Attributes:
        servers: addresses, `nats://HOST:PORT` or `tls://HOST:PORT`; the others of a cluster are
            learned.
        user: of the account that carries sealed questions; "" = none is asked for.
        password: the user's.
        ca_file: certificates that vouch for the servers; "" = the system's.
    """

    servers: tuple[str, ...]
    user: str = ""
    password: str = ""
    ca_file: str = ""

    def tls(self) -> ssl.SSLContext | None:
        """Return how TLS is checked, None if no server asks for it.

        Raises:
            OSError: the file of certificates cannot be read.
        """
        if not any(server.startswith("tls://") for server in self.servers):
            return None
        return ssl.create_default_context(cafile=self.ca_file or None)


class Interest(msgspec.Struct, eq=False):
    """A subject that is listened to, over whichever connection there is.

    Attributes:
        subject: it may hold wildcards.
        queue: the group of which one member gets each message; "" = everybody does.
        receive: gets each message; it must not wait long.
        held: the subscription of the present connection.
    """

    subject: str
    queue: str
    receive: Receive
    held: Subscription | None = None


class NatsLink:
    """A connection that heals. Belongs to one event loop."""

    def __init__(
        self,
        settings: NatsSettings,
        name: str,
        *,
        accept: Accept | None = None,
        on_loss: Callable[[], None] | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            settings: where NATS is.
            name: what NATS's own monitoring calls this client.
            accept: looks at each new connection before it is used; raises `Unfit` to refuse it.
            on_loss: called when a connection broke, before the next one is made.
        """
        self._settings = settings
        self._name = name
        self._as_whom = f" as {settings.user!r}" if settings.user else ""
        self._accept = accept
        self._on_loss = on_loss
        self._known = list(settings.servers)
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._interests: dict[int, Interest] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self.connections = 0
        """How often a connection was made."""
        self.fault = ""
        """Why the last one was refused, "" if it was not."""

    @property
    def is_up(self) -> bool:
        """Whether there is a connection now, as far as is known."""
        return self._client is not None and self._client.is_connected

    def start(self) -> None:
        """Begin to connect; does not wait for it."""
        assert self._keeper is None
        self._keeper = asyncio.create_task(self._keep(), name="nats")

    async def close(self) -> None:
        """Give the connection up for good."""
        if self._keeper is not None:
            await end_task(self._keeper)
            self._keeper = None
        self._drop()
        if self._closing:
            await asyncio.gather(*self._closing, return_exceptions=True)

    async def connected(self, timeout_s: float) -> Client:
        """Return the client once it is connected.

        Raises:
            BusUnavailable: it is not within the time.
        """
        client = self._client
        if client is not None and client.is_connected:
            return client
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    await self._up.wait()
                    client = self._client
                    if client is not None and client.is_connected:
                        return client
                    await asyncio.sleep(LOOK_S)  # broken, which the keeper is about to see
        except TimeoutError:
            raise BusUnavailable(self.fault or "no connection to NATS", retry_after_s=2) from None

    async def publish(self, subject: str, payload: bytes, reply: str, timeout_s: float) -> None:
        """Send a message, over the next connection if there is none now.

        Raises:
            BusUnavailable: there is none within the time.
            ValueError: the message is larger than NATS takes.
        """
        client = await self.connected(timeout_s)
        try:
            await client.publish(subject, payload, reply=reply)
        except nats.errors.MaxPayloadError:
            raise ValueError("a message larger than NATS takes") from None
        except (nats.errors.Error, OSError) as error:
            raise BusUnavailable(f"NATS: {type(error).__name__}") from None

    async def listen(self, subject: str, receive: Receive, queue: str = "") -> Interest:
        """Listen to a subject from now on, over every connection there will be.

        It may not be in force yet: `barrier` waits for that.
        """
        interest = Interest(subject, queue, receive)
        self._interests[id(interest)] = interest
        if self._client is not None:
            with contextlib.suppress(BusUnavailable):  # then the next connection brings it
                await _subscribe(self._client, interest)
        return interest

    async def forget(self, interest: Interest) -> None:
        """Take no new messages of a subject; those that were sent before are still handed over."""
        if self._interests.pop(id(interest), None) is None:
            return
        held, interest.held = interest.held, None
        client = self._client
        if held is None or client is None:
            return
        with contextlib.suppress(BusUnavailable, nats.errors.Error, OSError):  # gone with it then
            # drain() alone forgets what comes between its PING and its UNSUB: see `barrier`
            await client._send_unsubscribe(held._id)  # noqa: SLF001
            await _flush_twice(client)
            await held.drain()  # type: ignore[no-untyped-call]

    async def barrier(self, timeout_s: float = PROBE_TIMEOUT_S) -> None:
        """Wait until the server has done all that it was told so far.

        Two flushes: in nats-py 2.16.0 `flush` writes its PING straight to the socket while SUB and
        UNSUB still wait in a buffer, so that the first one only pushes these out.

        Raises:
            BusUnavailable: there is no connection, or it broke.
        """
        await _flush_twice(await self.connected(timeout_s))

    async def _keep(self) -> None:
        """Connect; listen to everything; watch until it breaks; again."""
        pause_s = FIRST_PAUSE_S
        while True:
            broken = asyncio.Event()
            client = Client()
            try:
                made = await self._connect(client, broken) and await self._take_up(client)
            except asyncio.CancelledError:
                self._throw_away(client)  # nobody else knows of it
                raise
            if not made:
                await asyncio.sleep(random.uniform(0, pause_s))  # noqa: S311 - jitter
                pause_s = min(2 * pause_s, MAX_PAUSE_S)
                continue
            pause_s = FIRST_PAUSE_S
            await _watch(client, broken)
            _log.warning("the connection to NATS%s is lost", self._as_whom)
            self._drop()
            if self._on_loss is not None:
                self._on_loss()

    async def _connect(self, client: Client, broken: asyncio.Event) -> bool:
        """Connect to the first server that takes us; False: none does now.

        Args:
            client: a new one.
            broken: set as soon as the client says that its connection broke.
        """

        async def note(error: Exception | None = None) -> None:
            if error is None or isinstance(error, nats.errors.UnexpectedEOF | OSError):
                broken.set()
            _log.debug("NATS: %r", error)

        servers = list(self._known)
        random.shuffle(servers)
        try:
            await client.connect(
                servers=servers,
                name=self._name,
                user=self._settings.user or None,
                password=self._settings.password or None,
                tls=self._settings.tls(),
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=CONNECT_TIMEOUT_S,
                error_cb=note,
                closed_cb=note,
                dont_randomize=True,
            )
        except (nats.errors.Error, OSError, TimeoutError) as error:
            self._refuse(client, f"NATS cannot be reached{self._as_whom}: {_words(error)}")
            return False
        broken.clear()  # servers that were tried before this one left their errors
        for server in client.discovered_servers:
            address = f"{server.scheme}://{server.hostname}:{server.port}"
            if address not in self._known:
                self._known.append(address)
        return True

    async def _take_up(self, client: Client) -> bool:
        """Make a new connection the one that is used; False: it cannot be."""
        try:
            if self._accept is not None:
                await self._accept(client)
            while missing := [each for each in self._interests.values() if each.held is None]:
                for interest in missing:  # more may come meanwhile
                    await _subscribe(client, interest)
                await _flush_twice(client)
        except (Unfit, BusUnavailable) as error:
            for interest in self._interests.values():
                interest.held = None
            self._refuse(client, f"NATS cannot be used{self._as_whom}: {error}")
            return False
        self.fault = ""
        self._client = client
        self.connections += 1
        self._up.set()
        _log.info("connected to NATS%s", self._as_whom)
        return True

    def _refuse(self, client: Client, fault: str) -> None:
        if self.fault != fault:  # once, not at each attempt
            _log.error("%s", fault)
        self.fault = fault
        self._throw_away(client)

    def _drop(self) -> None:
        self._up.clear()
        client, self._client = self._client, None
        for interest in self._interests.values():
            interest.held = None
        if client is not None:
            self._throw_away(client)

    def _throw_away(self, client: Client) -> None:
        """Close a client behind everybody's back: it may wait for a server that is frozen."""
        task = asyncio.create_task(_close(client))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def end_task(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends.

    `wait_for` of Python 3.11, which nats-py uses, loses a cancellation that comes together with
    what it waits for.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=LOOK_S)


async def _watch(client: Client, broken: asyncio.Event) -> None:
    """Return when a connection is broken."""
    loop = asyncio.get_running_loop()
    next_probe = loop.time() + PROBE_S
    while client.is_connected and not broken.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await broken.wait()
        if loop.time() < next_probe:
            continue
        try:
            await client.flush(PROBE_TIMEOUT_S)
        except (nats.errors.Error, OSError):
            return
        next_probe = loop.time() + PROBE_S


async def _subscribe(client: Client, interest: Interest) -> None:
    try:
        interest.held = await client.subscribe(
            interest.subject, queue=interest.queue, cb=interest.receive
        )
    except (nats.errors.Error, OSError) as error:
        raise BusUnavailable(f"NATS: {type(error).__name__}") from None


async def _flush_twice(client: Client) -> None:
    try:
        await client.flush(PROBE_TIMEOUT_S)
        await client.flush(PROBE_TIMEOUT_S)
    except (nats.errors.Error, OSError) as error:
        raise BusUnavailable(f"NATS: {type(error).__name__}") from None


async def _close(client: Client) -> None:
    with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
        await asyncio.wait_for(client.close(), CLOSE_TIMEOUT_S)


def _words(error: Exception) -> str:
    """Return what kept a client from connecting, without what the library calls it."""
    if isinstance(error, nats.errors.NoServersError | TimeoutError):
        return "no server answers"
    return str(error).removeprefix("nats: ").strip("'") or type(error).__name__
