"""What one size of directory costs: the figures a calibration takes, kept as JSON.

Law: values only. CPU times are those of the measured processes alone, not of the tool that asks.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from rufname.errors import RufnameError

CHANGED_SHARE = 10
"""Every tenth contact is changed to learn what a change costs."""


BUSY = 0.5


class UnreadableCosts(RufnameError):
    """A file holds no calibration; the text names it and says how to make one."""


class LoadPoint(msgspec.Struct, frozen=True):
    """LDAP look-ups at one rate, one worker: what came back in a second, and how long it took."""

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


class CostPoint(msgspec.Struct, frozen=True):
    """What a number of contacts costs. Times in seconds, sizes in MiB, CPU of a call in µs.

    Attributes:
        contacts: in the index.
        sync_s: first reading of the source until everybody is found; sync_cpu_s: CPU time of it.
        sync_peak_mib: memory of its processes at most, mapped files left out.
        reread_cpu_s: CPU time of a run over a file in which one contact has changed: all are read.
        changed_cpu_s: of a run over a file of which a tenth has changed.
        rebuild_cpu_s: of a new index from the store; the file is as it was, and not read.
        store_mib: the contact store on disk; index_mib: the index.
        worker_own_mib: memory of an LDAP worker that it shares with nobody, files apart.
        rest_own_mib: of supervisor, writer and HTTP worker.
        mapped_mib: pages of files in memory, shared by all of them: code, and what an hour's
            questions touched of the index.
        idle_cpu_share: CPU time by wall time of all processes when nobody asks.
        caller_cpu_us: a look-up in the engine; people_cpu_us: a search in the engine.
        ldap_cpu_us: a look-up over LDAP in the worker; http_cpu_us: over HTTP; search_cpu_us: a
            search over HTTP.
    """

    contacts: int
    sync_s: float
    sync_cpu_s: float
    sync_peak_mib: float
    reread_cpu_s: float
    changed_cpu_s: float
    rebuild_cpu_s: float
    store_mib: float
    index_mib: float
    worker_own_mib: float
    rest_own_mib: float
    mapped_mib: float
    idle_cpu_share: float
    caller_cpu_us: float
    people_cpu_us: float
    ldap_cpu_us: float
    http_cpu_us: float
    search_cpu_us: float

    @property
    def memory_mib(self) -> float:
        """All processes of `serve` together, each shared page counted once."""
        return self.worker_own_mib + self.rest_own_mib + self.mapped_mib

    @property
    def one_change_s(self) -> float:
        """CPU time of one changed contact: what a run with changes takes more than one without."""
        changed = max(1.0, self.contacts / CHANGED_SHARE)
        return max(0.0, self.changed_cpu_s - self.reread_cpu_s) / changed

    @property
    def disk_mib(self) -> float:
        """Store and index."""
        return self.store_mib + self.index_mib


class Calibration(msgspec.Struct, frozen=True):
    """A machine's figures.

    Attributes:
        machine: processor, cores and memory in words.
        measured_at: ISO 8601 UTC.
        points: those that the model is fitted on, ascending.
        held_out: those that it is checked with; may be none.
        curve: LDAP look-ups at rising rates, at the largest of `points`.
        load_by_cores: load average of the machine by its cores before the calibration began.
    """

    machine: str
    measured_at: str
    points: tuple[CostPoint, ...]
    held_out: tuple[CostPoint, ...] = ()
    curve: tuple[LoadPoint, ...] = ()
    load_by_cores: float = 0.0

    @property
    def was_busy(self) -> bool:
        """Whether other work filled half of the machine: latencies are then its, too."""
        return self.load_by_cores >= BUSY


class _Kept(msgspec.Struct):
    """A file with a calibration in it: ours, or a run of the benchmarks."""

    calibration: Calibration


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Keep a calibration as JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(_Kept(calibration)), indent=2) + b"\n")


def read_calibration(path: Path) -> Calibration:
    """Return the calibration of a file that `capacity --save` or `python -m bench` wrote.

    Raises:
        UnreadableCosts: it is not there, holds none, or less than two sizes.
    """
    try:
        calibration = msgspec.json.decode(path.read_bytes(), type=_Kept).calibration
    except OSError as error:
        raise UnreadableCosts(f"{path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise UnreadableCosts(
            f"{path} holds no calibration ({error}): take a file of `rufname capacity --save` or"
            " of `python -m bench curves`"
        ) from error
    if len({point.contacts for point in calibration.points}) < 2:  # noqa: PLR2004 - for a line
        raise UnreadableCosts(f"{path} holds fewer than two sizes: no model can be fitted")
    return calibration
