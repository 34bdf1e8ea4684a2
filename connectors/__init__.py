"""Sources → contacts → store: one kind of source a file, one way to read them all."""

from __future__ import annotations
