"""Which fruit of lots keep their pictures, and the saving of them. A full disk costs pictures, never a fruit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

from service.errors import StorageError
from service.line.line_grader import ViewWork
from service.line.quiet_log import QuietLog
from service.store.evidence_store import NewPicture
from service.store.picture_folder import PictureFolder

MOST_WAITING_BYTES = 200_000_000
"""Of pictures that wait for the disk: beyond that fruit are stored without."""


def is_audited(lot_id: int, fruit_name: str, fraction: float) -> bool:
    """Whether a fruit belongs to the random sample of its lot. The same fruit always gets the same answer.

    fraction: 0-1 of the fruit.

    >>> [number for number in range(800) if is_audited(1, str(number), 0.01)]
    [509, 661, 691, 783]
    """
    drawn = int.from_bytes(sha256(f"{lot_id}:{fruit_name}".encode()).digest()[:8], "big")
    return drawn < fraction * 2**64


def is_doubtful(record: Mapping[str, object]) -> bool:
    """Whether the grader asks for a person."""
    grade = record.get("grade")
    return isinstance(grade, Mapping) and grade.get("review") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceCounts:
    """Fruit since the service started: with pictures, and stored without. problem: why, the last time."""

    kept: int
    missed: int
    problem: str | None


class Evidence:
    """The folder of evidence. audit_fraction: 0-1 of the fruit that people judge too, blind."""

    def __init__(
        self,
        folder: PictureFolder,
        *,
        audit_fraction: float,
        most_waiting_bytes: int = MOST_WAITING_BYTES,
    ) -> None:
        self._folder, self._audit_fraction = folder, audit_fraction
        self._most_waiting_bytes = most_waiting_bytes
        self._lock, self._log = Lock(), QuietLog()
        self._waiting_bytes = self._kept = self._missed = 0
        self._problem: str | None = None

    def is_audited(self, lot_id: int, fruit_name: str) -> bool:
        """Whether a fruit belongs to the random sample."""
        return is_audited(lot_id, fruit_name, self._audit_fraction)

    def take_on(self, works: Sequence[ViewWork]) -> bool:
        """Whether there is memory for views that wait for the disk; `leave` gives it back."""
        size = sum(len(work.data) for work in works)
        with self._lock:
            if self._waiting_bytes + size > self._most_waiting_bytes:
                self._miss("too many pictures wait for the disk")
                return False
            self._waiting_bytes += size
        return True

    def leave(self, works: Sequence[ViewWork]) -> None:
        """Views do not wait any more."""
        with self._lock:
            self._waiting_bytes -= sum(len(work.data) for work in works)

    def save(self, works: Sequence[ViewWork]) -> tuple[NewPicture, ...]:
        """Put views on disk. None where that is not possible; counted and logged."""
        try:
            found = tuple(
                NewPicture(picture_hash=self._folder.save(work.data), camera=work.camera, view=work.view)
                for work in works
            )
        except StorageError as error:
            with self._lock:
                self._miss(str(error))
            self._log.warn("evidence_not_kept", problem=str(error))
            return ()
        with self._lock:
            self._kept += bool(found)
        return found

    def counts(self) -> EvidenceCounts:
        """Of now."""
        with self._lock:
            return EvidenceCounts(kept=self._kept, missed=self._missed, problem=self._problem)

    def _miss(self, problem: str) -> None:
        self._missed += 1
        self._problem = problem
