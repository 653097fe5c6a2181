"""Reads the list of photographs: which picture is in which split, what is known of it, under which licence."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.errors import GraderError
from grader.types import Crop

Split = Literal["train", "val"]
SPLITS: tuple[Split, ...] = ("train", "val")
COLUMNS = ("path", "split", "group", "label", "label_kind")
CROP_OF_FOLDER = {"apples": Crop.APPLE, "melons": Crop.MELON}

# Kinds of label whose `label` column names a file below the data set's folder.
FILE_LABEL_KINDS = frozenset(
    {"defect_mask", "fruit_and_defect_mask", "yolo_boxes", "voc_boxes", "yolo_boxes_ripeness"}
)
LABEL_KINDS = FILE_LABEL_KINDS | {
    "image_class",
    "turntable_condition",
    "variety",
    "cultivar_sound",
    "size",
    "multi_view",
    "weight",
}
# The names of these pictures restart in every upstream part (train/, val/, test/): `Golden-Delicious_001` is another
# photograph in each, so their group is only unique together with the part.
GROUP_PER_PART_KINDS = frozenset({"variety"})


class ManifestError(GraderError):
    """The list of photographs or a file it names is missing, malformed, or leaks between the splits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photograph:
    """One picture of the data folder.

    path: the picture. dataset: name of its folder, such as `rot_masks_melo04`.
    name: unique, usable as a file name. group: pictures of one group show the same fruit or scene.
    label, label_kind: as in the list. label_file: the file `label` names, None where it names none.
    licence: as stated in SOURCE.json of the data set.
    """

    path: Path
    name: str
    split: Split
    group: str
    dataset: str
    crop: Crop
    label: str
    label_kind: str
    label_file: Path | None
    licence: str


def load_manifest(data_dir: Path) -> tuple[Photograph, ...]:
    """Reads `manifest.csv` of the data folder, in its order.

    Raises:
        ManifestError: a missing list, column, picture, label file or SOURCE.json; an unknown split, crop or kind of
            label; a picture listed twice; a group that is in both splits.
    """
    listing = data_dir / "manifest.csv"
    if not listing.is_file():
        raise ManifestError(f"expected a list of photographs at {listing}, found none")
    licences: dict[str, str] = {}
    photographs: list[Photograph] = []
    with listing.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ManifestError(f"{listing}: expected the columns {COLUMNS}, got {reader.fieldnames}")
        for row in reader:
            photographs.append(_read_row(row, data_dir, licences, f"{listing}:{reader.line_num}"))
    _check_unique(photographs, listing)
    _check_no_leak(photographs, listing)
    return tuple(photographs)


def select_photographs(
    photographs: Iterable[Photograph],
    *,
    split: Split | None = None,
    datasets: frozenset[str] | None = None,
    licences: frozenset[str] | None = None,
) -> tuple[Photograph, ...]:
    """Keeps what has the split, the data set and the licence asked for; None asks for nothing. Order is kept.

    Raises:
        ManifestError: a data set or licence that no photograph has (a typing error would empty the training set).
    """
    known = tuple(photographs)
    for what, asked, present in (
        ("dataset", datasets, {photo.dataset for photo in known}),
        ("licence", licences, {photo.licence for photo in known}),
    ):
        if asked is not None and asked - present:
            raise ManifestError(
                f"unknown {what} {sorted(asked - present)}, expected some of {sorted(present)}"
            )
    return tuple(
        photo
        for photo in known
        if (split is None or photo.split == split)
        and (datasets is None or photo.dataset in datasets)
        and (licences is None or photo.licence in licences)
    )


def _read_row(row: dict[str, str], data_dir: Path, licences: dict[str, str], where: str) -> Photograph:
    parts = Path(row["path"] or "").parts
    if len(parts) < 3 or parts[0] not in CROP_OF_FOLDER:
        raise ManifestError(f"{where}: expected path (apples|melons)/dataset/..., got {row['path']!r}")
    if row["split"] not in SPLITS:
        raise ManifestError(f"{where}: expected split {' or '.join(SPLITS)}, got {row['split']!r}")
    if row["label_kind"] not in LABEL_KINDS:
        raise ManifestError(
            f"{where}: unknown label_kind {row['label_kind']!r}, expected one of {sorted(LABEL_KINDS)}"
        )
    if not row["group"]:
        raise ManifestError(f"{where}: expected a group, got none")
    folder = data_dir / parts[0] / parts[1]
    dataset = parts[1]
    if dataset not in licences:
        licences[dataset] = _read_licence(folder / "SOURCE.json")
    label_file = folder / row["label"] if row["label_kind"] in FILE_LABEL_KINDS else None
    path = data_dir / row["path"]
    for needed in (path, label_file):
        if needed is not None and not needed.is_file():
            raise ManifestError(f"{where}: expected a file at {needed}, found none")
    per_part = row["label_kind"] in GROUP_PER_PART_KINDS
    return Photograph(
        path=path,
        name="__".join((*parts[1:-1], path.name.replace(".", "_"))),
        split=row["split"],
        group=f"{parts[2]}/{row['group']}" if per_part else row["group"],
        dataset=dataset,
        crop=CROP_OF_FOLDER[parts[0]],
        label=row["label"],
        label_kind=row["label_kind"],
        label_file=label_file,
        licence=licences[dataset],
    )


def _read_licence(source: Path) -> str:
    try:
        stated = json.loads(source.read_text(encoding="utf-8"))["license"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"{source}: expected JSON with a `license`, got {error!r}") from error
    if not isinstance(stated, str) or not stated:
        raise ManifestError(f"{source}: expected `license` to be a text, got {stated!r}")
    return stated


def _check_unique(photographs: list[Photograph], listing: Path) -> None:
    seen: set[str] = set()
    for photo in photographs:
        if photo.name in seen:
            raise ManifestError(f"{listing}: expected every picture once, {photo.path} is listed twice")
        seen.add(photo.name)


def _check_no_leak(photographs: list[Photograph], listing: Path) -> None:
    split_of_group: dict[str, Split] = {}
    for photo in photographs:
        if split_of_group.setdefault(photo.group, photo.split) != photo.split:
            raise ManifestError(f"{listing}: group {photo.group!r} is in both splits, expected in one")
