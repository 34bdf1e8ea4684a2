"""Another machine of the same directory joins: both ends of an invitation.

Law: the code goes from one terminal to the other through the administrator, never to the relay. The
tenant's private keys leave this machine for one that knows the code, sealed, and for no other.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from relay.errors import RegistrationRefused
from relay.http.registration import InvitationAnswer, Said, StandingAnswer
from relay.octets import decode_octets, encode_octets
from relay.tunnel.enrolment import Enrolment
from relay.tunnel.frames import is_tid
from relay.tunnel.invitation import Code, Knock, new_box, open_handover, seal_handover
from relay.tunnel.keyring import KeyRing
from relay.tunnel.keys import TenantIdentity
from relay.tunnel.registration import INVITATION_S, Admit, Invite, Order, sign
from rufname.exits import DONE, NO
from rufname.registrar import CannotRegister, Registrar, RelayRefuses

LOOK_S = 1.0
"""How often an invitation is looked at."""

PASSING = ("", "too-often", "try-later")
"""What may pass while an invitation is looked at; "": the relay, which was there before, is not."""

_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


class NotRegistered(CannotRegister):
    """This directory is not registered: register it."""


class Member:
    """This directory as it is registered.

    Attributes:
        ring: its private keys.
        enrolment: where and as whom it is registered.
        registrar: the relay.
        name: the relay's name, that orders are signed for.
    """

    def __init__(self, ring: KeyRing, enrolment: Enrolment, registrar: Registrar) -> None:
        self.ring = ring
        self.enrolment = enrolment
        self.registrar = registrar

    @classmethod
    def load(cls, folder: Path, web: httpx.Client) -> Member:
        """Return what the keys folder holds.

        Raises:
            NotRegistered: this directory is not registered.
            KeysUnusable: its files are damaged, or others may read them.
        """
        enrolment, ring = Enrolment.load(folder), KeyRing.load(folder)
        if enrolment is None or ring is None:
            raise NotRegistered(
                "this directory is not registered: rufname register -c FILE --relay URL"
            )
        return cls(ring, enrolment, Registrar(web, enrolment.relay))

    @property
    def tid(self) -> str:
        """The tenant."""
        return self.ring.tid

    def head(self) -> tuple[str, str, int]:
        """Return how an order of now begins."""
        return self.enrolment.host, self.tid, int(time.time() * 1000)

    def order(self, order: Order) -> StandingAnswer:
        """Give an order, signed.

        Raises:
            RelayRefuses: it is not obeyed.
        """
        return self.registrar.order(sign(order, self.ring.identity))


def check_node(name: str) -> str:
    """Return the name of a machine.

    Raises:
        CannotRegister: it is none.
    """
    if not _NODE.match(name):
        raise CannotRegister(f"--node {name!r}: 1 to 64 letters, digits, '.', '_' and '-'")
    return name


def invite(member: Member, say: Callable[[str], None]) -> int:
    """Show a code, wait for the machine that knows it, hand the keys over."""
    code = Code.new()
    member.order(Invite(*member.head(), code.id))
    say(
        "on the other machine, within ten minutes:\n\n  rufname register -c FILE "
        f"--relay {member.enrolment.relay} --tenant {member.tid} --join {code.text}\n"
    )
    seen = _wait(member.registrar, member.tid, code, lambda answer: answer.said)
    if seen is None:
        say("nobody came")
        return NO
    knock = _octets(seen)
    said = code.open_knock(knock)
    if said.node == member.enrolment.connector:  # it would get this machine's place
        member.registrar.close(member.tid, code.id)
        raise CannotRegister(
            f"the other machine calls itself {said.node!r} as this one does: --invite again, and "
            "name it there: --node NAME"
        )
    sealed = seal_handover(code, knock, member.ring.hand_over())
    admit = Admit(
        *member.head(), said.node, encode_octets(said.key), code.id, encode_octets(sealed)
    )
    standing = member.order(admit)
    say(f"{said.node!r} has joined; machines: {', '.join(standing.nodes)}")
    return DONE


def join(folder: Path, registrar: Registrar, tid: str, node: str, text: str) -> None:
    """Take the keys over from the machine that showed the code.

    Raises:
        CannotRegister: the code is none, or nobody answered.
        RelayRefuses: there is no such invitation.
        RegistrationRefused: what came was not from who knows the code.
        KeysUnusable: there are keys already, or the folder cannot be written.
    """
    if not is_tid(tid):
        raise CannotRegister(f"--tenant {tid!r}: the id of a tenant, as --invite shows it")
    try:
        code = Code(text)
    except ValueError as error:
        raise CannotRegister(f"--join: {error}") from None
    if KeyRing.load(folder) is not None:
        raise CannotRegister(f"{folder} holds keys already: this directory does not need to join")
    (box, public), connector = new_box(), TenantIdentity.generate()
    knock = code.seal_knock(Knock(node, connector.public, public))
    registrar.knock(Said(tid, code.id, encode_octets(knock)))
    given = _wait(registrar, tid, code, lambda answer: answer.handover)
    if given is None:
        raise CannotRegister("the other machine did not answer, or refused: see there")
    ring = KeyRing.receive(folder, open_handover(code, knock, box, _octets(given)))
    if ring.tid != tid:
        raise RegistrationRefused("wrong-code", "the keys are another tenant's")
    Enrolment(registrar.relay, tid, node, connector).store(folder)
    with contextlib.suppress(RelayRefuses):  # all is done; and it ends by itself
        registrar.close(tid, code.id)


def _octets(text: str) -> bytes:
    """Return what the relay handed on, which it may have changed."""
    try:
        return decode_octets(text)
    except ValueError:
        raise RegistrationRefused("wrong-code", "what was handed on cannot be read") from None


def _wait(
    registrar: Registrar, tid: str, code: Code, part: Callable[[InvitationAnswer], str]
) -> str | None:
    """Return a part of an invitation once it is there, None if the invitation ends before."""
    ends_s = time.monotonic() + INVITATION_S
    while time.monotonic() < ends_s:
        try:
            found = part(registrar.look(tid, code.id))
        except RelayRefuses as error:
            if error.code == "no-invitation":
                return None
            if error.code not in PASSING:
                raise
            found = ""
        if found:
            return found
        time.sleep(LOOK_S)
    return None
