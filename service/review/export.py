"""Answered fruit as a corrected set for training: `corrected-set/1`, which `python -m training import` reads.

Every pixel of a mask is a claim, so only views come in that a person looked at pixel by pixel, or found right: of a
confirmed fruit all views with the network's mask; of a fruit with marks the views that were drawn on, with the mask as
it was corrected. A class alone does not say where the fault is: such fruit are left out, and counted. So is what was
judged blind: it says how good the network is, which learns nothing of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import InvalidImageError
from grader.grade_command import class_names, index_mask
from grader.image_io import decode_image, write_bytes, write_png
from grader.pipeline import GradeOptions
from grader.types import Crop
from service.archive import Archive
from service.errors import ExportError, NotFoundError
from service.grading_port import FruitGrader
from service.picture_type import picture_type
from service.review.answering import CANNOT_TELL
from service.review.painted_mask import paint_marks
from service.store.review_store import ReviewFruit, StoredAnswer

SCHEMA = "corrected-set/1"
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """fruit, pictures: written. left_out: answered fruit (and views) that were not, by reason."""

    fruit: int
    pictures: int
    left_out: dict[str, int]


def export_corrections(
    archive: Archive, grader: FruitGrader, folder: Path, *, lot: str | None, licence: str, source: str
) -> ExportReport:
    """Write a corrected set; `set.json` comes last, so half a set is none.

    grader: draws the masks of the views anew. lot: code, None for all lots. source: who or what the pictures are from.

    Raises:
        ExportError: the folder holds something already, or there is nothing to write. StorageError, OutputError
    """
    if folder.exists() and any(folder.iterdir()):
        raise ExportError(f"{folder}: expected a new or empty folder, it holds something already")
    left_out: Counter[str] = Counter()
    rows: list[dict[str, str]] = []
    written: set[str] = set()
    for number in archive.review.answered():
        fruit = archive.review.fruit(number)
        if lot is not None and fruit.lot_code != lot:
            continue
        standing = fruit.standing[-1] if fruit.standing else None
        why_not = _why_not(fruit, standing)
        if why_not is not None or standing is None:
            left_out[why_not or "taken back"] += 1
            continue
        views = sorted({int(str(mark["view"])) for mark in standing.marks}) or None
        for picture in archive.evidence.pictures([number])[number]:
            if picture.picture_hash in written or (views is not None and picture.position not in views):
                continue
            marks = [mark for mark in standing.marks if mark["view"] == picture.position]
            problem, name = _write_view(
                archive, grader, folder, fruit, picture.picture_hash, picture.position, marks
            )
            if problem is not None:
                left_out[problem] += 1
                continue
            written.add(picture.picture_hash)
            rows.append(
                {
                    "file": name,
                    "fruit_id": f"{fruit.lot_code}/{number}",
                    "lot": fruit.lot_code,
                    "source": source,
                    "licence": licence,
                    "crop": str(fruit.record["crop"]),
                }
            )
    if not rows:
        told = (
            ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "nobody answered a fruit"
        )
        raise ExportError(f"expected confirmed or marked fruit with pictures, got none: {told}")
    _write_json(folder / "classes.json", class_names())
    _write_json(folder / "set.json", {"schema": SCHEMA, "pictures": rows})
    return ExportReport(
        fruit=len({row["fruit_id"] for row in rows}), pictures=len(rows), left_out=dict(left_out)
    )


def _why_not(fruit: ReviewFruit, standing: StoredAnswer | None) -> str | None:
    """Why a fruit teaches nothing; None when it does."""
    if standing is None:
        return "taken back"
    if fruit.audited:
        return "of the random sample"
    if standing.marks:
        return None
    if standing.answer == CANNOT_TELL:
        return "could not be told"
    return None if standing.person_class == fruit.machine_class else "with another class but no mark"


def _write_view(
    archive: Archive,
    grader: FruitGrader,
    folder: Path,
    fruit: ReviewFruit,
    name: str,
    position: int,
    marks: Sequence[Mapping[str, Any]],
) -> tuple[str | None, str]:
    """Picture and mask of a view; what stands against it, and its file name."""
    try:
        data = archive.views.read(name)
        suffix = SUFFIXES.get(picture_type(data))
        if suffix is None:
            return "views that are no JPEG or PNG", ""
        file = f"{fruit.lot_fruit_id}_{position}{suffix}"
        graded = grader.grade_frame(
            decode_image(data, file), GradeOptions(crop=Crop(str(fruit.record["crop"])))
        )
    except NotFoundError:
        return "views whose picture is gone", ""
    except InvalidImageError:
        return "views that cannot be read", ""
    if not graded.records:
        return "views without a fruit", ""
    write_png(folder / "masks" / f"{file}.png", paint_marks(index_mask(graded), marks))
    write_bytes(folder / file, data)
    return None, file


def _write_json(path: Path, content: object) -> None:
    write_bytes(path, json.dumps(content, ensure_ascii=False, indent=1).encode())
