"""The floor of a fruit, with the shipped model on a picture or two."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from math import isfinite
from pathlib import Path

import cv2
import pytest
from line_floor import MM_PER_PX, floor_ms

from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions
from grader.production import production_model
from grader.turning_grader import TurningGrader
from grader.types import Crop


@pytest.fixture(autouse=True)
def threads_of_opencv() -> Iterator[None]:
    """The floor takes one, for good."""
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


def close_looks(model: Path, views: list[bytes]) -> int:
    grader = TurningGrader(OnnxModel.load(model))
    options = GradeOptions(mm_per_px=MM_PER_PX, crop=Crop.APPLE)
    seen = [grader.see(data, str(view), options) for view, data in enumerate(views)]
    return len(grader.decide_seen(seen, options).close_looks)


def test_the_floor_is_of_the_looks_that_a_fruit_gets(turning_apple: list[bytes]) -> None:
    model, fruit = production_model(), [turning_apple[:2], turning_apple[5:8]]
    floor, whole, looks = floor_ms(model, fruit)
    assert looks == sum(close_looks(model, views) for views in fruit) / 2 > 0
    assert floor > 0
    assert whole > 0
    assert isfinite(floor + whole)


def test_without_a_quick_look_every_view_is_looked_at_closely(
    turning_apple: list[bytes], tmp_path: Path
) -> None:
    model = tmp_path / production_model().name
    shutil.copytree(production_model(), model, ignore=shutil.ignore_patterns("quick"))
    card = json.loads((model / "card.json").read_text())
    del card["quick"]
    (model / "card.json").write_text(json.dumps(card))
    floor, whole, looks = floor_ms(model, [turning_apple[:2]])
    assert looks == close_looks(model, turning_apple[:2])
    assert floor > 0
    assert whole > 0
