"""Boards and colour cards, painted as a camera of exactly known lens, place and colour would see them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from grader.calibrate_geometry import Board, Charuco
from grader.colour_card import COLUMNS, ROWS, reference_linear_srgb
from grader.types import Frame

TEXTURE_PX_PER_MM = 6
FINER = 2  # painted at twice the size, then averaged


@dataclass(frozen=True, kw_only=True)
class PaintedCamera:
    """A pinhole camera with lens distortion (k1, k2, p1, p2, k3)."""

    size_wh: tuple[int, int] = (640, 480)
    focal_px: float = 700.0
    centre_xy: tuple[float, float] = (325.0, 236.0)
    distortion: tuple[float, ...] = (-0.12, 0.05, 0.0005, -0.0004, 0.0)

    @property
    def matrix(self) -> np.ndarray:
        return np.array(
            [[self.focal_px, 0, self.centre_xy[0]], [0, self.focal_px, self.centre_xy[1]], [0, 0, 1]]
        )

    def rays(self) -> np.ndarray:
        """Direction (x, y) at z = 1 of each fine pixel, (H * FINER, W * FINER, 2)."""
        width, height = self.size_wh
        x, y = ((np.arange(side * FINER) + 0.5) / FINER - 0.5 for side in (width, height))
        pixels = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 1, 2)
        flat = cv2.undistortPoints(pixels, self.matrix, np.array(self.distortion))
        return flat.reshape(height * FINER, width * FINER, 2)


def board_texture(board: Board) -> tuple[np.ndarray, tuple[float, float]]:
    """Print of the board (grey, TEXTURE_PX_PER_MM) and the place of its origin in mm from the print's corner."""
    px = round(board.square_mm * TEXTURE_PX_PER_MM)
    if isinstance(board, Charuco):
        dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, board.dictionary))
        printed = cv2.aruco.CharucoBoard(
            (board.columns, board.rows), board.square_mm, board.marker_mm, dictionary
        )
        inner = printed.generateImage((board.columns * px, board.rows * px))
        origin = board.square_mm
    else:
        squares = np.add.outer(np.arange(board.rows + 1), np.arange(board.columns + 1)) % 2
        inner = np.kron(squares * 255, np.ones((px, px))).astype(np.uint8)
        origin = 2 * board.square_mm
    return cv2.copyMakeBorder(inner, px, px, px, px, cv2.BORDER_CONSTANT, value=255), (origin, origin)


def paint_board(
    camera: PaintedCamera,
    rays: np.ndarray,
    board: Board,
    rotation: tuple[float, float, float],
    translation_mm: tuple[float, float, float],
    frame_id: str = "board",
) -> Frame:
    """The board at a pose (Rodrigues vector and place of its origin in the camera, mm), on a grey ground."""
    texture, origin_mm = board_texture(board)
    turn, _ = cv2.Rodrigues(np.array(rotation, float))
    place = np.array(translation_mm, float)
    directions = np.concatenate([rays, np.ones((*rays.shape[:2], 1))], axis=-1)
    distance = (turn[:, 2] @ place) / (directions @ turn[:, 2])
    on_board = (directions * distance[..., None] - place) @ turn[:, :2]
    at = ((on_board + origin_mm) * TEXTURE_PX_PER_MM - 0.5).astype(np.float32)
    fine = cv2.remap(texture, at[..., 0], at[..., 1], cv2.INTER_LINEAR, None, cv2.BORDER_CONSTANT, 110)
    grey = cv2.resize(fine, camera.size_wh, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(len(frame_id)).normal(0, 1.5, grey.shape)
    grey = np.clip(grey * 0.8 + 20 + noise, 0, 255).astype(np.uint8)
    return Frame(frame_id=frame_id, rgb=np.repeat(grey[..., None], 3, axis=2))


def srgb_codes(linear: np.ndarray) -> np.ndarray:
    """Linear 0-1 -> sRGB-encoded uint8 (IEC 61966-2-1)."""
    clipped = np.clip(linear, 0, 1)
    encoded = np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


def paint_chart(
    cast: np.ndarray,
    *,
    size_wh: tuple[int, int] = (640, 480),
    centre_xy: tuple[float, float] = (320.0, 240.0),
    pitch_px: float = 60.0,
    turn_deg: float = 0.0,
    edition: str = "after_2014",
    noise: float = 1.0,
) -> tuple[Frame, np.ndarray]:
    """The chart of 24 patches as a camera sees it; linear camera colours are `cast` @ true linear sRGB.

    Returns the frame and the four centres (4, 2) of dark skin, bluish green, black and white.
    """
    width, height = size_wh
    colours = reference_linear_srgb(edition) @ cast.T
    card = np.full((ROWS * 100 + 40, COLUMNS * 100 + 40, 3), 0.02)  # the black frame
    for index, colour in enumerate(colours):
        row, column = divmod(index, COLUMNS)
        card[row * 100 + 28 : row * 100 + 112, column * 100 + 28 : column * 100 + 112] = colour
    scale, angle = pitch_px / 100, np.radians(turn_deg)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([COLUMNS * 50 + 20, ROWS * 50 + 20])
    warp = np.hstack([turn, (np.array(centre_xy) - turn @ middle)[:, None]])
    linear = cv2.warpAffine(
        card,
        warp,
        (width, height),
        flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0.25, 0.22, 0.18),
    )
    codes = srgb_codes(linear) + np.random.default_rng(7).normal(0, noise, linear.shape)
    corners = np.array([[70, 70], [570, 70], [570, 370], [70, 370]], float)
    rgb = np.clip(np.round(codes), 0, 255).astype(np.uint8)
    return Frame(frame_id="chart.png", rgb=rgb), corners @ turn.T + warp[:, 2]
