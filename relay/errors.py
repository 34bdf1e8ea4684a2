"""What went wrong in the relay, sorted by what the asker must do about it.

No status here: `relay.problem` chooses those.
"""

from __future__ import annotations

import msgspec

UNREADABLE = (ValueError, msgspec.DecodeError, RecursionError)
"""What reading octets from outside raises: no UTF-8 or Base64, no such JSON, brackets by the
thousand."""


class RelayError(Exception):
    """The root of all errors that the relay raises on purpose."""


class NotAuthenticated(RelayError):
    """The asker is unknown, or its password or network is wrong: ask again as somebody else."""


class NotAllowed(RelayError):
    """The asker is known but may not ask this."""


class NotRegistered(NotAllowed):
    """The asker's tenant has no directory at this relay."""


class NotFound(RelayError):
    """What was asked for is not there, or not for this asker."""


class StaleCursor(RelayError):
    """A cursor is damaged or belongs to another text: ask for the first page."""


class MalformedRequest(RelayError):
    """What was asked cannot be read: do not ask the same again.

    Attributes:
        reason: what is wrong, without a word of the request.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TryLater(RelayError):
    """No answer now, but later: the same question may be asked again.

    Attributes:
        reason: a short sentence without personal data.
        retry_after_s: whole seconds to wait, at least 1.
    """

    def __init__(self, reason: str, retry_after_s: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class Overloaded(TryLater):
    """Too much work waits already."""


class TooOften(TryLater):
    """The asker asks more than it may."""


class DirectoryUnavailable(TryLater):
    """The directory cannot answer: it is not loaded yet, or not reached."""


class DirectoryOffline(DirectoryUnavailable):
    """The tenant's directory is not connected to the relay."""

    def __init__(self, reason: str = "the directory is not connected") -> None:
        super().__init__(reason, retry_after_s=5)


class DirectoryTooSlow(DirectoryUnavailable):
    """The tenant's directory is connected, but did not answer within the deadline."""

    def __init__(self, reason: str = "the directory did not answer in time") -> None:
        super().__init__(reason)


class KeysUnusable(RelayError):
    """A file with private keys is damaged, readable by others, or of another tenant."""


class BundleRefused(RelayError):
    """Public keys of a directory are not to be used: their signature, tenant or time is wrong."""


class EnvelopeRefused(RelayError):
    """A sealed question or answer does not open, or may not be answered.

    Attributes:
        code: a word that stays, for the peer: `cannot-open`, `unknown-key`, `clock`, `replayed`,
            `busy`, `too-large`.
        answer: a sealed answer that may be sent instead of the word; b"" = none.
    """

    def __init__(self, code: str, reason: str, answer: bytes = b"") -> None:
        super().__init__(reason)
        self.code = code
        self.answer = answer


class BusUnavailable(TryLater):
    """The nodes of the relay cannot reach each other now."""


class RecordsUnavailable(TryLater):
    """The tenants' records cannot be read or written now."""


class RecordsUnusable(RelayError):
    """The file of the tenants' records is damaged, or of another version of the program."""


class RegistrationRefused(RelayError):
    """An order of a directory is not obeyed.

    Attributes:
        code: a word that stays, for programs.
        reason: what is wrong, for people.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
