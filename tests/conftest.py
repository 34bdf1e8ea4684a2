"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# A deadline measures the machine, not the code: the first example loads tables or fills an index.
settings.register_profile("rufname", deadline=None)
settings.load_profile("rufname")
