"""Answers HTTP: caller look-up and health."""

from __future__ import annotations
