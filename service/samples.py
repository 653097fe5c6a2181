"""The sample pictures that ship: graded once after the start, kept in memory, so that a newcomer sees results."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import structlog

from grader.errors import GraderError
from grader.pipeline import GradeOptions
from service.errors import NotFoundError
from service.grade_pictures import GradedUpload, OverlayStyle, grade_pictures
from service.grading_port import FruitGrader
from service.uploads import Upload

_ONLY_FOR_TIMING = "bench_"
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sample: a picture, or several views of one fruit.

    mm_per_px: the scale it was made with; None: not known. Without it there are no sizes in mm.
    """

    name: str
    files: tuple[Path, ...]
    one_fruit: bool
    mm_per_px: float | None

    @property
    def title(self) -> str:
        """The name for people: `apple_fuji_2.jpg` is "apple fuji 2"."""
        return Path(self.name).stem.replace("_", " ")

    @property
    def options(self) -> GradeOptions:
        """How it is graded."""
        return GradeOptions(mm_per_px=self.mm_per_px, one_fruit=self.one_fruit)

    def uploads(self) -> tuple[Upload, ...]:
        """The pictures as if somebody sent them. Raises OSError."""
        return tuple(Upload(name=file.name, data=file.read_bytes()) for file in self.files)


class SampleGallery:
    """Samples in name order and what came of them. Filled by one thread, read by others."""

    def __init__(self, samples: tuple[Sample, ...]) -> None:
        self.samples = samples
        self._graded: dict[str, GradedUpload] = {}
        self._problems: dict[str, str] = {}
        self._stopped = Event()
        self._finished = Event()

    @property
    def pending(self) -> bool:
        """Some samples are not graded yet."""
        return not self._finished.is_set() and len(self._graded) + len(self._problems) < len(self.samples)

    def graded(self, name: str) -> GradedUpload | None:
        """The result of one sample, None while there is none."""
        return self._graded.get(name)

    def results(self) -> tuple[GradedUpload, ...]:
        """All results so far, in name order."""
        return tuple(self._graded[sample.name] for sample in self.samples if sample.name in self._graded)

    def problem(self, name: str) -> str | None:
        """Why a sample could not be graded, or None."""
        return self._problems.get(name)

    def sample(self, name: str) -> Sample:
        """One sample. Raises NotFoundError."""
        for sample in self.samples:
            if sample.name == name:
                return sample
        raise NotFoundError(f"no sample {name!r}")

    def grade_all(self, grader: FruitGrader, overlay: OverlayStyle) -> None:
        """Grade every sample, one after the other, until `stop`. A sample that fails is noted, not raised."""
        for sample in self.samples:
            if self._stopped.is_set():
                break
            try:
                self._graded[sample.name] = grade_pictures(sample.uploads(), sample.options, grader, overlay)
            except (GraderError, OSError) as error:
                self._problems[sample.name] = str(error)
                structlog.get_logger().warning("sample_not_graded", sample=sample.name, reason=str(error))

        self._finished.set()

    def wait(self, timeout_s: float = 60.0) -> bool:
        """Wait until `grade_all` has ended. False: it has not within the time."""
        return self._finished.wait(timeout_s)

    def stop(self) -> None:
        """End `grade_all` after the sample it is at."""
        self._stopped.set()


def find_samples(folder: Path) -> tuple[Sample, ...]:
    """The samples in `folder`, by name: each picture, and each sub-folder as the views of one fruit.

    None when the folder is missing. `expected.json` beside them, where there is one, gives their scales.
    """
    if not folder.is_dir():
        return ()
    scales = _scales(folder / "expected.json")
    samples = []
    for entry in sorted(folder.iterdir()):
        inside = sorted(entry.iterdir()) if entry.is_dir() else [entry]
        files = tuple(file for file in inside if file.suffix.lower() in _SUFFIXES)
        if files and not entry.name.startswith(_ONLY_FOR_TIMING):
            samples.append(
                Sample(
                    name=entry.name, files=files, one_fruit=entry.is_dir(), mm_per_px=scales.get(entry.name)
                )
            )
    return tuple(samples)


def _scales(file: Path) -> dict[str, float]:
    """mm per pixel by name of the sample, as far as `expected.json` states it."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    pictures = content.get("pictures")
    entries = {**content, **(pictures if isinstance(pictures, dict) else {})}
    return {
        name: float(entry["mm_per_px"])
        for name, entry in entries.items()
        if isinstance(entry, dict) and isinstance(entry.get("mm_per_px"), int | float)
    }
