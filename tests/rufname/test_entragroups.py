"""Groups of Entra's users, asked at a simulator of Graph."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from connectors.graphapi import GraphAccess
from connectors.kinds.graph import GraphOptions
from connectors.settings import SecretRef
from engine.index import ContactIndex
from engine.rights import SourcePolicy
from relay.accounts import Accounts, Group
from relay.local import LocalDirectory
from relay.memberships import GroupsUnavailable
from relay.tokens import Identity
from relay.tunnel.bus import Question
from relay.tunnel.enrolment import Enrolment
from relay.tunnel.keys import TenantIdentity
from rufname import entragroups
from rufname.entragroups import EntraGroups, memberships_of
from rufname.lifeline import FaceSettings, pack
from rufname.tunnel_face import TunnelWork
from tests.connectors.graphsim import CLIENT_ID, TENANT, GraphSimulator, graph_simulator
from tests.relay.http.users import claims, signed
from tests.relay.tunnel.ends import TUNNEL, Site

OID = "99999999-8888-4777-8666-555555555555"
GROUPS = tuple(f"{n:08x}-0000-4000-8000-000000000000" for n in range(45))


@pytest.fixture
def graph() -> Iterator[GraphSimulator]:
    with graph_simulator() as simulator:
        simulator.members[OID] = {GROUPS[0], GROUPS[30], "another"}
        yield simulator


def access(graph: GraphSimulator, folder: Path, secret: str = "s3cret") -> GraphAccess:
    file = folder / "secret"
    file.write_text(secret)
    options = GraphOptions(
        TENANT, CLIENT_ID, client_secret=SecretRef(file), endpoint=f"{graph.url}/v1.0",
        login=graph.url,
    )  # fmt: skip
    return options.access()


@pytest.fixture
async def groups(graph: GraphSimulator, tmp_path: Path) -> AsyncIterator[EntraGroups]:
    asked = EntraGroups(access(graph, tmp_path))
    yield asked
    await asked.close()


async def test_a_user_is_in_those_that_graph_says(
    graph: GraphSimulator, groups: EntraGroups
) -> None:
    assert await groups.member_of(OID, GROUPS) == {GROUPS[0], GROUPS[30]}
    assert graph.member_questions == 3  # of twenty groups at most
    assert await groups.member_of(OID, GROUPS[1:2]) == frozenset()
    assert len(graph.tokens) == 1


async def test_a_user_of_another_tenant_is_in_none(groups: EntraGroups) -> None:
    assert await groups.member_of("00000000-0000-4000-8000-000000000000", GROUPS) == frozenset()


async def test_a_token_that_was_taken_back_is_replaced(
    graph: GraphSimulator, groups: EntraGroups
) -> None:
    assert await groups.member_of(OID, GROUPS[:1])
    graph.tokens.clear()
    assert await groups.member_of(OID, GROUPS[:1])


async def test_a_refusal_is_told_without_the_user_and_is_over_when_graph_is_well(
    graph: GraphSimulator, groups: EntraGroups
) -> None:
    graph.status = 403
    with pytest.raises(GroupsUnavailable, match="Insufficient privileges") as caught:
        await groups.member_of(OID, GROUPS)
    assert OID not in str(caught.value)
    graph.status = 200
    assert await groups.member_of(OID, GROUPS[:1]) == {GROUPS[0]}


async def test_a_wrong_secret_is_told(graph: GraphSimulator, tmp_path: Path) -> None:
    asked = EntraGroups(access(graph, tmp_path, "wrong"))
    with pytest.raises(GroupsUnavailable, match="AADSTS7000215"):
        await asked.member_of(OID, GROUPS)
    await asked.close()


async def test_a_graph_that_does_not_answer_is_given_up(
    graph: GraphSimulator, groups: EntraGroups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entragroups, "DEADLINE_S", 0.3)
    graph.mute.clear()
    with pytest.raises(GroupsUnavailable, match="does not answer within"):
        await groups.member_of(OID, GROUPS)
    graph.mute.set()
    monkeypatch.setattr(entragroups, "DEADLINE_S", 20.0)
    assert await groups.member_of(OID, GROUPS[:1]) == {GROUPS[0]}


@pytest.mark.parametrize(
    ("tenant", "held"),
    [
        (TENANT, ("sales",)),
        ("11111111-2222-4333-8444-555555555555", ("sales",)),
    ],
)
async def test_the_application_of_the_tenant_is_asked(
    graph: GraphSimulator, tmp_path: Path, tenant: str, held: tuple[str, ...]
) -> None:
    memberships = memberships_of(tenant, [access(graph, tmp_path)])
    accounts = Accounts(groups=(Group("sales", GROUPS[0]), Group("staff", GROUPS[1])))
    identity = Identity(tenant, OID, "", (), 0, has_more_groups=True)
    assert (await memberships.asker(identity, accounts)).principal.groups == held
    await memberships.close()


async def test_the_application_of_another_tenant_is_not_asked(
    graph: GraphSimulator, tmp_path: Path
) -> None:
    own = access(graph, tmp_path)
    other = msgspec.structs.replace(own, tenant="22222222-2222-4333-8444-555555555555")
    memberships = memberships_of("11111111-2222-4333-8444-555555555555", [other])
    identity = Identity("t", OID, "", (), 0, has_more_groups=True)
    accounts = Accounts(groups=(Group("sales", GROUPS[0]),))
    assert (await memberships.asker(identity, accounts)).principal.groups == ()
    assert graph.member_questions == 0


async def test_a_reload_takes_another_way_to_ask_for_groups_to_the_tunnel(
    graph: GraphSimulator, tmp_path: Path
) -> None:
    """A source of kind graph that is added for this, another application, another proxy."""
    settings = FaceSettings(
        index_dir=str(tmp_path / "index"),
        run_dir="",
        policies={"hr": SourcePolicy("HR", visible_to=("sales",))},
        accounts=Accounts(groups=(Group("sales", GROUPS[0]),)),
    )
    index = ContactIndex.open(tmp_path / "index", settings.policies)
    site = Site(tmp_path / "keys", LocalDirectory(index))
    work = TunnelWork(index, settings.accounts, TUNNEL, tmp_path / "keys")
    work._tokens[site.tid] = site.tokens
    enrolment = Enrolment("https://relay.example", site.tid, "node-1", TenantIdentity.generate())
    answer = work._make_answers(enrolment, site.ring)

    async def visible() -> list[str]:
        sealed = site.seal("me", {}, signed(claims(oid=OID, groups=None, hasgroups=True)))
        reply = await answer(Question(sealed.octets, 5000))
        told = json.loads(sealed.open_answer(reply.sealed).answer.body)
        return [source["id"] for source in told["sources"]]

    assert await visible() == []
    other = msgspec.structs.replace(settings, graphs=(access(graph, tmp_path),))
    await work.reload(pack(other))
    assert await visible() == ["hr"]
    await work.drain(1.0)
