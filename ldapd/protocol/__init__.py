"""LDAP as pure code: bytes in, values out, and back; no socket, no clock, no log."""

from __future__ import annotations
