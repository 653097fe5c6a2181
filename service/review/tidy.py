"""Gives up pictures whose time is over: the rows first, then the files that no row needs. Can be stopped anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import islice
from threading import Event, Thread
from typing import TypeVar

import structlog

from service.errors import StorageError
from service.review.retention import Retention, is_over
from service.store.evidence_store import EvidenceStore
from service.store.picture_folder import PictureFolder

GRACE = timedelta(hours=1)
"""Younger files are left alone: pictures are saved before their rows."""
EVERY_S = 86_400.0
FIRST_S = 60.0
MOST_AT_ONCE = 500

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class TidyReport:
    """fruit: whose time was over, with so many pictures. files: deleted; freed_bytes: what that gave."""

    fruit: int
    pictures: int
    files: int
    freed_bytes: int


def tidy(store: EvidenceStore, folder: PictureFolder, rule: Retention, now: datetime) -> TidyReport:
    """Raises StorageError; what was done so far is done, the rest is found the next time."""
    fruit = pictures = files = freed_bytes = 0
    for page in store.kept():
        over = [one.lot_fruit_id for one in page if is_over(one, rule, now)]
        fruit += len(over)
        for numbers in _in_parts(over):
            pictures += store.give_up(numbers, at=now)
    for names in _in_parts(folder.names_before((now - GRACE).timestamp())):
        for name in set(names) - store.needed(names):
            freed_bytes += folder.delete(name)
            files += 1
    return TidyReport(fruit=fruit, pictures=pictures, files=files, freed_bytes=freed_bytes)


class DailyTidy:
    """Calls `work` `first_s` after the start, then once a day, in a thread of its own."""

    def __init__(self, work: Callable[[], TidyReport], *, first_s: float = FIRST_S) -> None:
        self._work, self._first_s = work, first_s
        self._ending = Event()
        self._thread = Thread(target=self._run, name="tidy", daemon=True)

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def stop(self) -> None:
        """End; a tidying that is under way is finished."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause_s = self._first_s
        while not self._ending.wait(pause_s):
            pause_s = EVERY_S
            try:
                structlog.get_logger().info("evidence_tidied", **asdict(self._work()))
            except StorageError as error:
                structlog.get_logger().warning("evidence_not_tidied", problem=str(error))


def _in_parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Lists of at most so many items as a query takes."""
    left = iter(items)
    while part := list(islice(left, MOST_AT_ONCE)):
        yield part
