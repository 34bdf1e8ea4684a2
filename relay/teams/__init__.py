"""The app as Microsoft Teams installs it."""

from __future__ import annotations
