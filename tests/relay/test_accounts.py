"""Who somebody is to the rights."""

from __future__ import annotations

from engine.rights import Principal
from relay.accounts import Accounts, Asker, Group, User

OID, SALES, OTHER = "o" * 36, "s" * 36, "x" * 36
ACCOUNTS = Accounts(
    users=(User("anna", groups=("board",), sources=("crm",), entra=OID), User("ben")),
    groups=(Group("sales", SALES), Group("board", ""), Group("nobody", "")),
)


def test_a_local_user_is_known_by_name_with_its_groups() -> None:
    anna = ACCOUNTS.local("anna")
    assert anna is not None
    asker = ACCOUNTS.local_asker(anna)
    assert asker == Asker(Principal("anna", "user", ("board",), ("crm",)), "local", "anna", "anna")
    assert ACCOUNTS.local("ANNA") is None


def test_a_user_of_entra_is_known_by_object_id_and_mapped_groups() -> None:
    asker = ACCOUNTS.entra_asker("t", OTHER, "anna", [SALES, "unknown", ""])
    assert asker == Asker(Principal(OTHER, "user", ("sales",)), "t", OTHER, "anna")


def test_a_user_named_in_the_configuration_keeps_its_rights_in_entra() -> None:
    asker = ACCOUNTS.entra_asker("t", OID, "Anna A.", [SALES])
    assert asker.principal == Principal("anna", "user", ("board", "sales"), ("crm",))
    assert (asker.tenant, asker.user, asker.name) == ("t", OID, "Anna A.")


def test_a_display_name_never_gives_rights() -> None:
    asker = ACCOUNTS.entra_asker("t", OTHER, "anna", [])
    assert asker.principal == Principal(OTHER, "user")
