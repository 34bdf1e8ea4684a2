"""What went wrong in the engine, sorted by what the caller must do about it.

No LDAP result code and no HTTP status here: the faces choose those.
"""

from __future__ import annotations


class EngineError(Exception):
    """The root of all errors that the engine raises on purpose."""


class InvalidNumber(EngineError):
    """The text is no phone number under its dial plan: skip it, keep the contact.

    Attributes:
        reason: a short sentence for administrators; it never quotes the number.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnsupportedQuery(EngineError):
    """The question is outside the engine's bounds: answer "no" to it, never retry."""


class CorruptIndex(EngineError):
    """The index on disk is damaged or of another format: rebuild it from the store."""


class ForeignIndex(CorruptIndex):
    """The index is whole but of another version's format, as an upgrade may leave it."""


class IndexUnwritable(EngineError):
    """The index cannot be written now (disk full, no rights): what is served stays; try later."""


class CorruptStore(EngineError):
    """The contact store is damaged or of another format: restore it or sync anew."""


class StoreUnavailable(EngineError):
    """The contact store cannot be read or written now (disk full, locked, no rights, none yet)."""


class WriterBusy(EngineError):
    """Another process holds `run/writer.lock`: ask it, or try again later."""


class InvalidCredential(EngineError):
    """A stored password hash is malformed or asks for too much work: fix the configuration."""


class InvalidCursor(EngineError):
    """A cursor of people search is damaged or belongs to another text: ask for the first page."""
