"""Outlines of painted fruit, on plain and on busy ground, in every place and size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.types import BoolArray, Box, UInt8Array
from training.fruit_shape import box_of, box_overlap, hull_of, looks_like_fruit, open_fruit
from training.outline import outline_alone, outline_cut_out, outline_in_box
from training.plain_ground import find_ground

HW = (220, 260)


def ellipse(centre_xy: tuple[int, int], axes_px: tuple[int, int]) -> BoolArray:
    mask = np.zeros(HW, np.uint8)
    cv2.ellipse(mask, centre_xy, axes_px, 0, 0, 360, 1, -1)
    return mask.astype(np.bool_)


def paint(fruit: BoolArray, ground: tuple[int, int, int] = (245, 244, 240)) -> UInt8Array:
    rgb = np.full((*HW, 3), ground, np.uint8)
    rgb[fruit] = (185, 45, 40)
    return rgb


def agreement(a: BoolArray, b: BoolArray) -> float:
    return float((a & b).sum() / (a | b).sum())


@settings(max_examples=20, deadline=None)
@given(
    x=st.integers(90, 170),
    y=st.integers(80, 140),
    a=st.integers(35, 70),
    ratio=st.floats(0.8, 1.2),
    grey=st.integers(150, 255),
)
def test_plain_ground_gives_the_outline_to_a_pixel(x: int, y: int, a: int, ratio: float, grey: int) -> None:
    fruit = ellipse((x, y), (a, round(a * ratio)))
    rgb = paint(fruit, (grey, grey, grey))
    outline = outline_alone(rgb, find_ground(rgb))
    assert outline is not None
    assert outline.exact
    assert not (
        outline.mask & ~cv2.dilate(fruit.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.bool_)
    ).any()
    assert agreement(outline.mask, fruit) > 0.95


def test_stem_is_doubtful_and_not_body() -> None:
    fruit = ellipse((130, 120), (60, 55))
    stem: BoolArray = np.zeros(HW, np.bool_)
    stem[35:66, 128:133] = True
    rgb = paint(fruit | stem)
    outline = outline_alone(rgb, find_ground(rgb))
    assert outline is not None
    assert not outline.mask[40:60].any()
    assert outline.doubtful[45:60, 130].all()


def test_busy_ground_needs_the_box() -> None:
    rng = np.random.default_rng(3)
    noise = cv2.resize(
        rng.integers(0, 120, (22, 26, 3), np.uint8), (HW[1], HW[0]), interpolation=cv2.INTER_CUBIC
    )
    noise[..., 0] = 0
    fruit = ellipse((130, 110), (60, 55))
    rgb = np.where(fruit[..., None], np.uint8((200, 60, 40)), noise).astype(np.uint8)
    assert find_ground(rgb) is None
    box = box_of(fruit)
    assert box is not None
    outline = outline_in_box(rgb, box, (), None)
    assert outline is not None
    assert agreement(outline.mask, fruit) > 0.95


def test_black_padding_is_ground() -> None:
    rgb = paint(ellipse((130, 110), (60, 55)))
    rgb[:, :30] = 0
    ground = find_ground(rgb)
    assert ground is not None
    assert ground.mask[:, :28].all()
    assert ground.mask[5, 200]
    assert not ground.mask[110, 130]


def test_fruit_too_like_its_ground_is_not_believed() -> None:
    fruit = ellipse((130, 110), (60, 55))
    rgb = np.full((*HW, 3), (200, 170, 60), np.uint8)
    rgb[fruit] = (203, 160, 50)
    assert outline_alone(rgb, find_ground(rgb)) is None


@pytest.mark.parametrize(
    ("half_axes", "believed"), [((60, 60), True), ((63, 36), True), ((72, 36), False), ((9, 9), False)]
)
def test_shape_limits(half_axes: tuple[int, int], believed: bool) -> None:
    """Round and stretched by 1.75 are fruit; stretched by 2 or 19 px wide are not."""
    mask = ellipse((130, 110), half_axes)
    box = box_of(mask)
    assert box is not None
    assert looks_like_fruit(mask, box) is believed


def test_a_mask_cut_straight_or_off_its_box_is_no_fruit() -> None:
    mask = ellipse((130, 110), (60, 60))
    assert not looks_like_fruit(mask, (70, 50, 260, 220))
    cut = mask.copy()
    cut[140:] = False
    box = box_of(cut)
    assert box is not None
    assert not looks_like_fruit(cut, box)


def test_boxes_and_hulls() -> None:
    a: Box = (0, 0, 10, 10)
    assert box_overlap(a, a) == 1
    assert box_overlap(a, (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert box_overlap(a, (10, 0, 20, 10)) == 0
    empty: BoolArray = np.zeros(HW, np.bool_)
    assert box_of(empty) is None
    assert not hull_of(empty).any()
    assert not open_fruit(empty).any()
    two = ellipse((60, 110), (20, 20)) | ellipse((200, 110), (20, 20))
    assert hull_of(two)[110, 130]


def test_a_cut_out_fruit_may_be_dark_and_of_any_shape() -> None:
    fruit = ellipse((110, 110), (60, 70)) | ellipse((160, 90), (55, 40))
    rgb = np.full((*HW, 3), 255, np.uint8)
    rgb[fruit] = (35, 25, 30)
    ground = find_ground(rgb)
    assert ground is not None
    assert outline_alone(rgb, ground) is None
    outline = outline_cut_out(ground)
    assert outline is not None
    assert agreement(outline.mask, fruit) > 0.95
    assert outline_cut_out(find_ground(np.full((*HW, 3), 255, np.uint8)) or ground) is None
