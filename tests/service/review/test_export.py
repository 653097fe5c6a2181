"""Answered fruit as a training set: read by the real importer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from grader.types import SurfaceClass
from service.archive import Archive
from service.cli import app
from service.errors import ExportError
from service.review.export import ExportReport, export_corrections
from service.review.painted_mask import paint_marks
from tests.fakes import FakeGrader, painted_line_picture
from tests.service.lot_fruit import open_lot
from tests.service.review.review_fruit import open_archive, seen
from tests.service.review.test_corrections import answer, deciding, wanted
from tests.training.labelled_sets import add_picture

ROT = {"kind": "rot", "erase": False, "shape": "brush", "points": [[60, 60], [80, 60]], "width_px": 9.0}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path / "data")


def marked(archive: Archive, number: int, *marks: dict[str, object], key: int) -> None:
    new = wanted(number, "change", key=key)
    archive.corrections.add(replace(new, asked={**new.asked, "marks": list(marks)}), deciding("change", "II"))


def textured(folder: Path, seed: int) -> bytes:
    """A disc before grey as in a warehouse, no two alike: the importer refuses twins."""
    add_picture(folder / f"{seed}.png", seed)
    return (folder / f"{seed}.png").read_bytes()


def export(archive: Archive, folder: Path, lot: str | None = None) -> ExportReport:
    return export_corrections(archive, FakeGrader(), folder, lot=lot, licence="own", source="yard")


def test_the_importer_takes_what_people_confirmed_and_drew(archive: Archive, tmp_path: Path) -> None:
    from training.import_set import ImportWish, import_set

    lot = open_lot(archive.lots, "L1")
    numbers = archive.fruit.add(
        [
            seen(
                archive,
                lot,
                number,
                pictures=[textured(tmp_path, 2 * number), textured(tmp_path, 2 * number + 1)],
            )
            for number in range(6)
        ]
    )
    (audited,) = archive.fruit.add([seen(archive, lot, 9, audit=True)])
    answer(archive, audited, "I", key=7)
    answer(archive, numbers[0], "confirm", key=1)
    marked(archive, numbers[1], {**ROT, "view": 1}, key=2)
    answer(archive, numbers[2], "II", key=3)
    answer(archive, numbers[3], "cannot_tell", key=4)
    answer(archive, numbers[4], "confirm", key=5)
    answer(archive, numbers[4], "undo", 1, key=6)
    out = tmp_path / "set"
    report = export(archive, out)
    assert (report.fruit, report.pictures) == (2, 3)
    assert report.left_out == {
        "with another class but no mark": 1,
        "could not be told": 1,
        "taken back": 1,
        "of the random sample": 1,
    }
    imported = import_set(
        ImportWish(source=out, out=tmp_path / "runs", dataset="corrected", licence="own", join_alike=True),
        Console(quiet=True),
    )
    assert imported.pictures == 3
    assert (imported.format, imported.groups) == ("corrected", 2)
    assert {name: imported.classes[name].pictures for name in ("sound_skin", "rot")} == {
        "sound_skin": 3,
        "rot": 1,
    }


def test_marks_are_painted_on_the_fruit_only() -> None:
    mask = np.zeros((100, 100), np.uint8)
    cv2.circle(mask, (50, 50), 30, SurfaceClass.SOUND_SKIN, -1)
    mask[48:53, 40:50] = SurfaceClass.BRUISE
    polygon = [[45, 60], [120, 60], [120, 70], [45, 70]]
    marks = [
        {"view": 0, "kind": None, "erase": True, "shape": "brush", "points": [[45, 50]], "width_px": 30.0},
        {"view": 0, "kind": "rot", "erase": False, "shape": "polygon", "points": polygon, "width_px": None},
    ]
    painted = paint_marks(mask, marks)
    assert (painted > 0).sum() == (mask > 0).sum()
    assert not (painted == SurfaceClass.BRUISE).any()
    assert (painted[65, 50], painted[65, 95], painted[40, 50]) == (
        SurfaceClass.ROT,
        SurfaceClass.BACKGROUND,
        SurfaceClass.SOUND_SKIN,
    )
    assert mask[50, 45] == SurfaceClass.BRUISE


def test_one_lot_pictures_once_and_without_what_is_gone(archive: Archive, tmp_path: Path) -> None:
    one, other = open_lot(archive.lots, "L1"), open_lot(archive.lots, "L2", lanes=(2,))
    same = painted_line_picture(shade=5)
    fruit = archive.fruit.add(
        [
            seen(archive, one, 1, pictures=[same]),
            seen(archive, one, 2, pictures=[same]),
            seen(archive, one, 3),
            seen(archive, other, 4),
        ]
    )
    for key, number in enumerate(fruit):
        answer(archive, number, "confirm", key=key)
    archive.views.delete(archive.evidence.pictures([fruit[2]])[fruit[2]][0].picture_hash)
    report = export(archive, tmp_path / "set", "L1")
    assert (report.pictures, report.left_out) == (1, {"views whose picture is gone": 1})


def test_what_cannot_be_written_is_said(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(
        ExportError, match="expected confirmed or marked fruit with pictures, got none: nobody"
    ):
        export(archive, tmp_path / "set")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "a.txt").touch()
    with pytest.raises(ExportError, match="expected a new or empty folder, it holds something already"):
        export(archive, tmp_path / "taken")
    archive.close()
    done = CliRunner().invoke(
        app, ["review-export", "--out", str(tmp_path / "set"), "--data-dir", str(tmp_path / "data")]
    )
    assert done.exit_code == 1
    assert "nobody answered a fruit" in done.stderr
