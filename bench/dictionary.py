"""Makes the dictionary with which the store compresses contacts, `engine/contacts.zdict`.

    python -m bench.dictionary FILE

Trained on made-up contacts of another seed than the benches', as a sync stores them. It is part of
the store's format: a new one needs a new mark in `engine.bodies`, and the old one stays.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
import zstandard

from engine.contact import encode_contact
from rufname.sample import contacts
from rufname.sample_contact import engine_contact

SEED = 20
CONTACTS, STEP = 200_000, 20
SIZE_BYTES = 32_768
"""A fourth of it takes seven octets of a hundred more, twice as much saves two."""

SEGMENT, SAMPLE = 64, 6
"""Pieces that are taken over, and those by which they are counted (k and d of the trainer)."""

CREATED = 1_795_000_000
"""When the first of them was read, in seconds since 1970; each run reads many at once."""


def bodies() -> Iterator[bytes]:
    """Give bodies to train on: of many companies, read by a few runs."""
    for place, made in enumerate(islice(contacts(CONTACTS, SEED), 0, None, STEP)):
        created = CREATED + place // 500 * 3_600
        yield encode_contact(msgspec.structs.replace(engine_contact(made), created=created))


def train() -> bytes:
    """Return the dictionary; the same with the same version of Zstandard."""
    made = zstandard.train_dictionary(SIZE_BYTES, list(bodies()), k=SEGMENT, d=SAMPLE)
    return made.as_bytes()


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(train())
