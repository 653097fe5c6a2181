"""What all tests share: the shipped network, loaded once, and the sample pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.image_io import read_image
from grader.pipeline import Grader
from grader.types import UInt8Array

SAMPLES = Path(__file__).parents[1] / "sample_images"


@pytest.fixture(scope="session")
def shipped_grader() -> Grader:
    """The newest shipped network, verified and warm."""
    return Grader.load()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the sample pictures."""
    return SAMPLES


@pytest.fixture(scope="session")
def apple_rgb() -> UInt8Array:
    """uint8 (480, 640, 3): one sound apple on a belt, about 300 px across, off every border."""
    return read_image(SAMPLES / "bench_apple.jpg").rgb
