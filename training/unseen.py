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
from grader.types import REJECT, DefectKind, Frame
from training.folds import DISEASED, MASKED
from training.grade_suite import ViewsGrader
from training.manifest import load_manifest, select_photographs
from training.one_defect import draw_one_defect
from training.simulator import Rendered, render_views
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import MM_PER_PX
from training.statistics import Figure, share
from training.weak_labels import shows_scab

FIRST_SEED = FIRST_HELD_OUT_SEED + 40_000_000
SUPPOSED_DIAMETER_MM = 75.0
"""Photographs have no scale, and a fruit without a size is always reviewed: they are graded as if of this size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was said of one fruit. flagged: `review`. accused: a defect was called. rejected: by its class."""

    flagged: bool
    accused: bool
    rejected: bool


def ask(grader: ViewsGrader, frames: Sequence[Frame], mm_per_px: float | None) -> Shown | None:
    """One fruit in one or several frames; None when none shows it, which a line counts as no-read."""
    record = grader.grade_views(frames, GradeOptions(mm_per_px=mm_per_px)).record
    if record is not None and mm_per_px is None:
        supposed = SUPPOSED_DIAMETER_MM / record.measurement.size.diameter_px
        record = grader.grade_views(frames, GradeOptions(mm_per_px=supposed)).record
    if record is None:
        return None
    return Shown(
        flagged=record.grade.review,
        accused=bool(record.measurement.defects),
        rejected=record.grade.grade_class == REJECT,
    )


def figures(
    grader: ViewsGrader, unseen: Sequence[DefectKind], count: int, views: int, data_dir: Path | None
) -> Iterator[Figure]:
    """For sound apples, apples with every other kind, and each unseen kind: flagged, accused, and passed unseen.

    count: simulated apples of each sort. views: of each. data_dir: photographs, for scab on real ones (one view each);
    None: none.
    """
    known = [kind for kind in DefectKind if kind not in unseen]
    sound = (render_views(FIRST_SEED + n, views=views, mm_per_px=MM_PER_PX, sound=True) for n in range(count))
    yield from _of("sound", _frames(sound), grader)
    each = -(-count // len(known))
    some = chain.from_iterable(draw_one_defect(kind, FIRST_SEED, each, views) for kind in known)
    yield from _of("known", _frames(some), grader)
    for kind in unseen:
        yield from _of(str(kind), _frames(draw_one_defect(kind, FIRST_SEED, count, views)), grader)
    if data_dir is not None and DefectKind.SCAB in unseen:
        yield from _of("scab_photographs", _scab(data_dir), grader)


Fruit = tuple[list[Frame], float | None]
"""The views of one fruit, and their scale in mm per pixel, None where nobody knows it."""


def _frames(fruit: Iterable[Sequence[Rendered]]) -> Iterator[Fruit]:
    for pictures in fruit:
        yield [Frame(frame_id=str(n), rgb=picture.rgb) for n, picture in enumerate(pictures)], MM_PER_PX


def _scab(data_dir: Path) -> Iterator[Fruit]:
    sets = frozenset({*MASKED, DISEASED})
    for photo in select_photographs(load_manifest(data_dir), datasets=sets):
        if shows_scab(photo):
            yield [read_image(photo.path)], None


def _of(name: str, fruit: Iterable[Fruit], grader: ViewsGrader) -> Iterator[Figure]:
    """`unseen_{name}_flagged`, `_accused`, and `_passed`: neither flagged nor rejected."""
    said = [one for frames, scale in fruit if (one := ask(grader, frames, scale)) is not None]
    yield share(f"unseen_{name}_flagged", sum(one.flagged for one in said), len(said))
    yield share(f"unseen_{name}_accused", sum(one.accused for one in said), len(said))
    passed = sum(not one.flagged and not one.rejected for one in said)
    yield share(f"unseen_{name}_passed", passed, len(said))
