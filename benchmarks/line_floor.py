"""The floor of a fruit: decoding its views and running the network on them, and nothing else, in processor time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import cv2

from grader.image_io import decode_image
from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions
from grader.types import FloatArray
from service.line.line_grader import LineGrader, ViewWork

MM_PER_PX = 0.25


class TimedModel(OnnxModel):
    """The network, with the processor time it has taken. As many looks, of such sizes, as the grader asks for."""

    spent_s = 0.0

    def run(self, tensor: FloatArray) -> dict[str, FloatArray]:
        """As `OnnxModel.run`."""
        begin_s = time.process_time()
        try:
            return super().run(tensor)
        finally:
            self.spent_s += time.process_time() - begin_s

    def find(self, tensor: FloatArray) -> dict[str, FloatArray]:
        """As `OnnxModel.find`."""
        begin_s = time.process_time()
        try:
            return super().find(tensor)
        finally:
            self.spent_s += time.process_time() - begin_s


def floor_ms(model_dir: Path, pictures: Sequence[Sequence[bytes]]) -> tuple[float, float]:
    """Processor time of one fruit, ms: of decoding and network alone, and of the whole grading. Means over the
    fruit, medians of alternating rounds by view.
    """
    cv2.setNumThreads(1)
    model = TimedModel.load(model_dir)
    assert isinstance(model, TimedModel)
    grader = LineGrader(model)
    options = GradeOptions(mm_per_px=MM_PER_PX)
    floors, wholes = [], []
    for number, views in enumerate(pictures):
        measurements = []
        for view, data in enumerate(views):
            work = ViewWork(camera="top", view=view, name=f"{number}/{view}", data=data, options=options)
            floor, whole = [], []
            for _ in range(3):
                model.spent_s, begin_s = 0.0, time.process_time()
                result = grader.grade_view(work)
                whole.append(time.process_time() - begin_s)
                network_s, begin_s = model.spent_s, time.process_time()
                decode_image(data, work.name)
                floor.append(network_s + time.process_time() - begin_s)
            floors.append(median(floor))
            wholes.append(median(whole))
            if result.measurement is not None:
                measurements.append(result.measurement)
        begin_s = time.process_time()
        if measurements:
            grader.decide_fruit(measurements, options)
        wholes.append(time.process_time() - begin_s)
    return 1e3 * sum(floors) / len(pictures), 1e3 * sum(wholes) / len(pictures)
