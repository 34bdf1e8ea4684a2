"""Who speaks for a tenant: orders that are obeyed, and each reason for which one is not."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relay.errors import RegistrationRefused
from relay.octets import decode_octets, encode_octets
from relay.tokens import Identity
from relay.tunnel.keys import ExchangeKey, KeyBundle, SignedBundle, TenantIdentity, fingerprint
from relay.tunnel.registration import (
    ADMINISTRATORS,
    INVITATION_S,
    MAX_NODES,
    WAIT_S,
    Admit,
    Dismiss,
    Invite,
    Keep,
    Register,
    Remove,
    SignedOrder,
    close_invitation,
    decide,
    knock,
    notes_of,
    open_invitation,
    read_order,
    sign,
)
from relay.tunnel.suites import Suite, generate, public_octets
from relay.tunnel.tenants import TenantRecord
from tests.relay.tunnel.houses import HOST, ONE, TWO

NOW_S = 1_800_000_000.0
GLOBAL, TEAMS = sorted(ADMINISTRATORS)
INVITATION = "0123456789abcdef" * 2


def administrator(tid: str = ONE, *roles: str) -> Identity:
    return Identity(tid, "oid", "Erika", (), int(NOW_S) + 600, roles or (GLOBAL,))


class House:
    """A directory of tenant ONE with a clock; it never gives two orders in one millisecond."""

    def __init__(self, at_s: float = NOW_S) -> None:
        self.identity = TenantIdentity.generate()
        self.connector = TenantIdentity.generate()
        self.at_ms = int(at_s * 1000)

    def head(self, tid: str = ONE, relay: str = HOST) -> tuple[str, str, int]:
        self.at_ms += 1
        return relay, tid, self.at_ms

    def bundle(self, tid: str = ONE) -> str:
        public = public_octets(generate(Suite.X25519))
        key = ExchangeKey.of(Suite.X25519, public, int(NOW_S) + 86_400)
        bundle = KeyBundle(v=1, tid=tid, issued=int(NOW_S), keys=(key,))
        return SignedBundle.sign(bundle, self.identity).encode().decode()

    def register(self, node: str = "first", tid: str = ONE, relay: str = HOST) -> Register:
        return Register(
            *self.head(tid, relay),
            encode_octets(self.identity.public),
            node,
            encode_octets(self.connector.public),
            self.bundle(tid),
        )

    def admit(self, node: str, **more: str) -> Admit:
        return Admit(*self.head(), node, encode_octets(TenantIdentity.generate().public), **more)


def registered(house: House, now_s: float = NOW_S) -> TenantRecord:
    record = decide(None, sign(house.register(), house.identity), administrator(), HOST, now_s)
    assert record is not None
    return record


def obeyed(record: TenantRecord | None, signed: SignedOrder, now_s: float = NOW_S) -> TenantRecord:
    after = decide(record, signed, administrator(), HOST, now_s)
    assert after is not None
    return after


def refused(
    record: TenantRecord | None,
    signed: SignedOrder,
    who: Identity | None = None,
    now_s: float = NOW_S,
) -> str:
    with pytest.raises(RegistrationRefused) as error:
        decide(record, signed, who, HOST, now_s)
    return error.value.code


@pytest.mark.parametrize("role", [GLOBAL, TEAMS])
def test_an_administrator_registers_a_tenant(role: str) -> None:
    house = House()
    signed = sign(house.register(), house.identity)
    record = decide(None, signed, administrator(ONE, "x", role), HOST, NOW_S)
    assert record is not None
    assert (record.tid, record.identity) == (ONE, house.identity.public)
    assert record.fingerprint == fingerprint(house.identity.public)
    assert [(key.name, key.public) for key in record.connectors] == [
        ("first", house.connector.public)
    ]
    assert SignedBundle.decode(record.bundle).verify(ONE, house.identity.public).tid == ONE
    assert record.registered_at == int(NOW_S)


def test_nobody_else_does() -> None:
    house = House()
    signed = sign(house.register(), house.identity)
    assert refused(None, signed) == "not-signed-in"
    assert refused(None, signed, administrator(TWO)) == "not-signed-in"
    assert refused(None, signed, administrator(ONE, "other role")) == "not-administrator"
    no_roles = msgspec.structs.replace(administrator(), roles=())
    assert refused(None, signed, no_roles) == "not-administrator"
    stranger = House()
    forged = sign(house.register(), stranger.identity)
    assert refused(None, forged, administrator()) == "wrong-signature"
    foreign = msgspec.structs.replace(house.register(), bundle=stranger.bundle())
    assert refused(None, sign(foreign, house.identity), administrator()) == "malformed"
    other = msgspec.structs.replace(house.register(), bundle=house.bundle(TWO))
    assert refused(None, sign(other, house.identity), administrator()) == "malformed"


def test_an_order_is_for_one_relay_for_two_minutes_and_once() -> None:
    house = House()
    elsewhere = sign(house.register(relay="other.example"), house.identity)
    assert refused(None, elsewhere, administrator()) == "other-relay"
    for off_s in (-121.0, 121.0):
        late = sign(House(NOW_S + off_s).register(), house.identity)
        assert refused(None, late, administrator()) == "clock"
    first = sign(house.register(), house.identity)
    record = decide(None, first, administrator(), HOST, NOW_S)
    assert refused(record, first, administrator()) == "replayed"
    admit = sign(house.admit("second"), house.identity)
    record = obeyed(record, admit)
    assert refused(record, admit) == "replayed"


def test_another_tenants_order_changes_nothing() -> None:
    house = House()
    signed = sign(house.register(tid=TWO), house.identity)
    assert refused(registered(house), signed, administrator(TWO)) == "malformed"


def test_registering_again_renews_the_nodes_key_and_keeps_the_others() -> None:
    house = House()
    record = obeyed(registered(house), sign(house.admit("second"), house.identity))
    house.connector = TenantIdentity.generate()
    record = obeyed(record, sign(house.register(), house.identity))
    assert {key.name for key in record.connectors} == {"first", "second"}
    renewed = record.connector("first")
    assert renewed is not None
    assert renewed.public == house.connector.public


def test_another_identity_needs_the_signature_of_the_old_one() -> None:
    old, new = House(), House(NOW_S + 1)
    record = registered(old)
    forged = sign(new.register(), new.identity, TenantIdentity.generate())
    assert obeyed(record, forged).identity == old.identity.public
    after = obeyed(record, sign(new.register(), new.identity, old.identity))
    assert after.identity == new.identity.public
    assert after.revision == record.revision
    assert notes_of(after).waiting is None


def test_or_it_waits_three_days_in_which_the_old_one_is_served_and_may_refuse() -> None:
    old, thief = House(), House(NOW_S + 1)
    record = registered(old)
    waiting = obeyed(record, sign(thief.register(), thief.identity))
    assert (waiting.identity, waiting.connectors) == (record.identity, record.connectors)
    noted = notes_of(waiting).waiting
    assert noted is not None
    assert (noted.identity, noted.ready_at) == (thief.identity.public, int(NOW_S) + WAIT_S)
    # asking again changes nothing
    again = obeyed(waiting, sign(thief.register(), thief.identity), NOW_S + 60)
    assert notes_of(again).waiting == noted
    # another identity begins its own wait
    third = House(NOW_S + 100)
    other = obeyed(waiting, sign(third.register(), third.identity), NOW_S + 100)
    other_noted = notes_of(other).waiting
    assert other_noted is not None
    assert other_noted.ready_at == int(NOW_S) + 100 + WAIT_S
    # too early
    early = House(NOW_S + WAIT_S - 1)
    early.identity = thief.identity
    after = obeyed(waiting, sign(early.register(), early.identity), NOW_S + WAIT_S - 1)
    assert after.identity == old.identity.public
    # refused by the old one
    kept = obeyed(waiting, sign(Keep(*old.head()), old.identity))
    assert notes_of(kept).waiting is None
    assert refused(waiting, sign(Keep(*thief.head()), thief.identity)) == "wrong-signature"
    # or not refused
    late = House(NOW_S + WAIT_S)
    late.identity = thief.identity
    done = obeyed(waiting, sign(late.register(), late.identity), NOW_S + WAIT_S)
    assert done.identity == thief.identity.public
    assert notes_of(done).waiting is None
    no_administrator = sign(late.register(), late.identity)
    assert refused(waiting, no_administrator, None, NOW_S + WAIT_S) == "not-signed-in"


def test_a_registration_that_waits_does_not_stop_the_orders_of_the_old_one() -> None:
    old, thief = House(), House(NOW_S + 60)
    waiting = obeyed(registered(old), sign(thief.register(), thief.identity))
    assert obeyed(waiting, sign(old.admit("second"), old.identity)).connector("second")


def test_nodes_come_and_go_by_the_identitys_order_alone() -> None:
    house, stranger = House(), House()
    record = registered(house)
    assert refused(record, sign(house.admit("second"), stranger.identity)) == "wrong-signature"
    assert refused(None, sign(house.admit("second"), house.identity)) == "not-registered"
    record = obeyed(record, sign(house.admit("second"), house.identity))
    assert record.connector("second")
    record = obeyed(record, sign(Dismiss(*house.head(), "second"), house.identity))
    assert not record.connector("second")
    gone = sign(Dismiss(*house.head(), "second"), house.identity)
    assert refused(record, gone) == "no-node"
    for each in range(MAX_NODES - 1):
        record = obeyed(record, sign(house.admit(f"n{each}"), house.identity))
    assert refused(record, sign(house.admit("more"), house.identity)) == "too-many-nodes"
    assert obeyed(record, sign(house.admit("n3"), house.identity)).connector("n3")


def test_a_tenant_is_removed_by_its_identity() -> None:
    house = House()
    record = registered(house)
    assert refused(record, sign(Remove(*house.head()), House().identity)) == "wrong-signature"
    assert decide(record, sign(Remove(*house.head()), house.identity), None, HOST, NOW_S) is None


def test_an_invitation_is_for_the_first_that_comes_and_for_ten_minutes() -> None:
    house = House()
    record = registered(house)
    with pytest.raises(RegistrationRefused, match="no such invitation"):
        knock(record, INVITATION, b"me", NOW_S)
    record = obeyed(record, sign(Invite(*house.head(), INVITATION), house.identity))
    with pytest.raises(RegistrationRefused, match="no such invitation"):
        knock(record, INVITATION[::-1], b"me", NOW_S)
    with pytest.raises(RegistrationRefused, match="has ended"):
        knock(record, INVITATION, b"me", NOW_S + INVITATION_S)
    record = knock(record, INVITATION, b"me", NOW_S)
    assert knock(record, INVITATION, b"me", NOW_S) == record
    with pytest.raises(RegistrationRefused, match="another node"):
        knock(record, INVITATION, b"me too", NOW_S)
    assert open_invitation(record, INVITATION, NOW_S).knock == b"me"
    handover = encode_octets(b"sealed")
    admit = house.admit("second", invitation=INVITATION, handover=handover)
    record = obeyed(record, sign(admit, house.identity))
    assert record.connector("second")
    assert open_invitation(record, INVITATION, NOW_S).handover == b"sealed"
    record = close_invitation(record, INVITATION, NOW_S)
    assert notes_of(record).invitation is None
    late = house.admit("third", invitation=INVITATION, handover=handover)
    assert refused(record, sign(late, house.identity)) == "no-invitation"


def test_an_invitation_that_has_ended_is_forgotten_at_the_next_order() -> None:
    house = House()
    record = obeyed(registered(house), sign(Invite(*house.head(), INVITATION), house.identity))
    later = House(NOW_S + INVITATION_S)
    later.identity = house.identity
    after = obeyed(record, sign(Keep(*later.head()), later.identity), NOW_S + INVITATION_S)
    assert notes_of(after).invitation is None


@given(st.text(max_size=300), st.text(max_size=100))
def test_what_is_no_order_is_refused(order: str, signature: str) -> None:
    with pytest.raises(RegistrationRefused):
        decide(None, SignedOrder(order, signature), administrator(), HOST, NOW_S)


@given(st.binary(max_size=300))
@example(b'{"x":' + b"[" * 5000)
def test_octets_that_are_no_order_are_refused(octets: bytes) -> None:
    signed = SignedOrder(encode_octets(octets) or "A", encode_octets(bytes(64)))
    with pytest.raises(RegistrationRefused):
        read_order(signed, HOST, NOW_S)


@given(st.sampled_from(["register", "admit", "dismiss", "keep", "invite", "remove"]), st.data())
def test_an_order_that_was_changed_on_the_way_is_refused(kind: str, data: st.DataObject) -> None:
    house = House()
    record = registered(house)
    order = {
        "register": house.register,
        "admit": lambda: house.admit("x"),
        "dismiss": lambda: Dismiss(*house.head(), "first"),
        "keep": lambda: Keep(*house.head()),
        "invite": lambda: Invite(*house.head(), INVITATION),
        "remove": lambda: Remove(*house.head()),
    }[kind]()
    signed = sign(order, house.identity)
    octets = bytearray(decode_octets(signed.signature))
    octets[data.draw(st.integers(0, 63))] ^= 1 << data.draw(st.integers(0, 7))
    changed = encode_octets(bytes(octets))
    bad = msgspec.structs.replace(signed, signature=changed)
    assert refused(record, bad, administrator()) == "wrong-signature"


def test_the_roles_are_those_that_entra_names() -> None:
    assert {
        "62e90394-69f5-4237-9190-012177145e10",
        "69091246-20e8-4a56-aa4d-066075b2a7a8",
    } == ADMINISTRATORS
