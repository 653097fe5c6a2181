"""`python -m training unseen`: is a fruit with a defect that the network was never shown put before a person?

For a model whose run withheld some kinds (`training/withheld.py`). Beside it stands what the same model says of sound
fruit and of fruit with kinds it knows: flagging everything would be no art.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from grader.image_io import read_image
from grader.pipeline import GradeOptions
from grader.types import FIRST_DEFECT_VALUE, REJECT, DefectKind, Frame, UInt8Array
from training.folds import DISEASED, MASKED
from training.frame_grader import FrameGrader
from training.manifest import load_manifest, select_photographs
from training.one_defect import draw_one_defect
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import MM_PER_PX, draw_apple, largest
from training.statistics import Figure, share

FIRST_SEED = FIRST_HELD_OUT_SEED + 40_000_000
SUPPOSED_DIAMETER_MM = 75.0
"""Photographs have no scale, and a fruit without a size is always reviewed: they are graded as if of this size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was said of one fruit. flagged: `review`. accused: a defect was called. rejected: by the class."""

    flagged: bool
    accused: bool
    rejected: bool


def ask(grader: FrameGrader, frame: Frame, mm_per_px: float | None) -> Shown | None:
    """The largest fruit of a picture; None when none is found, which a line counts as no-read."""
    if mm_per_px is None:
        graded = grader.grade_frame(frame, GradeOptions())
        if not graded.records:
            return None
        diameter_px = graded.records[largest(graded)].measurement.size.diameter_px
        mm_per_px = SUPPOSED_DIAMETER_MM / diameter_px
    graded = grader.grade_frame(frame, GradeOptions(mm_per_px=mm_per_px))
    if not graded.records:
        return None
    number = largest(graded)
    grade = graded.records[number].grade
    return Shown(
        flagged=grade.review,
        accused=bool((graded.views[number].surface >= FIRST_DEFECT_VALUE).any()),
        rejected=grade.grade_class == REJECT,
    )


def figures(
    grader: FrameGrader, unseen: Sequence[DefectKind], count: int, data_dir: Path | None
) -> Iterator[Figure]:
    """For sound apples, apples with every other kind, and each unseen kind: flagged, accused, and passed unseen.

    count: simulated apples of each sort. data_dir: photographs, for scab on real ones; None: none.
    """
    known = [kind for kind in DefectKind if kind not in unseen]
    yield from _of("sound", _frames(draw_apple(FIRST_SEED + n, True).rgb for n in range(count)), grader)
    each = -(-count // len(known))
    some = chain.from_iterable(draw_one_defect(kind, FIRST_SEED, each) for kind in known)
    yield from _of("known", _frames(picture.rgb for picture in some), grader)
    for kind in unseen:
        drawn = draw_one_defect(kind, FIRST_SEED, count)
        yield from _of(str(kind), _frames(picture.rgb for picture in drawn), grader)
    if data_dir is not None and DefectKind.SCAB in unseen:
        yield from _of("scab_photographs", _scab(data_dir), grader)


def _frames(pictures: Iterable[UInt8Array]) -> Iterator[tuple[Frame, float | None]]:
    for number, rgb in enumerate(pictures):
        yield Frame(frame_id=str(number), rgb=rgb), MM_PER_PX


def _scab(data_dir: Path) -> Iterator[tuple[Frame, float | None]]:
    sets = frozenset({*MASKED, DISEASED})
    for photo in select_photographs(load_manifest(data_dir), datasets=sets):
        if photo.label == "scab" or photo.path.stem.startswith("SCAB"):
            yield read_image(photo.path), None


def _of(name: str, pictures: Iterable[tuple[Frame, float | None]], grader: FrameGrader) -> Iterator[Figure]:
    """`unseen_{name}_flagged`, `_accused`, and `_passed`: neither flagged nor rejected."""
    said = [one for frame, scale in pictures if (one := ask(grader, frame, scale)) is not None]
    yield share(f"unseen_{name}_flagged", sum(one.flagged for one in said), len(said))
    yield share(f"unseen_{name}_accused", sum(one.accused for one in said), len(said))
    passed = sum(not one.flagged and not one.rejected for one in said)
    yield share(f"unseen_{name}_passed", passed, len(said))
