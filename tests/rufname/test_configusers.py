"""`[[user]]` and `[[group]]` become accounts, or faults that name what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.accounts import Accounts, Group, User
from tests.rufname.configuring import (
    CLIENT,
    HASH,
    SOURCE,
    fault_of,
    faults_of,
    load,
    make_folder,
    warnings_of,
)

GUID = "0F5C0B1A-1234-4ABC-9DEF-0123456789AB"
ANNA = '[[user]]\nname = "anna"\npassword = { file = "keys/sbc.hash" }\n'
SALES = '[[group]]\nname = "sales"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def test_users_and_groups_are_read(folder: Path) -> None:
    text = f'{SOURCE}{ANNA}groups = ["sales"]\nsources = ["crm"]\nentra = "{GUID}"\n'
    text += f'{SALES}entra = "{GUID}"\n'
    assert load(folder, text).accounts == Accounts(
        (User("anna", HASH, GUID.lower(), ("sales",), ("crm",)),), (Group("sales", GUID.lower()),)
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (ANNA + 'groups = ["sale"]\n' + SALES, 'user[1] "anna".groups[1]: unknown group "sale"'),
        (ANNA + 'sources = ["crn"]', 'user[1] "anna".sources[1]: unknown source "crn"'),
        (ANNA + 'entra = "x"', 'user[1] "anna".entra: got "x"; allowed: an id of Entra'),
        (ANNA + "pin = 1", 'user[1] "anna": unknown key "pin"'),
        (ANNA.replace("sbc", "none"), 'user[1] "anna".password: '),
        (ANNA + ANNA, 'user[2] "anna".name: "anna" is taken by user[1] "anna"'),
        (ANNA + SALES.replace("sales", "anna"), 'group[1] "anna".name: "anna" is taken by user[1]'),
        (CLIENT + ANNA.replace("anna", "sbc"), 'user[1] "sbc".name: "sbc" is taken by client[1]'),
        (SALES + SALES, 'group[2] "sales".name: "sales" is taken by group[1]'),
        (
            f'{SALES}entra = "{GUID}"\n[[group]]\nname = "b"\nentra = "{GUID.lower()}"',
            f'group[2] "b".entra: "{GUID.lower()}" is taken by group[1] "sales"',
        ),
        ("[[user]]\n", "user[1].name: missing"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, text: str, fault: str) -> None:
    faults = faults_of(folder, SOURCE + text)
    assert any(each.startswith(fault) for each in faults), faults


def test_two_clients_of_one_name_are_one_fault(folder: Path) -> None:
    assert fault_of(folder, CLIENT + CLIENT + ANNA).startswith('client[2] "sbc".name:')


def test_a_user_who_cannot_sign_in_is_a_warning(folder: Path) -> None:
    text = SOURCE + '[[user]]\nname = "anna"\n'
    assert any("cannot sign in" in each for each in warnings_of(folder, text))
