"""A data folder of real pictures, judged by the real network, as the page is to show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader.image_io import read_image
from grader.pipeline import GradeOptions, Grader
from grader.production import production_model
from grader.record import record_to_json
from grader.types import Crop
from service.archive import Archive
from service.store.evidence_store import NewPicture
from service.store.fruit_store import NewLotFruit
from service.store.lot_store import StoredLot
from tests.service.lot_fruit import judged, open_lot

SAMPLES = Path(__file__).parents[3] / "sample_images"
TURN = sorted((SAMPLES / "turning_apple").glob("*.jpg"))[::3]
"""Four views of one apple."""


def stock_with_samples(archive: Archive) -> None:
    """A lot with one turning apple and some single views, all waiting for a person."""
    grader = Grader.load(production_model())
    lot = open_lot(archive.lots, "LX-1122-3")
    shown = [TURN, *([SAMPLES / f"apple_{name}.jpg"] for name in ("scab", "russet", "insect"))]
    archive.fruit.add(
        [_fruit(archive, grader, lot, 41 + number, files) for number, files in enumerate(shown)]
    )


def _fruit(
    archive: Archive, grader: Grader, lot: StoredLot, number: int, files: Sequence[Path]
) -> NewLotFruit:
    options = GradeOptions(crop=Crop.APPLE, mm_per_px=0.25, one_fruit=len(files) > 1)
    record = grader.grade_views([read_image(file) for file in files], options).record
    assert record is not None
    graded = record_to_json(replace(record, grade=replace(record.grade, review=True)))
    pictures = tuple(
        NewPicture(picture_hash=archive.views.save(file.read_bytes()), camera="top", view=view)
        for view, file in enumerate(files)
    )
    return replace(judged(lot, number), fruit_name=str(number), record=graded, pictures=pictures)
