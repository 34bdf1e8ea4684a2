"""What C4B publishes as the sizes for the product that this one replaces.

Law: arithmetic on published figures; nothing is measured, nothing guessed. Where the words leave
room, the smaller size is taken.

Source: C4B, Contacts by XPhone, service description
(contacts-by-xphone.com/en/service-description): 6 GB RAM, 8 GB disk and 2 cores up to 1,000 users;
2 GB RAM for each further source; 1 GB disk and 250 MB RAM for each 30,000 contacts of a simple ODBC
source, 100,000 of a CRM over ODBC, 45,000 of private or 25,000 of public Outlook folders, 50,000 of
an Active Directory; one core more for each further 1,000 users.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import msgspec

Kind = Literal["odbc", "crm", "csv", "ad", "ldap", "outlook", "public-folder", "graph", "carddav"]

CONTACTS_PER_GB: dict[Kind, int] = {
    "odbc": 30_000,
    "csv": 30_000,
    "crm": 100_000,
    "ad": 50_000,
    "ldap": 50_000,
    "graph": 50_000,
    "outlook": 45_000,
    "carddav": 45_000,
    "public-folder": 25_000,
}
"""Contacts of each kind of source that take 1 GB of disk and 250 MB of memory. Kinds that C4B does
not name have the size of the one that is most like them: csv as odbc, ldap and graph as ad, carddav
as outlook."""

BASE_MEMORY_GB, BASE_DISK_GB, BASE_CORES = 6.0, 8.0, 2
SOURCE_MEMORY_GB, STEP_MEMORY_GB, STEP_DISK_GB = 2.0, 0.25, 1.0
USERS_PER_CORE = 1_000


class PublishedSize(msgspec.Struct, frozen=True):
    """A machine as published: cores, memory and disk in GB."""

    cores: int
    memory_gb: float
    disk_gb: float


def c4b_size(users: int, contacts: Mapping[Kind, int]) -> PublishedSize:
    """Return the published size for a company.

    Args:
        users: of the telephone system.
        contacts: by kind of source, each kind one source.
    """
    steps = sum(count / CONTACTS_PER_GB[kind] for kind, count in contacts.items())
    further = max(0, len(contacts) - 1)
    return PublishedSize(
        cores=BASE_CORES + max(0, math.ceil((users - USERS_PER_CORE) / USERS_PER_CORE)),
        memory_gb=BASE_MEMORY_GB + SOURCE_MEMORY_GB * further + STEP_MEMORY_GB * steps,
        disk_gb=BASE_DISK_GB + STEP_DISK_GB * steps,
    )


def c4b_per_contact(kind: Kind) -> tuple[float, float]:
    """Return the octets of memory and of disk that one more contact takes as published."""
    per_step = CONTACTS_PER_GB[kind]
    return STEP_MEMORY_GB * 1e9 / per_step, STEP_DISK_GB * 1e9 / per_step
