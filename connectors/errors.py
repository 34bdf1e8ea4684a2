"""What a connector can meet, sorted by what the run must do about it."""

from __future__ import annotations


class ConnectorError(Exception):
    """The root of all errors that connectors raise on purpose."""


class SecretUnavailable(ConnectorError):
    """A secret named by the configuration cannot be read: fix the reference, then try again."""


class SourceFailed(ConnectorError):
    """The source cannot be read now: keep what is served, report one line, try again later.

    The message names what failed (file, server, column) and never holds a secret.
    """


class UnknownKind(ConnectorError):
    """No connector of this kind: fix the configuration."""


class DriverMissing(ConnectorError):
    """The kind needs a driver or library that is not on this machine: install it, try again."""


class Cancelled(ConnectorError):
    """The caller asked the run to stop: nothing is wrong with the source."""


class NotReleased(ConnectorError):
    """The run that is to be released is not the source's last one, or held nothing back."""
