from __future__ import annotations

from math import erf

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.exposure import (
    BLACK_LEVEL,
    BLURRED_EDGE_PX,
    DARK_LEVEL,
    GREY_SPREAD,
    UNGRADABLE_FLAGS,
    check_exposure,
    edge_width_px,
)


def apple(side: int = 480, *, ground: int = 60, level: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """A shaded red disc on a grey ground, painted sharp, and its mask."""
    y, x = np.mgrid[0:side, 0:side]
    distance = np.hypot(x - side / 2, y - side / 2) / (0.35 * side)
    mask = distance < 1
    shade = np.sqrt(np.clip(1 - distance**2, 0, 1)) * 0.6 + 0.4
    rgb = np.full((side, side, 3), ground, float)
    for channel, code in enumerate((190, 50, 40)):
        rgb[..., channel] = np.where(mask, code * shade, rgb[..., channel])
    return np.clip(rgb * level, 0, 255).astype(np.uint8), mask


def flat(value: int, size: tuple[int, int] = (100, 120)) -> np.ndarray:
    return np.full((*size, 3), value, np.uint8)


def test_a_good_picture_has_no_flags() -> None:
    rgb, mask = apple()
    assert check_exposure(rgb) == ()
    assert check_exposure(rgb, mask) == ()


def test_black_level_at_below_and_above() -> None:
    assert check_exposure(flat(BLACK_LEVEL)) == ("black_frame",)
    assert check_exposure(flat(BLACK_LEVEL - 1)) == ("black_frame",)
    assert check_exposure(flat(BLACK_LEVEL + 1)) == ("no_colour", "underexposed")


def test_dark_level_at_and_below() -> None:
    def dark(code: int) -> np.ndarray:
        picture = flat(0)
        picture[..., 0] = code
        return picture

    assert check_exposure(dark(DARK_LEVEL)) == ()
    assert check_exposure(dark(DARK_LEVEL - 1)) == ("underexposed",)


def test_white_frame_cannot_be_judged() -> None:
    assert check_exposure(flat(255)) == ("clipped_frame",)
    assert UNGRADABLE_FLAGS == {"black_frame", "clipped_frame"}


def test_clipped_fruit_is_flagged_and_white_ground_is_not() -> None:
    rgb, mask = apple(ground=255)
    assert "clipped" not in check_exposure(rgb)
    assert "clipped" not in check_exposure(rgb, mask)
    burnt, mask = apple(level=1.8)
    assert "clipped" in check_exposure(burnt, mask)


def test_share_of_clipped_skin_decides() -> None:
    mask = np.ones((128, 128), bool)
    for share, flagged in ((0.10, False), (0.15, True)):
        rgb = np.full((128, 128, 3), (180, 60, 50), np.uint8)
        rgb[: round(128 * share)] = (255, 120, 100)
        assert ("clipped" in check_exposure(rgb, mask)) is flagged


def test_levels_are_those_of_the_fruit_not_of_the_ground() -> None:
    rgb, mask = apple(level=0.2)
    rgb[~mask] = 230
    assert "underexposed" not in check_exposure(rgb)
    assert "underexposed" in check_exposure(rgb, mask)


def test_grey_is_noticed_at_the_threshold() -> None:
    for spread, flagged in ((GREY_SPREAD, True), (GREY_SPREAD + 1, False)):
        rgb = flat(120)
        rgb[..., 0] += spread
        assert ("no_colour" in check_exposure(rgb)) is flagged


@pytest.mark.parametrize("sigma", [2.0, 3.0, 4.0])
def test_edge_width_of_a_known_blur(sigma: float) -> None:
    _, mask = apple()
    rgb = np.where(mask[..., None], (200, 190, 60), (60, 60, 60)).astype(np.uint8)
    width = edge_width_px(cv2.GaussianBlur(rgb, (0, 0), sigma))
    assert width is not None
    assert width == pytest.approx(4 / erf(np.sqrt(2) / sigma), rel=0.05)


@pytest.mark.parametrize("side", [480, 960, 1440])
def test_blur_is_judged_relative_to_the_picture(side: int) -> None:
    rgb, mask = apple(side)
    slightly = cv2.GaussianBlur(rgb, (0, 0), 0.002 * side)
    badly = cv2.GaussianBlur(rgb, (0, 0), 0.012 * side)
    assert "blurred" not in check_exposure(slightly, mask)
    assert "blurred" in check_exposure(badly, mask)


def test_motion_blur_in_one_direction_is_seen() -> None:
    rgb, mask = apple()
    for kernel in (np.ones((1, 25)) / 25, np.ones((25, 1)) / 25):
        assert "blurred" in check_exposure(cv2.filter2D(rgb, -1, kernel), mask)


def test_without_edges_focus_is_not_judged() -> None:
    assert edge_width_px(flat(120)) is None
    assert edge_width_px(flat(120, (32, 20))) is None


def test_noise_is_not_sharpness_of_a_blurred_picture() -> None:
    rgb, mask = apple()
    noise = np.random.default_rng(0).normal(0, 2, rgb.shape)
    blurred = np.clip(cv2.GaussianBlur(rgb, (0, 0), 8) + noise, 0, 255).astype(np.uint8)
    assert "blurred" in check_exposure(blurred, mask)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 3))
def test_turning_the_picture_changes_nothing(turns: int) -> None:
    rgb, mask = apple(300)
    blurred = cv2.GaussianBlur(rgb, (0, 0), 6)
    turned = check_exposure(np.ascontiguousarray(np.rot90(blurred, turns)), np.rot90(mask, turns))
    assert turned == check_exposure(blurred, mask) == ("blurred",)
    width = edge_width_px(blurred)
    assert width is not None
    assert width > BLURRED_EDGE_PX


def test_an_empty_mask_says_nothing_and_a_wrong_one_is_refused() -> None:
    assert check_exposure(flat(10), np.zeros((100, 120), bool)) == ()
    with pytest.raises(ValueError, match=r"expected a mask of shape \(100, 120\), got \(5, 5\)"):
        check_exposure(flat(10), np.zeros((5, 5), bool))
