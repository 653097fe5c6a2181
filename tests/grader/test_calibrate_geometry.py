from __future__ import annotations

import cv2
import numpy as np
import pytest

from grader.calibrate_geometry import (
    MIN_BOARDS,
    Board,
    Charuco,
    Chessboard,
    Geometry,
    calibrate_geometry,
    find_board,
    parse_board,
)
from grader.errors import CalibrationError
from grader.types import Frame
from tests.grader.painted_boards import PaintedCamera, paint_board

CAMERA = PaintedCamera()
BELT_HEIGHT_MM = 500.0
CHESSBOARD = Chessboard(columns=9, rows=6, square_mm=25)
CHARUCO = Charuco(columns=10, rows=7, square_mm=25, marker_mm=18, dictionary="DICT_5X5_100")
POSES = [
    ((0.0, 0.0, 0.02), (-90.0, -60.0, BELT_HEIGHT_MM)),
    ((0.5, 0.0, 0.0), (-150.0, -110.0, 480.0)),
    ((-0.5, 0.1, 0.0), (-20.0, -100.0, 500.0)),
    ((0.0, 0.5, 0.1), (-160.0, -10.0, 520.0)),
    ((0.0, -0.5, 0.0), (-30.0, -20.0, 470.0)),
    ((0.3, 0.3, 0.0), (-100.0, -60.0, 420.0)),
    ((-0.3, 0.4, 0.2), (-70.0, -90.0, 450.0)),
]


def paint(board: Board, poses: list[tuple[tuple[float, ...], tuple[float, ...]]]) -> list[Frame]:
    rays = CAMERA.rays()
    shift = 25.0 if isinstance(board, Charuco) else 0.0  # its origin is the outer corner
    return [
        paint_board(CAMERA, rays, board, turn, (at[0] - shift, at[1] - shift, at[2]), f"pose{index}.png")
        for index, (turn, at) in enumerate(poses)
    ]


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return paint(CHESSBOARD, POSES)


@pytest.fixture(scope="module")
def geometry(frames: list[Frame]) -> Geometry:
    return calibrate_geometry(frames, CHESSBOARD, belt_index=0)


def check_truth(found: Geometry) -> None:
    assert found.camera_matrix[0, 0] == pytest.approx(CAMERA.focal_px, rel=0.005)
    assert found.camera_matrix[1, 1] == pytest.approx(CAMERA.focal_px, rel=0.005)
    assert found.camera_matrix[0, 2] == pytest.approx(CAMERA.centre_xy[0], abs=3)
    assert found.camera_matrix[1, 2] == pytest.approx(CAMERA.centre_xy[1], abs=3)
    assert found.distortion[:2] == pytest.approx(CAMERA.distortion[:2], abs=0.02)
    assert found.camera_height_mm == pytest.approx(BELT_HEIGHT_MM, rel=0.005)
    assert found.mm_per_px_belt == pytest.approx(BELT_HEIGHT_MM / CAMERA.focal_px, rel=0.003)
    assert found.belt_tilt_deg < 0.3
    assert found.reprojection_error_px < 0.3
    assert len(found.used_frames) == len(POSES)


def test_chessboard_gives_back_the_camera(geometry: Geometry) -> None:
    check_truth(geometry)


def test_charuco_gives_back_the_camera() -> None:
    check_truth(calibrate_geometry(paint(CHARUCO, POSES), CHARUCO, belt_index=0))


def test_another_picture_may_show_the_belt(frames: list[Frame]) -> None:
    found = calibrate_geometry(frames, CHESSBOARD, belt_index=1)
    turn, at = POSES[1]
    normal = cv2.Rodrigues(np.array(turn))[0][:, 2]
    assert found.belt_tilt_deg == pytest.approx(np.degrees(0.5), abs=0.3)
    assert found.belt_normal == pytest.approx(normal * np.sign(normal[2]), abs=0.006)
    assert found.camera_height_mm == pytest.approx(normal @ np.array(at) / normal[2], rel=0.005)


def test_corners_are_found_to_a_fraction_of_a_pixel(frames: list[Frame]) -> None:
    found = find_board(frames[5], CHESSBOARD)
    assert found is not None
    turn, at = POSES[5]
    truth, _ = cv2.projectPoints(
        found.board_mm, np.array(turn), np.array(at), CAMERA.matrix, np.array(CAMERA.distortion)
    )
    truth = truth.reshape(-1, 2)
    error = min(np.abs(found.image_px - truth).max(), np.abs(found.image_px[::-1] - truth).max())
    assert error < 0.3


def test_pictures_without_a_board_are_passed_over(frames: list[Frame], geometry: Geometry) -> None:
    empty = Frame(frame_id="empty.png", rgb=np.full((480, 640, 3), 90, np.uint8))
    found = calibrate_geometry([*frames, empty], CHESSBOARD, belt_index=0)
    assert found.used_frames == geometry.used_frames
    with pytest.raises(CalibrationError, match=r"empty\.png: the board on the belt was not found"):
        calibrate_geometry([*frames, empty], CHESSBOARD, belt_index=len(frames))


def test_too_few_boards(frames: list[Frame]) -> None:
    with pytest.raises(CalibrationError, match=f"at least {MIN_BOARDS} pictures, found it in 5 of 5"):
        calibrate_geometry(frames[: MIN_BOARDS - 1], CHESSBOARD, belt_index=0)
    with pytest.raises(CalibrationError, match="belt_index: expected 0 to 6, got 7"):
        calibrate_geometry(frames, CHESSBOARD, belt_index=7)


def test_pictures_of_two_sizes(frames: list[Frame]) -> None:
    other = Frame(frame_id="b.png", rgb=np.zeros((240, 320, 3), np.uint8))
    with pytest.raises(CalibrationError, match="of one size"):
        calibrate_geometry([*frames, other], CHESSBOARD, belt_index=0)


def test_boards_in_the_middle_only() -> None:
    near_middle = [(turn, (-100.0, -60.0, 800.0)) for turn, _ in POSES]
    with pytest.raises(CalibrationError, match=r"at least 40% of the picture.*into the corners"):
        calibrate_geometry(paint(CHESSBOARD, near_middle), CHESSBOARD, belt_index=0)


def test_boards_that_all_lie_flat_leave_the_focal_length_open() -> None:
    places = [(-150, -110), (-40, -100), (-160, -20), (-40, -10), (-90, -60), (-100, -50), (-80, -70)]
    flat = [((0.0, 0.0, 0.0), (float(x), float(y), 450.0)) for x, y in places]
    with pytest.raises(CalibrationError, match=r"by at least 15 degrees, got 0; tilt the board"):
        calibrate_geometry(paint(CHESSBOARD, flat), CHESSBOARD, belt_index=0)
    signs = [(1, 1), (-1, 1), (1, -1), (-1, -1), (1, 1), (-1, 1), (1, -1)]
    hardly = [((0.05 * a, 0.05 * b, 0.0), at) for (a, b), (_, at) in zip(signs, flat, strict=True)]
    with pytest.raises(CalibrationError, match=r"focal length to within 1%, got .*tilt the board"):
        calibrate_geometry(paint(CHESSBOARD, hardly), CHESSBOARD, belt_index=0)


def test_a_zoom_that_moved_is_refused(frames: list[Frame]) -> None:
    moved = []
    for index, frame in enumerate(frames):
        zoom = np.array([[1 + 0.1 * (index % 2), 0, 0], [0, 1 - 0.08 * (index % 3), 0]])
        moved.append(Frame(frame_id=frame.frame_id, rgb=cv2.warpAffine(frame.rgb, zoom, (640, 480))))
    with pytest.raises(CalibrationError, match=r"reprojection error up to 1\.0 px, got"):
        calibrate_geometry(moved, CHESSBOARD, belt_index=0)


def test_parse_board() -> None:
    assert parse_board("chessboard:9x6:25") == CHESSBOARD
    assert parse_board("charuco:10x7:25:18:DICT_5X5_100") == CHARUCO


@pytest.mark.parametrize(
    "text",
    [
        "", "chessboard", "chessboard:9:25", "chessboard:9x6", "chessboard:9x6:-1", "chessboard:2x6:25",
        "charuco:7x5:30:22", "charuco:7x5:30:31:DICT_4X4_50", "charuco:7x5:30:22:DICT_9X9", "circles:4x4:10",
    ],
)  # fmt: skip
def test_parse_board_refuses(text: str) -> None:
    with pytest.raises(CalibrationError, match="board: expected chessboard:9x6:25 or charuco"):
        parse_board(text)
