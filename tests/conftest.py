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


KNOWN_MISSES = Path(__file__).with_name("known_misses.txt")
"""Checks of the sample pictures that the shipped network is known to fail, one test name a line. Each is a strict
expected failure: when a better network passes one, the suite fails until the line is taken out."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    names = known_miss_names()
    for item in items:
        if item.path.name == "test_samples.py" and item.name in names:
            item.add_marker(pytest.mark.xfail(strict=True, reason="known miss of the shipped network"))


def known_miss_names() -> set[str]:
    """The names in `known_misses.txt`."""
    lines = KNOWN_MISSES.read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}
