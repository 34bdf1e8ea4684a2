"""One question a file, answered against real peers; run by `make bench`."""

from __future__ import annotations
