"""`grader bench`: where the time goes, how many views a second one and two processes judge, how far above the floor.

The floor is what cannot be saved with this network: decoding the picture and running the network on it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from grader.colour import measure_colour
from grader.defects import find_defects
from grader.exposure import check_exposure
from grader.find_fruit import find_fruit
from grader.image_io import decode_image
from grader.landmarks import find_landmarks
from grader.netting import measure_netting
from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions, Grader
from grader.scale import Scale
from grader.size import measure_size
from grader.surface import SkinMap, map_skin
from grader.types import FloatArray, Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """Milliseconds are medians on one core. floor_ratio: picture_ms over decode plus network alone."""

    stage_ms: dict[str, float]
    picture_ms: float
    floor_ms: float
    floor_ratio: float
    views_per_s_1: float
    views_per_s_2: float
    fruit_per_picture: float
    pictures: int

    def to_json(self) -> dict[str, object]:
        """The keys of the fixed contract and a few more."""
        return {name: getattr(self, name) for name in self.__slots__}


class TimedModel(OnnxModel):
    """A network with a clock around each run. clock: gives s, of the wall or of the processor. spent_s: in all runs."""

    def __init__(self, model: OnnxModel, clock: Callable[[], float] = time.perf_counter) -> None:
        vars(self).update(vars(model))
        self._now_s, self.spent_s = clock, 0.0

    def run(self, tensor: FloatArray) -> dict[str, FloatArray]:
        with self._clock():
            return super().run(tensor)

    def find(self, tensor: FloatArray) -> dict[str, FloatArray]:
        with self._clock():
            return super().find(tensor)

    def other_produce(self, tensor: FloatArray, share: FloatArray) -> float | None:
        with self._clock():
            return super().other_produce(tensor, share)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        start = self._now_s()
        try:
            yield
        finally:
            self.spent_s += self._now_s() - start


def bench(pictures: list[Path], *, seconds: float, model_dir: Path | None) -> BenchResult:
    """Time the pictures again and again for `seconds` per part. Decoded from memory: no disk is timed."""
    grader = Grader.load(model_dir)
    data = [(path.name, path.read_bytes()) for path in pictures]
    whole: list[float] = []
    stages: list[dict[str, float]] = []
    floor: list[float] = []
    fruit = 0
    _one_picture(grader, *data[0])
    end = time.perf_counter() + seconds
    rounds = 0
    while time.perf_counter() < end or not whole:
        for name, content in data:
            start = time.perf_counter()
            found = _one_picture(grader, name, content)
            whole.append(time.perf_counter() - start)
            stage, network = _stages(grader, name, content)
            stages.append(stage)
            floor.append(stage["decode"] + network)
            fruit += found
            rounds += 1
    stage_ms = {name: round(1e3 * median(stage[name] for stage in stages), 3) for name in stages[0]}
    picture_ms, floor_ms = 1e3 * median(whole), 1e3 * median(floor)
    return BenchResult(
        stage_ms=stage_ms,
        picture_ms=round(picture_ms, 3),
        floor_ms=round(floor_ms, 3),
        floor_ratio=round(picture_ms / floor_ms, 3),
        views_per_s_1=round(_throughput(pictures, 1, seconds, model_dir), 2),
        views_per_s_2=round(_throughput(pictures, 2, seconds, model_dir), 2),
        fruit_per_picture=round(fruit / rounds, 3),
        pictures=len(pictures),
    )


def _one_picture(grader: Grader, name: str, data: bytes) -> int:
    return len(grader.grade_frame(decode_image(data, name), GradeOptions(mm_per_px=0.35)).records)


def _stages(grader: Grader, name: str, data: bytes) -> tuple[dict[str, float], float]:
    """Seconds by stage, and the network's share of `find`."""
    spent: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], object]) -> object:
        start = time.perf_counter()
        result = work()
        spent[stage] = spent.get(stage, 0.0) + time.perf_counter() - start
        return result

    frame = timed("decode", lambda: decode_image(data, name))
    assert isinstance(frame, Frame)
    timed("exposure", lambda: check_exposure(frame.rgb))
    model = TimedModel(grader.model)
    start = time.perf_counter()
    views = find_fruit(frame, model)
    spent["network"] = model.spent_s
    spent["find_fruit"] = time.perf_counter() - start - model.spent_s
    scale = Scale(mm_per_px=0.35)
    for stage in ("surface", "size", "colour", "defects", "landmarks", "netting"):
        spent[stage] = 0.0
    for view in views:
        skin = timed("surface", lambda view=view: map_skin(view))  # type: ignore[misc]
        assert isinstance(skin, SkinMap)
        timed("size", lambda view=view: measure_size(view, scale, view.crop))  # type: ignore[misc]
        timed("colour", lambda view=view, skin=skin: measure_colour(view, None, skin))  # type: ignore[misc]
        timed("defects", lambda view=view, skin=skin: find_defects(view, scale, skin))  # type: ignore[misc]
        timed("landmarks", lambda view=view: find_landmarks(view))  # type: ignore[misc]
        timed("netting", lambda view=view, skin=skin: measure_netting(view, skin))  # type: ignore[misc]
    return spent, model.spent_s


def _throughput(pictures: list[Path], processes: int, seconds: float, model_dir: Path | None) -> float:
    """Pictures judged per second by so many processes together, after each has warmed up."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        barrier_s = time.time() + 4.0
        jobs = [pool.submit(_judge_for, pictures, barrier_s, seconds, model_dir) for _ in range(processes)]
        return float(np.sum([job.result() for job in jobs]))


def _judge_for(pictures: list[Path], start_at_s: float, seconds: float, model_dir: Path | None) -> float:
    grader = Grader.load(model_dir)
    data = [(path.name, path.read_bytes()) for path in pictures]
    _one_picture(grader, *data[0])
    time.sleep(max(start_at_s - time.time(), 0.0))
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        _one_picture(grader, *data[count % len(data)])
        count += 1
    return count / (time.perf_counter() - start)
