"""Fruit that wait for a person, with pictures, put straight into an archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from service.archive import Archive
from service.store.evidence_store import NewPicture
from service.store.fruit_store import NewLotFruit
from service.store.lot_store import StoredLot
from tests.fakes import painted_line_picture
from tests.service.lot_fruit import judged, open_lot

KEY = "key-{:08d}"


def open_archive(folder: Path, database: str | None = None) -> Archive:
    return Archive.open(folder, min_free_bytes=0, database=database)


def seen(
    archive: Archive,
    lot: StoredLot,
    number: int,
    *,
    pictures: Sequence[bytes] | None = None,
    audit: bool = False,
    review: bool = True,
    **more: object,
) -> NewLotFruit:
    """A fruit with pictures: one of its own, unless they are given."""
    shown = [painted_line_picture(shade=number % 100, number=number)] if pictures is None else pictures
    views = tuple(
        NewPicture(picture_hash=archive.views.save(one), camera="top", view=view)
        for view, one in enumerate(shown)
    )
    fruit = judged(lot, number, review=review, **more)  # type: ignore[arg-type]
    return replace(fruit, pictures=views, audit=audit)


def fill(
    archive: Archive, *, doubtful: int = 3, audits: int = 0, sound: int = 0, code: str = "L1"
) -> list[int]:
    """A lot whose fruit are first doubtful, then of the random sample, then sound; their numbers."""
    lot = open_lot(archive.lots, code, lanes=(len(archive.lots.running()) + 1,))
    fruit = [seen(archive, lot, number) for number in range(doubtful)]
    fruit += [seen(archive, lot, 100 + number, audit=True, review=False) for number in range(audits)]
    fruit += [judged(lot, 200 + number) for number in range(sound)]
    return list(archive.fruit.add(fruit))
