"""The sizes of labels."""

from __future__ import annotations

from enum import StrEnum


class CartonStock(StrEnum):
    """Labels for cartons, width x height in mm. The small one has room for one GS1-128, the large one for two."""

    SMALL = "100x70"
    LARGE = "100x150"


class PalletStock(StrEnum):
    """Labels for pallets, width x height in mm: A6 and A5, the usual sizes of GS1 logistic labels."""

    A6 = "105x148"
    A5 = "148x210"


def size_mm(stock: CartonStock | PalletStock) -> tuple[float, float]:
    """Width and height of a label in mm."""
    width, height = stock.value.split("x")
    return float(width), float(height)
