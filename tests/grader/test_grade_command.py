from __future__ import annotations

import io
import json
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest

from grader.errors import InvalidImageError, OutputError
from grader.grade_command import (
    CSV_COLUMNS,
    Outcome,
    Output,
    class_names,
    csv_line,
    csv_row,
    grade_inputs,
    index_mask,
    mask_names,
)
from grader.image_io import read_image, write_jpeg
from grader.input_files import InputFile, list_inputs
from grader.pipeline import GradeOptions, Grader
from grader.types import DefectKind, SurfaceClass, UInt8Array

NOWHERE = Output(folder=None, masks=False, overlays=False)


def an_input(frame_id: str, relative_path: str) -> InputFile:
    return InputFile(path=Path(frame_id), frame_id=frame_id, relative_path=relative_path, kind="image")


def run(
    paths: list[Path], output: Output = NOWHERE, options: GradeOptions | None = None, jobs: int = 1
) -> tuple[list[Outcome], list[str]]:
    outcomes: list[Outcome] = []
    errors = grade_inputs(
        list_inputs(paths),
        options or GradeOptions(mm_per_px=0.5),
        output,
        jobs=jobs,
        model_dir=None,
        show=outcomes.append,
        console_file=io.StringIO(),
    )
    return outcomes, errors


@pytest.fixture(scope="module")
def two_apples(tmp_path_factory: pytest.TempPathFactory, apple_rgb: UInt8Array) -> Path:
    """A folder with a/cup.jpg and b/cup.jpg."""
    folder = tmp_path_factory.mktemp("two")
    half = np.asarray(cv2.resize(apple_rgb, (320, 240), interpolation=cv2.INTER_AREA), np.uint8)
    write_jpeg(folder / "a" / "cup.jpg", half)
    write_jpeg(folder / "b" / "cup.jpg", np.ascontiguousarray(half[::-1]))
    return folder


def test_mask_names_follow_the_relative_path() -> None:
    inputs = [an_input("lot/7/a.jpg", "7/a.jpg"), an_input("b.png", "b.png")]
    assert mask_names(inputs) == ["7__a.jpg", "b.png"]


def test_equal_names_become_full_paths() -> None:
    inputs = [an_input("/x/a.jpg", "a.jpg"), an_input("../y/a.jpg", "a.jpg"), an_input("c.jpg", "c.jpg")]
    assert mask_names(inputs) == ["x__a.jpg", "y__a.jpg", "c.jpg"]


def test_the_same_file_twice_gets_a_number() -> None:
    assert mask_names([an_input("a.jpg", "a.jpg")] * 3) == ["a.jpg", "a.jpg~2", "a.jpg~3"]


def test_a_name_made_longer_never_hits_another() -> None:
    inputs = [an_input("x/a.jpg", "a.jpg"), an_input("y/a.jpg", "a.jpg"), an_input("x__a.jpg", "x__a.jpg")]
    names = mask_names(inputs)
    assert names == ["x__a.jpg", "y__a.jpg", "x__a.jpg~2"]


def test_class_names_are_the_index_mask() -> None:
    names = class_names()
    assert names["0"] == "background"
    assert names["1"] == "sound_skin"
    assert names["2"] == "stem"
    assert names["3"] == "calyx"
    assert {names[str(kind.surface_class.value)] for kind in DefectKind} == {
        kind.value for kind in DefectKind
    }
    assert len(names) == len(SurfaceClass)


def test_csv_quotes_as_rfc_4180() -> None:
    assert csv_line(["a,b", 'say "ripe"', None, 1.5, True]) == '"a,b","say ""ripe""",,1.5,True'


def test_csv_row_has_one_value_per_column(two_apples: Path) -> None:
    outcomes, _ = run([two_apples / "a"], options=GradeOptions())
    row = dict(zip(CSV_COLUMNS, csv_row(outcomes[0].fruits[0]), strict=True))
    assert row["frame"] == (two_apples / "a" / "cup.jpg").as_posix()
    assert row["equatorial_diameter_mm"] is None
    assert row["weight_g"] is None
    assert isinstance(row["diameter_px"], float)
    assert "no_scale" in str(row["quality_flags"]).split()


def test_results_come_in_input_order_and_files_hold_what_was_shown(two_apples: Path, tmp_path: Path) -> None:
    missing, out = tmp_path / "none.jpg", tmp_path / "deep" / "out"
    outcomes, errors = run(
        [two_apples / "b", missing, two_apples / "a"], Output(folder=out, masks=True, overlays=True)
    )
    assert [Path(item.frame_id).parent.name for item in outcomes] == ["b", tmp_path.name, "a"]
    assert [bool(item.fruits) for item in outcomes] == [True, False, True]
    assert errors == [f"{missing}: expected a file or folder, found nothing"]

    shown = [fruit for outcome in outcomes for fruit in outcome.fruits]
    assert [json.loads(line) for line in (out / "fruits.jsonl").read_text().splitlines()] == shown
    frames = [json.loads(line) for line in (out / "frames.jsonl").read_text().splitlines()]
    assert [frame["fruits"] for frame in frames] == [len(outcomes[0].fruits), len(outcomes[2].fruits)]
    assert json.loads((out / "classes.json").read_text()) == class_names()
    names = [f"{two_apples.as_posix().strip('/').replace('/', '__')}__{side}__cup.jpg" for side in "ab"]
    assert sorted(path.name for path in (out / "masks").iterdir()) == [f"{name}.png" for name in names]
    assert sorted(path.name for path in (out / "overlays").iterdir()) == [f"{name}.jpg" for name in names]


def test_masks_are_only_written_on_request(two_apples: Path, tmp_path: Path) -> None:
    run([two_apples / "a"], Output(folder=tmp_path, masks=False, overlays=False))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames.jsonl", "fruits.jsonl"]


def test_index_mask_is_the_views_laid_on_the_frame(shipped_grader: Grader, two_apples: Path) -> None:
    graded = shipped_grader.grade_frame(read_image(two_apples / "a" / "cup.jpg"), GradeOptions())
    mask = index_mask(graded)
    assert mask.dtype == np.uint8
    assert mask.shape == (240, 320)
    covered = np.zeros(mask.shape, np.bool_)
    for view in graded.views:
        x0, y0, x1, y1 = view.box_xyxy_px
        covered[y0:y1, x0:x1] |= view.mask
    assert covered.any()
    assert np.array_equal(mask > 0, covered)


def test_index_mask_of_a_frame_without_fruit_is_background(shipped_grader: Grader, samples: Path) -> None:
    graded = shipped_grader.grade_frame(read_image(samples / "empty_belt.jpg"), GradeOptions())
    assert not index_mask(graded).any()


def test_a_folder_that_cannot_be_made(two_apples: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    output = Output(folder=tmp_path / "file" / "out", masks=False, overlays=False)
    with pytest.raises(
        OutputError, match=r"file/out: expected a folder that can be written to, got Not a dir"
    ):
        run([two_apples], output)


def test_a_result_file_that_is_a_folder(two_apples: Path, tmp_path: Path) -> None:
    (tmp_path / "frames.jsonl").mkdir()
    with pytest.raises(OutputError, match=r"expected a folder that can be written to, got Is a directory"):
        run([two_apples], Output(folder=tmp_path, masks=False, overlays=False))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_names_the_file(two_apples: Path, tmp_path: Path) -> None:
    (tmp_path / "fruits.jsonl").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"fruits\.jsonl: could not be written: No space left on device"):
        run([two_apples], Output(folder=tmp_path, masks=False, overlays=False))


def test_a_mask_that_cannot_be_written_stops_the_run(two_apples: Path, tmp_path: Path) -> None:
    (tmp_path / "masks" / "b__cup.jpg.png" / "in_the_way").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"b__cup\.jpg\.png: could not be written"):
        run([two_apples], Output(folder=tmp_path, masks=True, overlays=False))
    kept = [json.loads(line)["frame"] for line in (tmp_path / "fruits.jsonl").read_text().splitlines()]
    assert set(kept) == {(two_apples / "a" / "cup.jpg").as_posix()}


def test_one_fruit_is_one_outcome_with_its_unread_views(two_apples: Path, tmp_path: Path) -> None:
    missing = tmp_path / "none.jpg"
    options = GradeOptions(one_fruit=True, mm_per_px=0.5)
    outcomes, errors = run([two_apples, missing], options=options)
    assert len(outcomes) == 1
    assert [fruit["view_count"] for fruit in outcomes[0].fruits] == [2]
    assert len(outcomes[0].frames) == 2
    assert errors == [f"{missing}: expected a file or folder, found nothing"]


def test_one_fruit_without_any_fruit_is_an_empty_outcome(samples: Path) -> None:
    outcomes, errors = run([samples / "empty_belt.jpg"], options=GradeOptions(one_fruit=True))
    assert errors == []
    assert outcomes[0].fruits == ()
    assert outcomes[0].frames[0]["notes"] == ["no_fruit"]


def test_names_in_another_encoding_can_be_written(two_apples: Path, tmp_path: Path) -> None:
    gbk = "果.jpg".encode("gbk")
    folder = tmp_path / "in"
    folder.mkdir()
    path = Path(str(folder) + "/" + gbk.decode("utf-8", "surrogateescape"))
    try:
        path.write_bytes((two_apples / "a" / "cup.jpg").read_bytes())
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    outcomes, errors = run([folder], Output(folder=tmp_path / "out", masks=True, overlays=False))
    assert errors == []
    assert outcomes[0].frame_id == f"{folder.as_posix()}/\\xb9\\xfb.jpg"
    assert json.loads((tmp_path / "out" / "fruits.jsonl").read_text().splitlines()[0])["frame"].endswith(
        ".jpg"
    )


def test_an_input_that_failed_while_listing_says_why(tmp_path: Path) -> None:
    item = list_inputs([tmp_path / "x.jpg"])[0]
    assert isinstance(item.error, InvalidImageError)
    assert {field.name for field in fields(item)} >= {"frame_id", "relative_path", "error"}
