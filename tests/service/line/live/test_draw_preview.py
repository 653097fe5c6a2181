from __future__ import annotations

import cv2
import numpy as np
import pytest

from grader.image_io import decode_image
from grader.overlay_words import class_colour
from grader.pipeline import GradeOptions
from service.errors import PreviewError
from service.line.line_grader import ViewWork
from service.line.live.draw_preview import SIDE_PX, draw_preview
from tests.fakes import FakeGrader, line_picture, painted_line_picture


def work(data: bytes, name: str = "view") -> ViewWork:
    return ViewWork(camera="top", view=0, name=name, data=data, options=GradeOptions())


def painted(width_px: int, height_px: int, *columns: int) -> bytes:
    """Red bars of 40 px at these columns."""
    rgb = np.full((height_px, width_px, 3), 200, np.uint8)
    for column in columns:
        rgb[20:-20, column : column + 40] = (170, 30, 40)
    return cv2.imencode(".png", rgb[:, :, ::-1])[1].tobytes()


def has_colour(rgb: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((np.abs(rgb.astype(int) - colour).max(axis=2) < 40).any())


def test_the_fruit_is_cut_out_and_outlined_in_the_colour_of_the_decision() -> None:
    rgb = decode_image(draw_preview([work(painted_line_picture())], "I", FakeGrader()), "drawn").rgb
    assert 80 <= rgb.shape[0] < 120  # of 120: the disc of 80 px and a margin
    assert has_colour(rgb, class_colour("I"))
    assert not has_colour(rgb, class_colour("extra"))
    none = decode_image(draw_preview([work(painted_line_picture())], None, FakeGrader()), "drawn").rgb
    assert has_colour(none, class_colour("ungraded"))


def test_the_view_that_shows_most_defects_is_drawn() -> None:
    """The fake grader sees a bruise on every fruit but the leftmost; here the widest is the second one."""
    sound, bruised = painted(200, 100, 20), painted(400, 100, 20, 200, 240)
    only = draw_preview([work(bruised)], "I", FakeGrader())
    assert draw_preview([work(sound), work(bruised)], "I", FakeGrader()) == only
    assert draw_preview([work(bruised), work(sound)], "I", FakeGrader()) == only
    assert draw_preview([work(sound)], "I", FakeGrader()) != only


def test_a_large_picture_is_made_small() -> None:
    rgb = decode_image(draw_preview([work(painted(2000, 1600, 900))], "extra", FakeGrader()), "drawn").rgb
    assert max(rgb.shape[:2]) == SIDE_PX


def test_without_a_fruit_the_first_view_is_shown_as_it_is() -> None:
    plain, other = painted(100, 80), painted(100, 60)
    rgb = decode_image(draw_preview([work(plain), work(other)], None, FakeGrader()), "drawn").rgb
    assert rgb.shape == (80, 100, 3)
    assert np.abs(rgb.astype(int) - 200).max() <= 2


def test_a_view_that_cannot_be_read_is_left_out() -> None:
    good = work(painted_line_picture())
    assert draw_preview([work(line_picture()), good], "I", FakeGrader()) == draw_preview(
        [good], "I", FakeGrader()
    )
    with pytest.raises(PreviewError, match="no view of this fruit can be read: broken"):
        draw_preview([work(line_picture(), "broken")], "I", FakeGrader())
