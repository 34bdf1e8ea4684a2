"""Which numbers a load asks for: known, unknown, own extensions, anonymous, in a mix.

Law: seeded, and the same for the same contacts. The numbers come from the generator or from the
administrator's own contacts; with them comes the name that has to be answered, where it is known.
Nothing is written anywhere: own numbers stay in this process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import cycle, islice
from random import Random
from typing import Literal, get_args

import msgspec

from engine.client import Client
from engine.contact import decode_contact
from engine.index import ContactIndex
from engine.query import CallerQuery
from engine.servicenumbers import is_service_number
from engine.store import MAX_BATCH, ContactStore
from rufname.config import Config
from rufname.errors import RufnameError
from rufname.pasting import with_file
from rufname.sample import contacts, questions
from rufname.sample_numbers import OWN_TRUNK

Kind = Literal["known", "unknown", "extension", "anonymous"]
KINDS: tuple[Kind, ...] = get_args(Kind)

DEFAULT_MIX = "known=60,unknown=25,extension=10,anonymous=5"

POOL = 20_000
"""Most different numbers of a kind: more than any server keeps answers for."""

ANONYMOUS = (
    "anonymous",
    "restricted",
    "unavailable",
    "sip:anonymous@anonymous.invalid",
    "asserted",
)
"""What gateways send for a caller who hides the number."""


class Question(msgspec.Struct, frozen=True, array_like=True):
    """One number to ask; `name` is what has to be answered ("": nobody), None where unknown."""

    kind: Kind
    number: str
    name: str | None


Pools = dict[Kind, tuple[Question, ...]]


class NothingToAsk(RufnameError):
    """There are no contacts to take numbers from: sync first, or ask for made-up ones."""


class BadMix(RufnameError):
    """The mix names a kind that does not exist, or no share; the text says what is allowed."""


def parse_mix(text: str) -> dict[Kind, float]:
    """Read "known=60,unknown=40" into shares that add up to 1; kinds not named get nothing.

    Raises:
        BadMix: an unknown kind, a share that is no positive number, nothing at all.
    """
    shares: dict[Kind, float] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, number = part.partition("=")
        kind = next((each for each in KINDS if each == name.strip()), None)
        try:
            share = float(number)
        except ValueError:
            share = -1.0
        if kind is None or not 0 <= share < float("inf"):
            raise BadMix(f"{part!r} is no share; allowed: {', '.join(KINDS)}, as in {DEFAULT_MIX}")
        shares[kind] = share
    total = sum(shares.values())
    if not total:
        raise BadMix(f"{text!r} asks for nothing; for example {DEFAULT_MIX}")
    return {kind: share / total for kind, share in shares.items() if share}


def askable(mix: dict[Kind, float], pools: Pools) -> tuple[dict[Kind, float], list[Kind]]:
    """Return the shares of those kinds that have numbers, adding up to 1, and the other kinds."""
    left_out = [kind for kind in mix if not pools.get(kind)]
    total = sum(share for kind, share in mix.items() if kind not in left_out)
    return {kind: mix[kind] / total for kind in mix if kind not in left_out}, left_out


def draw(pools: Pools, mix: dict[Kind, float], seed: int = 1) -> Iterator[Question]:
    """Give questions without end: the kinds by their shares, the numbers of a kind in turn.

    Raises:
        NothingToAsk: a kind of the mix has no numbers.
    """
    for kind in mix:
        if not pools.get(kind):
            raise NothingToAsk(
                f"no contact has a number for {kind} callers: leave that kind out of --mix"
            )
    random = Random(seed)  # noqa: S311 - a load is no secret
    turns = {}
    for kind in mix:
        numbers = list(pools[kind])
        random.shuffle(numbers)
        turns[kind] = cycle(numbers)
    kinds, weights = list(mix), list(mix.values())
    while True:
        for kind in random.choices(kinds, weights, k=1_000):
            yield next(turns[kind])


def sample_pools(count: int, seed: int = 1) -> Pools:
    """Return the numbers of the first `count` made-up contacts, with the right answers."""
    known: list[Question] = []
    extensions: list[Question] = []
    step = max(1, count // POOL)
    for place, made in enumerate(contacts(count, seed)):
        if place % step and place >= POOL // 10:  # the own company stands at the beginning
            continue
        for number, name in questions(made):
            extension = number.removeprefix(f"+{OWN_TRUNK}")
            if extension != number and not is_service_number(extension, "49"):
                extensions.append(Question("extension", extension, name))
            known.append(Question("known", number, name))
    return _pools(known, extensions, seed)


def store_pools(config: Config, client: Client, seed: int = 1) -> Pools:
    """Return numbers of the own contacts, as the client would be answered by the own index.

    Args:
        config: whose store and index are read.
        client: who asks: its dial plan says what an extension is, its rights who is found.
        seed: of the draw: a different one takes other contacts.

    Raises:
        NothingToAsk: there are no contacts with numbers yet.
    """
    if not config.store_path.exists():
        raise NothingToAsk(
            f"{config.data_dir} holds no contacts yet: "
            + with_file("`rufname sync -c FILE`", config.path)
            + ", or --sample N for made-up numbers"
        )
    with closing(ContactStore.open(config.store_path, read_only=True)) as store:
        numbers = _some(_numbers(store), Random(seed))  # noqa: S311 - a load is no secret
    index = ContactIndex.open(config.index_dir, config.policies())
    try:

        def ask(kind: Kind, number: str) -> Question:
            query = CallerQuery(number, client.plan, client.principal(), client.classes)
            match = index.caller(query)
            return Question(kind, number, match.name if match else "")

        known = [ask("known", f"+{digits}") for digits in numbers]
        known = [question for question in known if question.name]
        extensions = [
            ask("extension", extension)
            for digits in numbers
            if (extension := _extension(digits, client))
        ]
        pools = _pools(known, extensions, seed)
        pools["unknown"] = tuple(ask("unknown", each.number) for each in pools["unknown"])
    finally:
        index.close()
    if not known:
        raise NothingToAsk(
            f"client {client.name!r} finds no contact with a number in {config.data_dir}"
        )
    return pools


def missing(number: str) -> str:
    """Return a number of the same length that nobody has: no area code begins with 0."""
    return f"+490{number[4:]}"


def _pools(known: Iterable[Question], extensions: Iterable[Question], seed: int) -> Pools:
    random = Random(seed)  # noqa: S311 - a load is no secret
    asked, own = list(known), list(extensions)
    for each in (asked, own):
        random.shuffle(each)
        del each[POOL:]
    return {
        "known": tuple(asked),
        "unknown": tuple(Question("unknown", missing(each.number), "") for each in asked),
        "extension": tuple(own),
        "anonymous": tuple(Question("anonymous", text, "") for text in ANONYMOUS),
    }


def _numbers(store: ContactStore) -> Iterator[str]:
    """Give the E.164 digits of every number without an extension apart, page by page."""
    after: tuple[str, str] | None = None
    while page := store.contacts(after, MAX_BATCH):
        after = page[-1][:2]
        for _, _, body in page:
            for line in decode_contact(body).phones:
                if not line.number.extension:
                    yield line.number.digits


def _some(numbers: Iterator[str], random: Random) -> list[str]:
    """Return at most `POOL` of them, each with the same chance (reservoir sampling)."""
    kept = list(islice(numbers, POOL))
    for place, digits in enumerate(numbers, POOL):
        at = random.randrange(place + 1)
        if at < POOL:
            kept[at] = digits
    return kept


def _extension(digits: str, client: Client) -> str:
    """Return the extension that a number is in the client's plan, "" if it is none."""
    for extension in client.plan.extensions_in(digits):
        if not is_service_number(extension, client.plan.country_code):
            return extension
    return ""
