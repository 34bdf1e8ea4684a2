"""One kind of source a file; `connectors.registry` finds them by name."""

from __future__ import annotations
