"""The floor of a fruit: decoding its views and running the network on them, and nothing else, in processor time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import cv2

from grader.bench import TimedModel
from grader.image_io import decode_image
from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions
from grader.turning_grader import QUICK_SIDE_PX, TurningGrader
from grader.types import Crop

MM_PER_PX = 0.25
ROUNDS = 3


def floor_ms(model_dir: Path, pictures: Sequence[Sequence[bytes]]) -> tuple[float, float, float]:
    """Processor time of one fruit, ms: of decoding and networks alone, and of the whole grading; and its close looks.
    Means over the fruit, of the quicker of `ROUNDS` rounds.
    """
    cv2.setNumThreads(1)
    grader = _timed_grader(model_dir)
    options = GradeOptions(mm_per_px=MM_PER_PX, crop=Crop.APPLE)  # as the line of the benchmark states it
    floors, wholes, looks = [], [], []
    for number, views in enumerate(pictures):
        rounds = [_one_fruit(grader, views, str(number), options) for _ in range(ROUNDS)]
        floors.append(min(floor for floor, _, _ in rounds))
        wholes.append(min(whole for _, whole, _ in rounds))
        looks.append(rounds[0][2])
    return 1e3 * mean(floors), 1e3 * mean(wholes), mean(looks)


def _timed_grader(model_dir: Path) -> TurningGrader:
    model = TimedModel(OnnxModel.load(model_dir), time.process_time)
    if model.quick is not None:
        model.quick = TimedModel(model.quick, time.process_time)
    if model.close is not None:
        model.close = TimedModel(model.close, time.process_time)
    return TurningGrader(model)


def _one_fruit(
    grader: TurningGrader, views: Sequence[bytes], name: str, options: GradeOptions
) -> tuple[float, float, int]:
    """Floor and whole, s, and close looks of one fruit."""
    model = grader.model
    models = [each for each in (model, model.quick, model.close) if isinstance(each, TimedModel)]
    for each in models:
        each.spent_s = 0.0
    begin_s = time.process_time()
    seen = [grader.see(data, f"{name}/{view}", options) for view, data in enumerate(views)]
    looks = grader.decide_seen(seen, options).close_looks
    whole_s = time.process_time() - begin_s
    begin_s = time.process_time()
    for data in views:
        decode_image(data, name, shrink_to_px=None if grader.model.quick is None else QUICK_SIDE_PX)
    for view in looks if grader.model.quick is not None else ():
        decode_image(views[view], name)
    return sum(each.spent_s for each in models) + time.process_time() - begin_s, whole_s, len(looks)
