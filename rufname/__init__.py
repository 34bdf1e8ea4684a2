"""The front door: command line, configuration, supervisor; it alone knows all other packages."""

from __future__ import annotations
