"""What every reader of a labelled set gives: pictures with boxes, polygons, masks and classes, named as in the set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderError
from training.mask_runs import MaskRuns

Point = tuple[float, float]
Ring = tuple[Point, ...]


class SetError(GraderError):
    """A labelled set that cannot be imported or split. The message has one line per fault, with file and label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxShape:
    """A thing that fills a box. corners_xyxy_px: of the upright picture, may still be wrong.

    name: as the set calls it. where: file and label, for messages.
    """

    name: str
    where: str
    corners_xyxy_px: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolygonShape:
    """A drawn outline of one or several parts. rings_xy_px: the points of each part; rings are parts, not holes."""

    name: str
    where: str
    rings_xy_px: tuple[Ring, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskShape:
    """Pixels that were painted. runs: of the whole picture."""

    name: str
    where: str
    runs: MaskRuns


Shape = BoxShape | PolygonShape | MaskShape


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPicture:
    """One picture with its labels, before names are understood and anything is checked.

    path: the picture. name: unique in the set, relative, with `/`. where: where the set speaks of it.
    hw: (height, width) in pixels that the labels are meant for, None where the set does not say.
    classes: names for the whole picture. complete: every pixel is labelled exactly (an index mask).
    fruit_id, lot, source, licence: as the set says, empty where it does not.
    """

    path: Path
    name: str
    where: str
    hw: tuple[int, int] | None = None
    shapes: tuple[Shape, ...] = ()
    classes: tuple[str, ...] = ()
    complete: bool = False
    fruit_id: str = ""
    lot: str = ""
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSet:
    """What a reader found. names: the classes the set declares, used or not. problems: faults, one line each, any of
    them stops the import. warnings: what is worth knowing and stops nothing."""

    pictures: tuple[LabelledPicture, ...]
    names: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def outline_or_box(name: str, where: str, rings: tuple[Ring, ...]) -> BoxShape | PolygonShape:
    """A polygon, or a box where it is one upright rectangle: tools write boxes as polygons, and a box is no outline."""
    points = rings[0][:-1] if len(rings[0]) == 5 and rings[0][0] == rings[0][-1] else rings[0]
    xs, ys = sorted({x for x, _ in points}), sorted({y for _, y in points})
    upright = all(a[0] == b[0] or a[1] == b[1] for a, b in zip(points, (*points[1:], points[0]), strict=True))
    if len(rings) == 1 and len(points) == len(set(points)) == 4 and (len(xs), len(ys)) == (2, 2) and upright:
        return BoxShape(name=name, where=where, corners_xyxy_px=(xs[0], ys[0], xs[1], ys[1]))
    return PolygonShape(name=name, where=where, rings_xy_px=rings)
