"""What a contact is and how one is found; no network, no asyncio."""

from __future__ import annotations
