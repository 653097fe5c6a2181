from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.calibration import (
    CALIBRATION_OLD,
    MAX_REPROJECTION_ERROR_PX,
    REFUSE_AFTER,
    WARN_AFTER,
    Calibration,
    apply_colour,
    load_calibration,
    save_calibration,
)
from grader.errors import CalibrationError, OutputError

MADE = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def calibration(**changes: object) -> Calibration:
    values: dict[str, object] = {
        "camera_id": "lane1-top",
        "created_at": MADE,
        "colour_at": MADE,
        "image_size_wh": (640, 480),
        "camera_matrix": np.array([[800.0, 0, 320], [0, 800.0, 240], [0, 0, 1]]),
        "distortion": np.array([-0.1, 0.02, 0.0, 0.0, 0.0]),
        "reprojection_error_px": 0.2,
        "mm_per_px_belt": 0.5,
        "camera_height_mm": 400.0,
        "belt_tilt_deg": 0.5,
        "colour_matrix": np.diag([1.1, 1.0, 1.3]),
        "colour_error_delta_e": 1.2,
        "grey_gains": (1.1, 1.0, 1.3),
        "notes": ("made at night",),
    }
    return Calibration(**(values | changes))


def same(first: Calibration, second: Calibration) -> bool:
    return all(np.array_equal(getattr(first, f.name), getattr(second, f.name)) for f in fields(Calibration))


def test_file_round_trip(tmp_path: Path) -> None:
    for made in (
        calibration(),
        calibration(colour_at=None, colour_matrix=None, colour_error_delta_e=None, grey_gains=None, notes=()),
    ):
        save_calibration(made, tmp_path / "cam.json")
        assert same(load_calibration(tmp_path / "cam.json"), made)


def test_arrays_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        calibration().camera_matrix[0, 0] = 1


def test_a_frame_of_another_size_is_refused() -> None:
    assert calibration().check((480, 640), MADE) == ()
    with pytest.raises(CalibrationError, match="expected frames of 640 x 480 px, got 480 x 640"):
        calibration().check((640, 480), MADE)


@pytest.mark.parametrize(
    ("age", "flags"),
    [
        (timedelta(0), ()),
        (WARN_AFTER - TICK, ()),
        (WARN_AFTER, (CALIBRATION_OLD,)),
        (WARN_AFTER + TICK, (CALIBRATION_OLD,)),
        (REFUSE_AFTER - TICK, (CALIBRATION_OLD,)),
        (-timedelta(hours=23), ()),
    ],
)
def test_age(age: timedelta, flags: tuple[str, ...]) -> None:
    assert calibration().check((480, 640, 3), MADE + age) == flags


@pytest.mark.parametrize("age", [REFUSE_AFTER, REFUSE_AFTER + TICK])
def test_too_old_is_refused(age: timedelta) -> None:
    with pytest.raises(CalibrationError, match="at most 365 days old, it is 365 days old; calibrate again"):
        calibration().check((480, 640), MADE + age)


def test_limits_of_age_are_settings() -> None:
    made = calibration()
    assert made.check((480, 640), MADE + timedelta(days=2), warn_after=timedelta(days=2)) == (
        CALIBRATION_OLD,
    )
    with pytest.raises(CalibrationError, match="at most 2 days"):
        made.check((480, 640), MADE + timedelta(days=2), refuse_after=timedelta(days=2))


def test_the_older_of_geometry_and_colour_counts() -> None:
    renewed = calibration(colour_at=MADE + timedelta(days=29))
    assert renewed.check((480, 640), MADE + timedelta(days=30)) == (CALIBRATION_OLD,)


def test_a_calibration_from_the_future_is_refused() -> None:
    with pytest.raises(CalibrationError, match="set the clock"):
        calibration().check((480, 640), MADE - timedelta(days=2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"camera_id": " "}, "camera_id"),
        ({"created_at": datetime(2026, 1, 1)}, "created_at: expected a time with its zone"),  # noqa: DTZ001
        ({"image_size_wh": (0, 480)}, "image_size_wh"),
        ({"camera_matrix": np.eye(2)}, r"camera_matrix: expected an array of \(3, 3\)"),
        ({"camera_matrix": np.zeros((3, 3))}, "positive focal lengths"),
        ({"distortion": np.array([0, 0, np.nan, 0, 0])}, "distortion: expected finite numbers"),
        ({"reprojection_error_px": np.nextafter(MAX_REPROJECTION_ERROR_PX, 2)}, "flat board"),
        ({"reprojection_error_px": float("nan")}, "reprojection_error_px"),
        ({"mm_per_px_belt": 0.0}, "mm_per_px_belt"),
        ({"camera_height_mm": -1.0}, "camera_height_mm"),
        ({"belt_tilt_deg": 80.0}, "belt_tilt_deg"),
        ({"colour_matrix": np.ones((3, 3))}, "colour_matrix: expected invertible"),
        ({"colour_matrix": np.diag([1, 1, 0.04])}, "condition 25"),
        ({"colour_at": None}, "colour_at: expected a time"),
        ({"colour_error_delta_e": 4.01}, "no glare on the card"),
    ],
)
def test_impossible_values_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        calibration(**changes)


def test_limits_themselves_are_allowed() -> None:
    calibration(reprojection_error_px=MAX_REPROJECTION_ERROR_PX, colour_error_delta_e=4.0)
    calibration(colour_matrix=np.diag([1, 1, 0.05]))


def written(tmp_path: Path, **changes: object) -> Path:
    path = tmp_path / "cam.json"
    save_calibration(calibration(), path)
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in content.items() if value != "DROP"}))
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "calibration/2"}, "expected schema 'calibration/1', got 'calibration/2'"),
        ({"mm_per_pixel": 1}, r"unknown keys \['mm_per_pixel'\]"),
        ({"distortion": "DROP"}, r"missing keys \['distortion'\]"),
        ({"mm_per_px_belt": "0.5"}, "mm_per_px_belt: expected a number, got 0.5"),
        ({"mm_per_px_belt": True}, "mm_per_px_belt: expected a number"),
        ({"created_at": "yesterday"}, "wrong kind"),
        ({"created_at": "2026-01-01T00:00:00"}, "with its zone"),
        ({"camera_matrix": [[1, 2], [3]]}, "wrong kind"),
        ({"image_size_wh": [640]}, "image_size_wh: expected a list of 2"),
        ({"grey_gains": [1, 2]}, "grey_gains: expected a list of 3"),
        ({"notes": "old"}, "notes: expected a list"),
        ({"camera_id": 7}, "camera_id: expected a name"),
        ({"reprojection_error_px": 3.0}, "reprojection_error_px: expected 0 to 1"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(CalibrationError, match=rf"cam\.json: .*{message}"):
        load_calibration(written(tmp_path, **changes))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1, 2]"])
def test_what_is_no_calibration_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cam.json").write_bytes(content)
    with pytest.raises(CalibrationError, match=r"cam\.json: expected"):
        load_calibration(tmp_path / "cam.json")
    with pytest.raises(CalibrationError, match=r"none\.json: .*No such file"):
        load_calibration(tmp_path / "none.json")


def test_saving_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cam\.json"):
        save_calibration(calibration(), tmp_path / "file" / "cam.json")


def test_scale_above_the_belt() -> None:
    made = calibration()
    assert made.mm_per_px_at(0) == 0.5
    assert made.mm_per_px_at(40) == 0.45  # 360 mm away at 800 px
    with pytest.raises(CalibrationError, match="below the camera"):
        made.mm_per_px_at(400)
    scale = made.scale()
    assert (scale.mm_per_px_belt, scale.camera_height_mm, scale.principal_xy_px) == (
        0.5,
        400.0,
        (320.0, 240.0),
    )


def test_colour_without_matrix_is_linear_srgb() -> None:
    codes = np.array([[0, 10, 255]], np.uint8)
    # IEC 61966-2-1: 10 lies on the straight part, 10 / 255 / 12.92.
    assert apply_colour(codes, None).tolist()[0] == pytest.approx([0.0, 10 / 255 / 12.92, 1.0])


@given(st.lists(st.integers(0, 255), min_size=3, max_size=3))
def test_colour_matrix_acts_on_linear_light(code: list[int]) -> None:
    rgb = np.array([[code]], np.uint8)
    matrix = np.array([[1.2, 0.1, 0.0], [0.0, 0.9, 0.1], [0.05, 0.0, 1.5]])
    assert np.allclose(apply_colour(rgb, matrix)[0, 0], matrix @ apply_colour(rgb, None)[0, 0], atol=1e-5)


def test_the_scale_carries_lens_and_belt() -> None:
    normal = (0.0, float(np.sin(0.2)), float(np.cos(0.2)))
    made = calibration(distortion=np.array([-0.25, 0.05, 0.0, 0.0, 0.0]), belt_normal=normal)
    scale = made.scale()
    assert scale.distortion == (-0.25, 0.05, 0.0, 0.0, 0.0)
    assert scale.belt_normal == normal
    assert scale.focal_px == pytest.approx(made.focal_px)


def test_a_file_without_the_belt_normal_is_read_as_straight_down(tmp_path: Path) -> None:
    path = tmp_path / "camera.json"
    save_calibration(calibration(), path)
    content = json.loads(path.read_text())
    del content["belt_normal"]
    path.write_text(json.dumps(content))
    assert load_calibration(path).belt_normal == (0.0, 0.0, 1.0)


def test_a_belt_normal_that_is_none_is_refused() -> None:
    with pytest.raises(CalibrationError, match="belt_normal: expected a unit vector"):
        calibration(belt_normal=(0.0, 0.5, 1.0))


def test_replace_is_checked_too() -> None:
    with pytest.raises(CalibrationError):
        replace(calibration(), mm_per_px_belt=-1.0)
