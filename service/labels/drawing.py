"""A label as a list of things to paint, in mm from its top left corner. Layouts make it, painters paint it."""

from __future__ import annotations

from dataclasses import dataclass

from service.labels.symbols import Modules


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One line of text. left_mm, baseline_mm: where it starts. size_mm: height of the em. white: on a filled box."""

    text: str
    left_mm: float
    baseline_mm: float
    size_mm: float
    bold: bool = False
    white: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A black rectangle."""

    left_mm: float
    top_mm: float
    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bars:
    """A GS1-128. modules: bool (n,), True is a bar. centre_mm: of the bars, left to right."""

    modules: Modules
    centre_mm: float
    top_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix:
    """A GS1 DataMatrix. modules: bool (n, n), True is dark. centre_mm, middle_mm: from the left, from the top."""

    modules: Modules
    centre_mm: float
    middle_mm: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelDrawing:
    """Everything on one label. title: what the file calls it. Filled boxes are painted first."""

    title: str
    width_mm: float
    height_mm: float
    filled: tuple[Filled, ...]
    words: tuple[Words, ...]
    bars: tuple[Bars, ...]
    matrices: tuple[Matrix, ...]
