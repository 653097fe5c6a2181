"""Time of one picture beside its floor: decoding it and running the network on it, and nothing else.

    python benchmarks/picture_time.py [PICTURE] [--rounds N] [--model DIR]

Processor time of this process on one core, median of alternating rounds: other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2

from grader.image_io import decode_image
from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions, Grader
from grader.production import production_model
from grader.types import FloatArray

SAMPLE = Path(__file__).parents[1] / "sample_images" / "bench_apple.jpg"


class Recorder(OnnxModel):
    """The network, keeping every tensor it was given to find fruit in and to look at one fruit."""

    def __init__(self, folder: Path) -> None:
        self.frames: list[FloatArray] = []
        self.fruit: list[FloatArray] = []
        super().__init__(OnnxModel.load(folder).card)

    def run(self, tensor: FloatArray) -> dict[str, FloatArray]:
        """As `OnnxModel.run`."""
        self.fruit.append(tensor)
        return super().run(tensor)

    def find(self, tensor: FloatArray) -> dict[str, FloatArray]:
        """As `OnnxModel.find`."""
        self.frames.append(tensor)
        return super().find(tensor)


def main() -> None:
    """Print the whole way and its floor side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path, nargs="?", default=SAMPLE)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--model", type=Path, default=None)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    data, name = asked.picture.read_bytes(), asked.picture.name
    model_dir = asked.model or production_model()
    grader, recorder = Grader.load(model_dir), Recorder(model_dir)
    options = GradeOptions(mm_per_px=0.35)
    recorder.frames.clear()
    recorder.fruit.clear()
    fruit = len(Grader(recorder).grade_frame(decode_image(data, name), options).records)
    frames, looks = tuple(recorder.frames), tuple(recorder.fruit)

    ways: dict[str, Callable[[], object]] = {
        "decode": lambda: decode_image(data, name),
        "first look": lambda: [grader.model.find(frame) for frame in frames],
        "second look": lambda: [grader.model.run(look) for look in looks],
        "whole way": lambda: grader.grade_frame(decode_image(data, name), options),
    }
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(asked.rounds + 1):
        for way, work in ways.items():
            start = time.process_time()
            work()
            spent[way].append(1e3 * (time.process_time() - start))
    ms = {way: median(times[1:]) for way, times in spent.items()}
    floor = ms["decode"] + ms["first look"] + ms["second look"]
    sizes = ", ".join(f"{look.shape[3]}x{look.shape[2]}" for look in (*frames, *looks))
    sys.stdout.write(
        f"{name}: {fruit} fruit, looks of the network: {sizes}\n"
        f"decode      {ms['decode']:7.2f} ms\n"
        f"first look  {ms['first look']:7.2f} ms\n"
        f"second look {ms['second look']:7.2f} ms\n"
        f"floor       {floor:7.2f} ms   decode + network\n"
        f"whole way   {ms['whole way']:7.2f} ms   of it {ms['whole way'] - floor:.2f} ms measuring and deciding\n"
        f"ratio       {ms['whole way'] / floor:7.2f}\n"
    )


if __name__ == "__main__":
    main()
