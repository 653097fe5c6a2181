"""The quick look: the largest fruit, what is doubtful, what is suspicious."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from grader.fruit_on_frame import FIRST_DEFECT_CHANNEL
from grader.onnx_model import OnnxModel
from grader.pipeline import Grader
from grader.quick_look import SURE_LEVEL, quick_look
from grader.types import Crop, FloatArray, Frame, UInt8Array

GROUND, RED, BROWN = (60, 60, 60), (210, 40, 40), (110, 70, 20)
SIDE = 96


class PaintNetwork(OnnxModel):
    """Red is apple as surely as `apple` says, brown a defect on it."""

    def __init__(self, grader: Grader, apple: float = 1.0) -> None:
        spec = replace(grader.model.card.input, find_side_px=SIDE, fruit_side_px=SIDE)
        self.card, self.apple = replace(grader.model.card, input=spec), apple

    def run(self, tensor: FloatArray) -> dict[str, FloatArray]:
        levels = tensor[0] * 128 + 127
        red = levels[0] > 160
        brown = (levels[0] > 85) & ~red & (levels[2] < 45)
        crop = np.zeros((1, 4, *red.shape), np.float32)
        crop[0, 1][red | brown] = self.apple
        crop[0, 0] = 1 - crop[0, 1]
        surface = np.zeros((1, len(self.card.surface_classes), *red.shape), np.float32)
        surface[0, 0], surface[0, 1], surface[0, FIRST_DEFECT_CHANNEL] = ~(red | brown), red, brown
        return {
            "surface": np.ascontiguousarray(surface[..., ::2, ::2]),
            "crop": np.ascontiguousarray(crop[..., ::4, ::4]),
            "inside": np.ascontiguousarray(crop[:, 1:2, ::4, ::4]),
            "net": np.zeros((1, 1, *surface[..., ::2, ::2].shape[2:]), np.float32),
        }


@pytest.fixture(scope="module")
def network(shipped_grader: Grader) -> PaintNetwork:
    return PaintNetwork(shipped_grader)


def painted(*discs: tuple[int, int, int, tuple[int, int, int]]) -> Frame:
    """Discs of (x, y, radius, colour) on a frame of 320 x 240."""
    rgb: UInt8Array = np.full((240, 320, 3), GROUND, np.uint8)
    for x, y, radius, colour in discs:
        cv2.circle(rgb, (x, y), radius, colour, -1)
    return Frame(frame_id="painted", rgb=rgb)


def test_nothing_is_seen_on_an_empty_belt(network: PaintNetwork) -> None:
    assert quick_look(painted(), network) is None
    assert quick_look(painted((160, 120, 6, RED)), network) is None


def test_the_largest_fruit_lies_where_its_part_of_the_frame_says(network: PaintNetwork) -> None:
    quick = quick_look(painted((110, 120, 60, RED), (290, 30, 18, RED)), network)
    assert quick is not None
    assert not quick.doubtful
    assert quick.suspicion == 0.0
    assert quick.view.crop is Crop.APPLE
    x0, y0, x1, y1 = quick.part.box(quick.view.box_xyxy_px)
    mask = np.zeros((240, 320), np.bool_)
    own = cv2.resize(quick.view.mask.astype(np.float32), (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    mask[y0:y1, x0:x1] = own > 0.5
    true = painted((110, 120, 60, RED)).rgb[:, :, 0] > 160
    assert (mask & true).sum() / (mask | true).sum() > 0.95


def test_the_crop_that_runs_on_the_line_is_taken_as_said(network: PaintNetwork) -> None:
    quick = quick_look(painted((160, 120, 60, RED)), network, Crop.MELON)
    assert quick is not None
    assert quick.view.crop is Crop.MELON


@pytest.mark.parametrize(("radius", "suspicious"), [(0, False), (12, True)])
def test_a_blemish_is_suspicious(network: PaintNetwork, radius: int, suspicious: bool) -> None:
    blemish = ((150, 125, radius, BROWN),) if radius else ()
    quick = quick_look(painted((160, 120, 70, RED), *blemish), network)
    assert quick is not None
    assert (quick.suspicion > 0.9) == suspicious


@pytest.mark.parametrize(
    "frame",
    [
        painted((100, 120, 50, RED), (230, 120, 45, RED)),
        painted((110, 120, 45, RED), (190, 120, 40, RED)),
        painted((20, 120, 60, RED)),
    ],
    ids=["another fruit", "touching fruit", "cut by the border"],
)
def test_what_a_quick_look_cannot_tell_is_doubtful(network: PaintNetwork, frame: Frame) -> None:
    quick = quick_look(frame, network)
    assert quick is not None
    assert quick.doubtful


@pytest.mark.parametrize(("sure", "doubtful"), [(SURE_LEVEL - 0.1, True), (SURE_LEVEL + 0.1, False)])
def test_an_unsure_crop_is_doubtful(shipped_grader: Grader, sure: float, doubtful: bool) -> None:
    quick = quick_look(painted((160, 120, 60, RED)), PaintNetwork(shipped_grader, sure))
    assert quick is not None
    assert quick.doubtful == doubtful


def test_the_confidence_is_that_of_the_stated_crop(network: PaintNetwork) -> None:
    quick = quick_look(painted((160, 120, 60, RED)), network, Crop.MELON)
    assert quick is not None
    assert quick.view.crop_confidence == 0.0
