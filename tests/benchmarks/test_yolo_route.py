"""The other route: a network of the published size, and a diameter of a disc whose diameter is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import pytest
import torch
from yolo_route import CLASSES, PROTOTYPES, SIDE, NanoSegmenter, YoloRoute, count, export, yolo_ms

from grader.image_io import encode_jpeg


def disc(size_wh: tuple[int, int], diameter_px: int, *, red: bool = True) -> bytes:
    """A yellow disc on grey, its left half red."""
    rgb = np.full((size_wh[1], size_wh[0], 3), 128, np.uint8)
    centre = (size_wh[0] // 2, size_wh[1] // 2)
    cv2.circle(rgb, centre, diameter_px // 2, (230, 200, 30), -1)
    if red:
        half = np.arange(size_wh[0]) < centre[0]
        rgb[(rgb[..., 2] == 30) & half] = (200, 20, 20)
    return encode_jpeg(rgb, quality=95)


def test_it_has_the_published_size_and_the_file_answers_as_the_network(yolo_file: Path) -> None:
    torch.manual_seed(0)  # as when it was exported
    network = NanoSegmenter().eval()
    parameters, gflop = count(network)
    assert parameters == 3.409952
    assert gflop == 12.0016896
    picture = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(7))
    with torch.no_grad():
        cells, prototypes = network(picture)
    assert cells.shape == (1, 4 + CLASSES + PROTOTYPES, 80 * 80 + 40 * 40 + 20 * 20)
    assert prototypes.shape == (1, PROTOTYPES, 160, 160)
    session = ort.InferenceSession(str(yolo_file), providers=["CPUExecutionProvider"])
    answers = session.run(["cells", "prototypes"], {"picture": picture.numpy()})
    np.testing.assert_allclose(answers[0], cells.numpy(), atol=1e-4)
    np.testing.assert_allclose(answers[1], prototypes.numpy(), atol=1e-4)


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "nano.onnx").write_bytes(b"kept")
    assert export(tmp_path / "nano.onnx").read_bytes() == b"kept"


@pytest.mark.parametrize("size_wh", [(640, 480), (1280, 960), (320, 480)])
def test_it_measures_in_pixels_of_the_picture(yolo_file: Path, size_wh: tuple[int, int]) -> None:
    diameter, red = YoloRoute(yolo_file).measure(disc(size_wh, 200))
    assert diameter == pytest.approx(201, abs=4)
    assert red == pytest.approx(0.5, abs=0.02)


def test_a_yellow_disc_and_no_disc(yolo_file: Path) -> None:
    route = YoloRoute(yolo_file)
    assert route.measure(disc((640, 480), 200, red=False))[1] == 0.0
    assert route.measure(encode_jpeg(np.full((480, 640, 3), 128, np.uint8))) == (0.0, 0.0)


def test_the_network_is_a_part_of_the_whole(yolo_file: Path) -> None:
    whole, alone = yolo_ms(yolo_file, [disc((640, 480), 200)], rounds=1)
    assert whole >= alone > 0
