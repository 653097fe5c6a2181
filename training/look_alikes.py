"""Pictures of a labelled set that look like each other, or like one that models are judged by (`training/leaks.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from training.frozen import frozen_beside
from training.labelled_picture import LabelledPicture
from training.leaks import hashes_of, pairs_alike
from training.manifest import load_manifest


def find_twins(
    pictures: Sequence[LabelledPicture], groups: Sequence[str], looks: Mapping[int, NDArray[np.uint8]]
) -> list[tuple[int, int, int]]:
    """Numbers of two pictures that look the same but are said to show different fruit, and the bits that differ: they
    would leak through a split."""
    if not looks:
        return []
    numbers, table = list(looks), np.stack(list(looks.values()))
    pairs = ((numbers[a], numbers[b], bits) for a, b, bits in pairs_alike(table, table) if a < b)
    return [
        (a, b, bits)
        for a, b, bits in pairs
        if groups[a] != groups[b] and pictures[a].path != pictures[b].path
    ]


def told_twin(pictures: Sequence[LabelledPicture], twin: tuple[int, int, int]) -> str:
    """A line for two pictures that `find_twins` names."""
    first, second, bits = twin
    return (
        f"{pictures[second].name}: looks like {pictures[first].name} ({bits} of 256 bits differ), expected one of "
        f"them, or both in one group (--group, --join-alike)"
    )


def like_judged(
    pictures: Sequence[LabelledPicture],
    looks: Mapping[int, NDArray[np.uint8]],
    out: Path,
    data: Path | None,
    console: Console,
) -> tuple[set[int], list[str]]:
    """Numbers of the pictures that look like one that models are judged by, and a line for each.

    looks: of each picture that could be read, by its number. out: the sets beside it may have frozen pictures. data:
    folder with manifest.csv, whose pictures for judging count too. Raises SetError, ManifestError.
    """
    judged = [
        (f"{where}/{picture.id}", picture.to_look())
        for where, frozen in frozen_beside(out).items()
        for picture in frozen
    ]
    if data is not None:
        photographs = [photo for photo in load_manifest(data) if photo.split != "train"]
        shown = track(photographs, "pictures for judging", console=console)
        judged += [(str(photo.path), hashes_of(photo)) for photo in shown]
    if not judged or not looks:
        return set(), []
    numbers, table = list(looks), np.stack(list(looks.values()))
    nearest: dict[int, tuple[int, str]] = {}
    for row, column, bits in pairs_alike(np.stack([look for _, look in judged]), table):
        nearest[column] = min(nearest.get(column, (bits, judged[row][0])), (bits, judged[row][0]))
    lines = [
        f"{pictures[numbers[column]].name}: looks like {name}, by which models are judged ({bits} of 256 bits "
        f"differ); leave it out (--leave-out-frozen)"
        for column, (bits, name) in sorted(nearest.items())
    ]
    return {numbers[column] for column in nearest}, lines
