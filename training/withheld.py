"""Kinds of defect that a run is never shown, to measure what a grader does with what it has never seen.

A photograph is left out when a pixel or a box of it may be such a kind, unless any kind at all may be there: what only
"rotten" is known of says nothing of kinds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from grader.types import DefectKind
from training.label_canvas import ANY_DEFECT, surface_bits


def without(stems: Iterable[str], kinds: Sequence[str], *, simulated: bool) -> tuple[str, ...]:
    """The samples that show none of these kinds, in their order. kinds: values of `DefectKind`.

    stems: paths without suffix of samples as `training/dataset.py` reads them.
    """
    shows = _simulated_shows if simulated else _photograph_shows
    bits = surface_bits(*(DefectKind(kind).surface_class for kind in kinds))
    return tuple(stem for stem in stems if not kinds or not shows(stem, kinds, bits))


def _simulated_shows(stem: str, kinds: Sequence[str], _: int) -> bool:
    truth = json.loads(Path(f"{stem}.json").read_text(encoding="utf-8"))
    return any(defect["kind"] in kinds for fruit in truth["fruits"] for defect in fruit["defects"])


def _photograph_shows(stem: str, _: Sequence[str], bits: int) -> bool:
    with np.load(f"{stem}.npz") as labels:
        sets = np.unique(labels["surface_set"].astype(np.uint32))
    defects = sets & np.uint32(ANY_DEFECT)
    return bool(((defects & np.uint32(bits)) > 0)[defects != np.uint32(ANY_DEFECT)].any())
