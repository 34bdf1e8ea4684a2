"""What the front door raises on purpose, sorted by what the caller must do about it."""

from __future__ import annotations

from pathlib import Path

OTHER_VERSION = "another version of Rufname is installed than runs: restart `rufname serve`"
"""Of a process that a `serve` starts from files that were replaced since it began."""


class RufnameError(Exception):
    """The root of all errors that this package raises on purpose; its text is one for people."""


class ConfigError(RufnameError):
    """The configuration cannot be used: print every fault, start nothing, keep what runs.

    Attributes:
        faults: at least one; each "FILE: KEY: what is wrong; allowed: …". Never holds a secret.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class UnknownName(RufnameError):
    """No source or client of this name is configured: wrong use, with the names there are."""


class ServerAbsent(RufnameError):
    """Nobody listens on the control socket: do the work in this process."""


class ServerPresent(RufnameError):
    """Another server answers on this control socket: do not start a second one."""


class AccessDenied(RufnameError):
    """The control socket belongs to another user: run the command as that user."""


class ConnectionLost(RufnameError):
    """The server went away in the middle of an answer: ask again, or look at its log.

    Attributes:
        path: of the control socket.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
