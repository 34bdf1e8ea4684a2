"""Groups that a token does not tell: asked, remembered a while, and no right without an answer."""

from __future__ import annotations

import asyncio
import logging

import pytest
from typing_extensions import override

from relay import memberships as module
from relay.accounts import Accounts, Group
from relay.memberships import FAILED_S, FRESH_S, Groups, GroupsUnavailable, Memberships
from relay.tokens import Identity

SALES, STAFF = "5a1e5000-0000-4000-8000-000000000001", "5aff0000-0000-4000-8000-000000000002"
ACCOUNTS = Accounts(groups=(Group("sales", SALES), Group("staff", STAFF), Group("local", "")))
FEW = Identity("t", "oid-1", "Erika", (SALES,), 0)
MANY = Identity("t", "oid-1", "Erika", (), 0, has_more_groups=True)


class Tenant(Groups):
    """Knows who is in what; counts questions."""

    def __init__(self, *held: str) -> None:
        self.held = frozenset(held)
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.fails = False
        self.slow: asyncio.Event | None = None
        self.begun = asyncio.Event()

    @override
    async def member_of(self, oid: str, groups: tuple[str, ...]) -> frozenset[str]:
        self.asked.append((oid, groups))
        self.begun.set()
        if self.slow is not None:
            await self.slow.wait()
        if self.fails:
            raise GroupsUnavailable("HTTP 403")
        return self.held

    @override
    async def close(self) -> None:
        pass


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


async def test_groups_of_the_token_hold_and_nobody_is_asked() -> None:
    tenant = Tenant(STAFF)
    asker = await Memberships(tenant).asker(FEW, ACCOUNTS)
    assert asker.principal.groups == ("sales",)
    assert tenant.asked == []


async def test_who_has_too_many_groups_for_a_token_gets_those_that_are_configured() -> None:
    tenant = Tenant(STAFF, "another")
    asker = await Memberships(tenant).asker(MANY, ACCOUNTS)
    assert asker.principal.groups == ("staff",)
    assert (asker.tenant, asker.user) == ("t", "oid-1")
    assert tenant.asked == [("oid-1", tuple(sorted((SALES, STAFF))))]


async def test_an_answer_holds_for_ten_minutes_and_for_the_same_groups_only() -> None:
    tenant, clock = Tenant(STAFF), Clock()
    memberships = Memberships(tenant, clock)
    for _ in range(3):
        await memberships.asker(MANY, ACCOUNTS)
    assert len(tenant.asked) == 1
    fewer = Accounts(groups=(Group("staff", STAFF),))
    await memberships.asker(MANY, fewer)
    assert len(tenant.asked) == 2
    tenant.held = frozenset()
    clock.now_s += FRESH_S - 1
    assert (await memberships.asker(MANY, fewer)).principal.groups == ("staff",)
    clock.now_s += 1
    assert (await memberships.asker(MANY, fewer)).principal.groups == ()


async def test_without_an_answer_there_is_no_right_and_a_line_that_names_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tenant, clock = Tenant(STAFF), Clock()
    memberships = Memberships(tenant, clock)
    await memberships.asker(MANY, ACCOUNTS)
    tenant.fails = True
    clock.now_s += FRESH_S  # what was known before is not believed any longer
    for _ in range(3):
        assert (await memberships.asker(MANY, ACCOUNTS)).principal.groups == ()
    assert len(tenant.asked) == 2
    (line,) = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert "cannot be asked: HTTP 403: the user has the rights of no group for 30 s" in line
    assert "oid-1" not in line
    assert "Erika" not in line
    tenant.fails = False
    clock.now_s += FAILED_S
    assert (await memberships.asker(MANY, ACCOUNTS)).principal.groups == ("staff",)


async def test_without_graph_there_is_no_right_either(caplog: pytest.LogCaptureFixture) -> None:
    assert (await Memberships().asker(MANY, ACCOUNTS)).principal.groups == ()
    assert "there is no source of kind graph for this tenant" in caplog.text


async def test_without_groups_in_the_configuration_nobody_is_asked() -> None:
    tenant = Tenant(STAFF)
    await Memberships(tenant).asker(MANY, Accounts(groups=(Group("local", ""),)))
    assert tenant.asked == []


async def test_equal_questions_wait_for_one_answer() -> None:
    tenant = Tenant(STAFF)
    tenant.slow = asyncio.Event()
    memberships = Memberships(tenant)
    asking = [asyncio.create_task(memberships.asker(MANY, ACCOUNTS)) for _ in range(5)]
    await asyncio.wait_for(tenant.begun.wait(), 10)
    asking[0].cancel()  # one who goes away takes nothing from the others
    tenant.slow.set()
    found = await asyncio.gather(*asking[1:])
    assert {each.principal.groups for each in found} == {("staff",)}
    assert len(tenant.asked) == 1


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_USERS", 2)
    tenant = Tenant(STAFF)
    memberships = Memberships(tenant)
    users = [Identity("t", f"oid-{n}", "", (), 0, has_more_groups=True) for n in range(3)]
    for user in (*users, users[2], users[0]):
        await memberships.asker(user, ACCOUNTS)
    assert [oid for oid, _ in tenant.asked] == ["oid-0", "oid-1", "oid-2", "oid-0"]


async def test_what_is_being_asked_is_given_up_at_the_end() -> None:
    tenant = Tenant(STAFF)
    tenant.slow = asyncio.Event()
    memberships = Memberships(tenant)
    asking = asyncio.create_task(memberships.asker(MANY, ACCOUNTS))
    await asyncio.wait_for(tenant.begun.wait(), 10)
    await memberships.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
