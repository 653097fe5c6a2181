"""From pictures of a printed board to the lens, the millimetres per pixel and the place of the belt.

Zhang's method (IEEE Trans. PAMI 22(11), 2000) as in OpenCV's calibrateCamera, with refusals: too few boards,
boards that cover too little of the picture, boards all at one angle, too large errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.errors import CalibrationError
from grader.types import Frame, UInt8Array

MIN_BOARDS = 6  # below, focal length and distortion trade off against each other
MIN_CORNERS = 12  # per picture; a board half outside the picture still counts with ChArUco
# Share of the picture inside the hull of all corners: outside of it the distortion is a guess.
MIN_COVERAGE_FRACTION = 0.4
# One standard deviation of the focal length. Boards that all lie flat leave focal length and height free.
MAX_FOCAL_ERROR_FRACTION = 0.01
# Largest angle between two boards. All boards parallel: focal length and height cannot be told apart, and the
# computed deviation does not show it (the normal equations are singular).
MIN_TILT_SPREAD_DEG = 15.0
MAX_REPROJECTION_ERROR_PX = 1.0

Points = NDArray[np.float32]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chessboard:
    """A chessboard. columns, rows: *inner* corners. square_mm: side of a square, measured on the print."""

    columns: int
    rows: int
    square_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Charuco:
    """A ChArUco board. columns, rows: squares. marker_mm: side of a marker. dictionary: as DICT_4X4_50."""

    columns: int
    rows: int
    square_mm: float
    marker_mm: float
    dictionary: str


Board = Chessboard | Charuco


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Geometry:
    """What the boards say of a camera; the fields have the meaning that they have in `Calibration`.

    focal_error_fraction: one standard deviation of the focal length, relative.
    coverage_fraction: 0-1 of the picture that the boards cover. used_frames: ids of pictures with a board.
    """

    image_size_wh: tuple[int, int]
    camera_matrix: Matrix
    distortion: Matrix
    reprojection_error_px: float
    mm_per_px_belt: float
    camera_height_mm: float
    belt_tilt_deg: float
    belt_normal: tuple[float, float, float]
    focal_error_fraction: float
    coverage_fraction: float
    used_frames: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundBoard:
    """Board corners in one picture. board_mm: float32 (N, 3), z = 0. image_px: float32 (N, 2), x y."""

    frame_id: str
    board_mm: Points
    image_px: Points


def parse_board(text: str) -> Board:
    """`chessboard:9x6:25` (inner corners, mm) or `charuco:7x5:30:22:DICT_4X4_50` (squares, mm, mm, name).

    Raises:
        CalibrationError: it reads otherwise.
    """
    kind, *parts = text.split(":")
    try:
        columns, rows = (int(part) for part in parts[0].split("x"))
        if kind == "chessboard" and len(parts) == 2:
            board: Board = Chessboard(columns=columns, rows=rows, square_mm=float(parts[1]))
        elif kind == "charuco" and len(parts) == 4 and hasattr(cv2.aruco, parts[3]):
            square_mm, marker_mm = float(parts[1]), float(parts[2])
            board = Charuco(
                columns=columns, rows=rows, square_mm=square_mm, marker_mm=marker_mm, dictionary=parts[3]
            )
            if not 0 < marker_mm < square_mm:
                raise ValueError(
                    f"the marker ({marker_mm} mm) must be smaller than the square ({square_mm} mm)"
                )
        else:
            raise ValueError(f"{kind!r} with {len(parts)} values")
        if min(columns, rows) < 3 or board.square_mm <= 0:
            raise ValueError("a board has at least 3 x 3 and squares above 0 mm")
    except (ValueError, IndexError) as exc:
        raise CalibrationError(
            f"board: expected chessboard:9x6:25 or charuco:7x5:30:22:DICT_4X4_50, got {text!r} ({exc})"
        ) from exc
    return board


def find_board(frame: Frame, board: Board) -> FoundBoard | None:
    """The corners of the board in one picture, to a fraction of a pixel; None when not seen well enough."""
    grey: UInt8Array = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY)  # type: ignore[assignment]
    if isinstance(board, Charuco):
        return _find_charuco(frame.frame_id, grey, board)
    size = (board.columns, board.rows)
    found, corners = cv2.findChessboardCornersSB(grey, size, flags=cv2.CALIB_CB_ACCURACY)
    if not found:
        return None
    grid = np.zeros((board.columns * board.rows, 3), np.float32)
    grid[:, :2] = np.mgrid[0 : board.columns, 0 : board.rows].T.reshape(-1, 2) * board.square_mm
    return FoundBoard(
        frame_id=frame.frame_id, board_mm=grid, image_px=np.asarray(corners, np.float32).reshape(-1, 2)
    )


def calibrate_geometry(frames: Sequence[Frame], board: Board, belt_index: int) -> Geometry:
    """Lens, scale and belt plane of a camera.

    Args:
        frames: pictures of one board, held at different places and angles; all of one size.
        board: what is printed.
        belt_index: which picture shows the board lying flat on the belt.

    Raises:
        CalibrationError: says which demand is not met and what to do.
    """
    if not 0 <= belt_index < len(frames):
        raise CalibrationError(f"belt_index: expected 0 to {len(frames) - 1}, got {belt_index}")
    sizes = {frame.rgb.shape[:2] for frame in frames}
    if len(sizes) != 1:
        raise CalibrationError(f"expected board pictures of one size, got (height, width) {sorted(sizes)}")
    height, width = sizes.pop()
    found = [find_board(frame, board) for frame in frames]
    belt = found[belt_index]
    if belt is None:
        raise CalibrationError(
            f"{frames[belt_index].frame_id}: the board on the belt was not found; check size, light, focus"
        )
    boards = [item for item in found if item is not None]
    if len(boards) < MIN_BOARDS:
        raise CalibrationError(
            f"expected the board in at least {MIN_BOARDS} pictures, found it in {len(boards)} of "
            f"{len(frames)}; take more, with the whole board sharp and evenly lit"
        )
    coverage = _coverage_fraction(boards, (width, height))
    if coverage < MIN_COVERAGE_FRACTION:
        raise CalibrationError(
            f"expected boards over at least {MIN_COVERAGE_FRACTION:.0%} of the picture, got {coverage:.0%}; "
            "hold the board into the corners too"
        )
    return _solve(boards, belt, (width, height), coverage)


def _solve(
    boards: Sequence[FoundBoard], belt: FoundBoard, image_size_wh: tuple[int, int], coverage: float
) -> Geometry:
    try:
        error_px, matrix, lens, turns, _, deviations, _, _ = cv2.calibrateCameraExtended(
            [item.board_mm for item in boards],
            [item.image_px for item in boards],
            image_size_wh,
            np.eye(3),
            np.zeros(5),
            flags=cv2.CALIB_FIX_K3,  # k3 is only seen by lenses far wider than a sorting line uses
        )
    except cv2.error as exc:
        raise CalibrationError(
            f"the boards do not determine the camera: {exc.err}; hold it at angles"
        ) from exc
    focal_px = (matrix[0, 0] + matrix[1, 1]) / 2.0
    focal_error = float(max(deviations.ravel()[:2]) / focal_px)
    if not error_px <= MAX_REPROJECTION_ERROR_PX:
        raise CalibrationError(
            f"expected a reprojection error up to {MAX_REPROJECTION_ERROR_PX} px, got {error_px:.2f} px; "
            "the board must be flat, the pictures sharp, the camera's zoom and focus fixed"
        )
    if not focal_error <= MAX_FOCAL_ERROR_FRACTION:
        raise CalibrationError(
            f"expected the focal length to within {MAX_FOCAL_ERROR_FRACTION:.0%}, got {focal_error:.1%}; "
            "tilt the board by 20-45 degrees in several directions"
        )
    spread_deg = _tilt_spread_deg([np.asarray(turn, np.float64) for turn in turns])
    if spread_deg < MIN_TILT_SPREAD_DEG:
        raise CalibrationError(
            f"expected boards tilted against each other by at least {MIN_TILT_SPREAD_DEG:.0f} degrees, got "
            f"{spread_deg:.0f}; tilt the board by 20-45 degrees in several directions"
        )
    _, rotation_vector, translation = cv2.solvePnP(belt.board_mm, belt.image_px, matrix, lens)
    normal = cv2.Rodrigues(rotation_vector)[0][:, 2]
    normal = normal * np.sign(normal[2])  # away from the camera, whichever way the board was numbered
    # The optical axis (0, 0, z) meets the plane normal . X = normal . translation.
    height_mm = float(normal @ translation.ravel() / normal[2])
    return Geometry(
        image_size_wh=image_size_wh,
        camera_matrix=np.asarray(matrix, np.float64),
        distortion=np.asarray(lens, np.float64).ravel()[:5],
        reprojection_error_px=float(error_px),
        mm_per_px_belt=height_mm / float(focal_px),
        camera_height_mm=height_mm,
        belt_tilt_deg=float(np.degrees(np.arccos(min(1.0, normal[2])))),
        belt_normal=(float(normal[0]), float(normal[1]), float(normal[2])),
        focal_error_fraction=focal_error,
        coverage_fraction=coverage,
        used_frames=tuple(item.frame_id for item in boards),
    )


def _tilt_spread_deg(rotation_vectors: Sequence[Matrix]) -> float:
    """Largest angle between the normals of any two boards."""
    normals = np.array([cv2.Rodrigues(vector)[0][:, 2] for vector in rotation_vectors])
    return float(np.degrees(np.arccos(np.clip(normals @ normals.T, -1.0, 1.0)).max()))


def _find_charuco(frame_id: str, grey: UInt8Array, board: Charuco) -> FoundBoard | None:
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, board.dictionary))
    printed = cv2.aruco.CharucoBoard(
        (board.columns, board.rows), board.square_mm, board.marker_mm, dictionary
    )
    corners, ids, _, _ = cv2.aruco.CharucoDetector(printed).detectBoard(grey)
    if ids is None or len(ids) < MIN_CORNERS:
        return None
    grid = np.asarray(printed.getChessboardCorners(), np.float32)
    return FoundBoard(
        frame_id=frame_id, board_mm=grid[ids.ravel()], image_px=np.asarray(corners, np.float32).reshape(-1, 2)
    )


def _coverage_fraction(boards: Sequence[FoundBoard], image_size_wh: tuple[int, int]) -> float:
    hull = cv2.convexHull(np.concatenate([item.image_px for item in boards]))
    return float(cv2.contourArea(hull) / (image_size_wh[0] * image_size_wh[1]))
