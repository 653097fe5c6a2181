"""Which blemished cells of a surface are one blemish: laid by several views, each a little beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos

import numpy as np
from numpy.typing import NDArray

from grader.surface_cells import CELL_ANGLE, CELL_COUNT, cell_directions, connected_cells
from grader.types import FloatArray
from grader.view_surface import Spots

LEAST_COVER = 0.06
"""A cell counts as blemished from this share of its area on: a blemish of 2 mm2 lies in up to four cells."""
SIGHTED_SHARE = 0.3
"""A view confirms a blemish when it shows at least this share of what all views say lies in its sight."""
BOTH_SHARE = 0.5
"""Two kinds that touch are two blemishes when one view shows both: this share of the smaller, and beside it this much
of the larger; otherwise the views contradict each other and the greater part decides. Our choice."""
CLOSE_CELLS = 3.2
"""Parts of one kind nearer than so many cells may be one blemish that two views laid apart: 12 degrees."""
CORE_COVER = 0.6
"""What lies between two parts with at least this share of their cells covered, and is covered less, may be the smear of
views that are laid a little beside each other: then the views say whether the parts are one. Our choice."""
PIECE_SHARE = 0.5
"""A view shows two parts as one when one piece of it makes up this share of what it shows of each."""

Part = tuple[int, NDArray[np.intp]]
"""Index of a kind, and cells."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LaidSpots:
    """The spots of one view on the surface. cell: where they lie; area: in cells; towards: direction on the ball of
    view 0."""

    spots: Spots
    cell: NDArray[np.intp]
    area: NDArray[np.float64]
    towards: FloatArray


def blemish_parts(
    laid: Sequence[LaidSpots],
    values: NDArray[np.uint8],
    cover: NDArray[np.float64],
    fused: NDArray[np.float64],
    say: FloatArray,
) -> tuple[list[Part], NDArray[np.float64]]:
    """The blemishes as (index into values, cells), and the cover of each cell by kind, (kinds, cells).

    Touching cells are one group; its kinds are told apart (`BOTH_SHARE`) and may share cells. What hangs together by a
    thin cover only is taken apart, and parts of one kind that lie close are put together, as the views say that show
    them: one piece, or two.

    Args:
        values: (kinds,), `SurfaceClass`. cover: (kinds, views, cells), share of each cell that each view shows. fused:
            (kinds, cells), their mean by say. say: (views, cells).
    """
    count, groups = connected_cells(fused.sum(axis=0) >= LEAST_COVER)
    credited = np.zeros_like(fused)
    parts: list[Part] = []
    for group in range(count):
        cells = np.flatnonzero(groups == group)
        credited[:, cells] = _credited(fused[:, cells], cover[:, :, cells].sum(axis=2))
    for kind in range(len(values)):
        count, groups = connected_cells(credited[kind] >= LEAST_COVER)
        for group in range(count):
            parts += [(kind, core) for core in _cores(np.flatnonzero(groups == group), credited[kind])]
    return _joined(parts, laid, values, credited, say), credited


def _credited(fused: NDArray[np.float64], in_views: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cover of one group of touching cells by kind, where the views contradict each other by the greater kind.

    fused: (kinds, cells of the group). in_views: (kinds, views), what each view shows in the group, in cells.
    """
    sums = fused.sum(axis=1)
    main = int(np.argmax(sums))
    beside = np.any(
        (in_views > BOTH_SHARE * sums[:, None]) & (in_views[main] > BOTH_SHARE * in_views), axis=1
    )
    kept = beside & (sums > 0)
    kept[main] = True
    credited = np.where(kept[:, None], fused, 0.0)
    winner = credited.argmax(axis=0)
    credited[winner, np.arange(fused.shape[1])] += fused[~kept].sum(axis=0)
    return np.asarray(credited)


def _cores(cells: NDArray[np.intp], cover: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """The cells by the well covered part that is nearest; all of them where there are not several such parts."""
    core = np.zeros(CELL_COUNT, np.bool_)
    core[cells] = cover[cells] >= CORE_COVER
    count, groups = connected_cells(core)
    if count < 2:
        return [cells]
    cores = np.flatnonzero(core)
    nearest = cores[(cell_directions()[cells] @ cell_directions()[cores].T).argmax(axis=1)]
    return [cells[groups[nearest] == group] for group in range(count)]


def _joined(
    parts: list[Part],
    laid: Sequence[LaidSpots],
    values: NDArray[np.uint8],
    fused: NDArray[np.float64],
    say: FloatArray,
) -> list[Part]:
    """Parts of one kind that lie close are one blemish, laid a little apart, unless more of the views that show them
    show them apart than in one piece or one without the other."""
    name = list(range(len(parts)))
    shown: dict[int, list[dict[int, float]]] = {}

    def pieces(part: int) -> list[dict[int, float]]:
        if part not in shown:
            kind, cells = parts[part]
            shown[part] = [_pieces_in(one, int(values[kind]), cells) for one in laid]
        return shown[part]

    for one, (kind, cells) in enumerate(parts):
        for other in range(one):
            beside = parts[other][1]
            if parts[other][0] != kind or name[one] == name[other]:
                continue
            nearest = float((cell_directions()[cells] @ cell_directions()[beside].T).max())
            if nearest < cos(CLOSE_CELLS * CELL_ANGLE):
                continue
            wanted = tuple(SIGHTED_SHARE * float(fused[kind, of].sum()) for of in (cells, beside))
            looks = np.minimum(say[:, cells].mean(axis=1), say[:, beside].mean(axis=1))
            if _apart(pieces(one), pieces(other), wanted, looks) < 0.5:
                name = [name[other] if n == name[one] else n for n in name]
    return [
        (parts[first][0], np.concatenate([parts[n][1] for n in range(len(parts)) if name[n] == first]))
        for first in sorted(set(name))
    ]


def _pieces_in(one: LaidSpots, value: int, cells: NDArray[np.intp]) -> dict[int, float]:
    """Area in cells of each piece of a view that lies in these cells."""
    mine = (one.spots.value == value) & np.isin(one.cell, cells)
    areas = np.bincount(one.spots.piece[mine], one.area[mine])
    return {int(piece): float(areas[piece]) for piece in np.flatnonzero(areas)}


def _apart(
    one: Sequence[dict[int, float]],
    other: Sequence[dict[int, float]],
    wanted: tuple[float, ...],
    looks: FloatArray,
) -> float:
    """Share of the say of the views that look at two parts which goes to those that show two blemishes there.

    wanted: areas from which a part counts as shown. looks: say of each view.
    """
    apart = total = 0.0
    for mine, beside, say in zip(one, other, looks.tolist(), strict=True):
        sums = sum(mine.values()), sum(beside.values())
        shown = [area > 0 and area >= least for area, least in zip(sums, wanted, strict=True)]
        if say <= 0 or not any(shown):
            continue
        total += say
        if all(shown) and not any(
            mine[piece] >= PIECE_SHARE * sums[0] and beside[piece] >= PIECE_SHARE * sums[1]
            for piece in mine.keys() & beside.keys()
        ):
            apart += say
    return apart / total if total > 0 else 0.0
