"""Answers LDAP from the contact index."""

from __future__ import annotations
