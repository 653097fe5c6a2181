"""Three looks: what is found, what is looked at again, what is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from grader.find_fruit import find_fruit, look_again
from grader.first_look import first_look
from grader.model_card import ModelCard
from grader.onnx_model import OnnxModel
from grader.pipeline import Grader
from grader.types import Crop, FloatArray, Frame, UInt8Array

RED, YELLOW, GROUND = (210, 40, 40), (230, 200, 40), (60, 60, 60)


class ColourNetwork(OnnxModel):
    """Red is apple, unless much of the view is yellow: then both are one large other object. Counts its looks."""

    def __init__(self, card: ModelCard, apple: float) -> None:
        self.card, self.apple, self.looks = card, apple, 0

    def find(self, tensor: FloatArray) -> dict[str, FloatArray]:
        return self._outputs(tensor, much=2.0)

    def run(self, tensor: FloatArray) -> dict[str, FloatArray]:
        self.looks += len(tensor)
        parts = [self._outputs(tensor[n : n + 1], much=0.45) for n in range(len(tensor))]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def other_produce(self, tensor: FloatArray, share: FloatArray) -> float | None:
        return None

    def _outputs(self, tensor: FloatArray, much: float) -> dict[str, FloatArray]:
        red, green = tensor[0, 0] > 0.3, tensor[0, 1] > 0.3
        yellow, apple = red & green, red & ~green
        if yellow.mean() > much:
            yellow, apple = yellow | apple, np.zeros_like(apple)
        crop = np.zeros((1, 4, *red.shape), np.float32)
        crop[0, 1][apple] = self.apple
        crop[0, 3] = yellow
        crop[0, 0] = 1 - crop[0].sum(axis=0)
        surface = np.zeros((1, len(self.card.surface_classes), *red.shape), np.float32)
        surface[0, 0], surface[0, 1] = ~apple, apple
        inside = apple.astype(np.float32)[np.newaxis, np.newaxis]
        return {
            "surface": surface[..., ::2, ::2],
            "crop": crop[..., ::4, ::4],
            "inside": inside[..., ::4, ::4],
            "net": np.zeros((1, 1, *surface.shape[2:]), np.float32)[..., ::2, ::2],
        }


def painted(*boxes: tuple[tuple[int, int, int, int], tuple[int, int, int]]) -> Frame:
    rgb = np.full((480, 640, 3), GROUND, np.uint8)
    for (x0, y0, x1, y1), colour in boxes:
        rgb[y0:y1, x0:x1] = colour
    return Frame(frame_id="painted", rgb=rgb)


APPLE = ((200, 120, 440, 360), RED)
BANANA = ((20, 40, 620, 440), YELLOW)
PATCH = ((280, 200, 360, 280), RED)


def test_a_sure_fruit_is_looked_at_once(shipped_grader: Grader) -> None:
    network = ColourNetwork(shipped_grader.model.card, apple=0.97)
    (view,) = find_fruit(painted(APPLE), network)
    assert network.looks == 1
    assert (view.crop, view.crop_confidence) == (Crop.APPLE, pytest.approx(0.97, abs=0.03))
    x0, y0, x1, y1 = APPLE[0]
    assert view.mask.sum() == pytest.approx((x1 - x0) * (y1 - y0), rel=0.05)


def test_a_doubtful_fruit_is_looked_at_again_and_kept(shipped_grader: Grader) -> None:
    network = ColourNetwork(shipped_grader.model.card, apple=0.8)
    (view,) = find_fruit(painted(APPLE), network)
    assert network.looks == 2
    assert view.crop_confidence == pytest.approx(0.8, abs=0.03)


def test_a_patch_of_something_larger_is_left_alone(shipped_grader: Grader) -> None:
    network = ColourNetwork(shipped_grader.model.card, apple=0.8)
    assert find_fruit(painted(BANANA, PATCH), network) == ()
    assert network.looks == 2


def test_the_order_is_from_left_to_right(shipped_grader: Grader) -> None:
    network = ColourNetwork(shipped_grader.model.card, apple=0.97)
    boxes = [(440, 300, 560, 420), (60, 260, 180, 380), (250, 40, 370, 160)]
    views = find_fruit(painted(*((box, RED) for box in boxes)), network)
    assert [view.fruit_index for view in views] == [0, 1, 2]
    centres = [(view.box_xyxy_px[0] + view.box_xyxy_px[2]) / 2 for view in views]
    assert centres == pytest.approx([120, 310, 500], abs=4)


def test_what_is_far_smaller_than_the_rest_is_a_crumb(shipped_grader: Grader) -> None:
    network = ColourNetwork(shipped_grader.model.card, apple=0.97)
    views = find_fruit(painted(APPLE, ((560, 40, 590, 70), RED)), network)
    assert len(views) == 1


def test_the_line_knows_the_crop(shipped_grader: Grader, apple_rgb: UInt8Array) -> None:
    frame = Frame(frame_id="line", rgb=apple_rgb)
    (view,) = find_fruit(frame, shipped_grader.model, Crop.MELON)
    assert view.crop is Crop.MELON


def test_nothing_on_bare_ground(shipped_grader: Grader) -> None:
    assert find_fruit(painted(), ColourNetwork(shipped_grader.model.card, apple=0.97)) == ()


def test_where_only_the_crop_can_be_a_doubtful_fruit_gets_one_look(shipped_grader: Grader) -> None:
    frame = painted(((200, 100, 440, 340), RED))
    model = ColourNetwork(shipped_grader.model.card, apple=0.7)
    found = first_look(frame, model)
    assert len(look_again(frame, model, found, Crop.APPLE)) == 1
    assert model.looks == 2
    assert len(look_again(frame, model, found, Crop.APPLE, surely=True)) == 1
    assert model.looks == 3
