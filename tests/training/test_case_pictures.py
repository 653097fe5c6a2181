"""Small pictures of cases: cut out, of one size, truth and answer in the same colours, the picture itself untouched."""

from __future__ import annotations

import numpy as np

from grader.overlay_words import DEFECT_COLOURS
from grader.types import DefectKind, SurfaceClass, UInt8Array
from training.case_pictures import (
    RING_COLOUR,
    ROTTEN_COLOUR,
    SIDE_PX,
    SOUND_COLOUR,
    box_pictures,
    light_pictures,
    mask_pictures,
)

GREY = np.full((200, 400, 3), 100, np.uint8)


def fruit() -> UInt8Array:
    """A square of 100 px with a scab of 20 px."""
    index = np.zeros((200, 400), np.uint8)
    index[50:150, 100:200] = SurfaceClass.SOUND_SKIN
    index[90:110, 140:160] = SurfaceClass.SCAB
    return index


def has(picture: UInt8Array | None, colour: tuple[int, int, int]) -> bool:
    """Up to what the smoothing of lines takes away."""
    assert picture is not None
    return bool((np.abs(picture.astype(int) - np.array(colour)) < 40).all(axis=-1).any())


def test_the_fruit_is_cut_out_and_painted_on_a_copy() -> None:
    bare = np.where(fruit() > 0, SurfaceClass.SOUND_SKIN, 0).astype(np.uint8)
    shown = mask_pictures(GREY, fruit(), bare)
    assert shown.truth is not None
    assert shown.picture.shape == shown.truth.shape == shown.called.shape == (SIDE_PX, SIDE_PX, 3)
    assert (shown.picture == 100).all()
    scab = DEFECT_COLOURS[DefectKind.SCAB]
    assert (has(shown.truth, scab), has(shown.called, scab)) == (True, False)
    middle = shown.truth[SIDE_PX // 2, SIDE_PX // 2]
    assert middle.tolist() == [round(0.7 * 100 + 0.3 * channel) for channel in scab]


def test_without_truth_and_without_marks_all_is_shown() -> None:
    shown = mask_pictures(GREY, None, np.zeros((200, 400), np.uint8))
    assert shown.truth is None
    assert shown.picture.shape == (SIDE_PX // 2, SIDE_PX, 3)
    assert (shown.called == 100).all()


def test_a_ring_points_at_the_place() -> None:
    shown = mask_pictures(GREY, fruit(), fruit(), fruit() == SurfaceClass.SCAB)
    assert all(has(picture, RING_COLOUR) for picture in (shown.picture, shown.truth, shown.called))
    rows, cols = np.nonzero((np.abs(shown.picture.astype(int) - np.array(RING_COLOUR)) < 40).all(axis=-1))
    assert abs(rows.mean() - SIDE_PX / 2) < 2
    assert abs(cols.mean() - SIDE_PX / 2) < 2
    unmarked = mask_pictures(GREY, fruit(), fruit(), np.zeros((200, 400), np.bool_))
    assert not has(unmarked.picture, RING_COLOUR)


def test_boxes_keep_their_places_when_the_picture_shrinks() -> None:
    shown = box_pictures(
        np.full((720, 720, 3), 100, np.uint8),
        [((0, 0, 360, 360), SOUND_COLOUR)],
        [((360, 360, 720, 720), ROTTEN_COLOUR)],
    )
    half = SIDE_PX // 2
    assert shown.truth is not None
    assert has(shown.truth[:half, :half], SOUND_COLOUR)
    assert not has(shown.truth[half + 2 :], SOUND_COLOUR)
    assert has(shown.called[half:, half:], ROTTEN_COLOUR)
    assert (shown.picture == 100).all()


def test_before_and_after_a_change_of_light() -> None:
    dim = np.full_like(GREY, 60)
    shown = light_pictures(GREY, dim, (fruit(), np.zeros((200, 400), np.uint8)))
    assert (shown.picture == 60).all()
    assert has(shown.truth, DEFECT_COLOURS[DefectKind.SCAB])
    assert (shown.called == 60).all()
