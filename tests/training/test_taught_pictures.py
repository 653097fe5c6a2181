"""What was kept back of an imported set is judged where its labels say what is true, and only there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from grader.image_io import write_jpeg
from grader.types import SurfaceClass
from training.label_canvas import ANY_DEFECT, GROUND, SOUND, surface_bits
from training.manifest import ManifestError
from training.taught_pictures import taught_pictures

ROT, ROT_OR_BRUISE = (
    surface_bits(SurfaceClass.ROT),
    surface_bits(SurfaceClass.ROT, SurfaceClass.BRUISE),
)


def planted(folder: Path, *splits: str) -> Path:
    """Ten rows each of: ground, sound, rot, rot or bruise, any defect, rot or sound, nothing known."""
    rows = (GROUND, SOUND, ROT, ROT_OR_BRUISE, ANY_DEFECT, ROT | SOUND, 0)
    sets = np.tile(np.repeat(np.array(rows, np.uint32), 10)[:, None], (1, 80))
    index = []
    for number, split in enumerate(splits):
        write_jpeg(folder / f"p{number}.jpg", np.full((70, 80, 3), 90, np.uint8), quality=90)
        np.savez_compressed(folder / f"p{number}.npz", surface_set=sets)
        index.append({"id": f"p{number}", "split": split, "dataset": "own", "licence": "MIT"})
    (folder / "index.json").write_text(json.dumps(index))
    return folder


def test_only_what_is_known_counts(tmp_path: Path) -> None:
    (picture,) = taught_pictures(planted(tmp_path, "train", "val", "train"))
    assert picture.frame.frame_id == "p1"
    assert picture.known is not None
    assert picture.known[::10, 0].tolist() == [True, True, True, True, True, False, False]
    assert set(picture.wanted) == {"any defect (taught)", "rot (taught)"}
    assert picture.wanted["any defect (taught)"][::10, 3].tolist() == [
        False,
        False,
        True,
        True,
        True,
        False,
        False,
    ]
    assert picture.wanted["rot (taught)"][::10, 3].tolist() == [
        False,
        False,
        True,
        False,
        False,
        False,
        False,
    ]


def test_a_set_that_was_not_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="found none: python -m training split"):
        list(taught_pictures(planted(tmp_path, "train")))
