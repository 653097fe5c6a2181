"""How large bars and modules are printed: GS1 General Specifications 5.12.3, tables of distribution and logistics.

Widths of one module (X-dimension): GS1-128 0.495 to 1.016 mm, 31.75 mm high, quiet zones of 10 X; GS1 DataMatrix one
and a half times as wide, 0.743 mm or more, quiet zone of 1 X. Printers set whole dots, so a module has as many dots as
reach the smallest X: 0.500 to 0.508 mm and 0.750 to 0.762 mm at 203, 300 and 600 dpi. Labels are laid out for the
widest of these.
"""

from __future__ import annotations

from enum import StrEnum
from math import ceil

LINEAR_SMALLEST_X_MM, LINEAR_LARGEST_X_MM = 0.495, 1.016
LINEAR_X_MM = 0.508
LINEAR_HEIGHT_MM = 31.75
LINEAR_QUIET_MODULES = 10
MATRIX_SMALLEST_X_MM = 0.743
MATRIX_X_MM = 0.762
MATRIX_QUIET_MODULES = 1


class Resolution(StrEnum):
    """Dots per inch of label printers."""

    DPI_203 = "203"
    DPI_300 = "300"
    DPI_600 = "600"

    @property
    def dots_per_mm(self) -> float:
        """Dots in one mm; a printer of 203 dpi has exactly 8."""
        return 8.0 if self is Resolution.DPI_203 else int(self) / 25.4

    def module_dots(self, smallest_x_mm: float) -> int:
        """The whole dots of one module that reach the smallest X-dimension."""
        return ceil(smallest_x_mm * self.dots_per_mm)


def linear_width_mm(modules: int) -> float:
    """Width of a GS1-128 of so many modules with its quiet zones, as labels are laid out."""
    return (modules + 2 * LINEAR_QUIET_MODULES) * LINEAR_X_MM


def matrix_width_mm(modules: int) -> float:
    """Width and height of a GS1 DataMatrix of so many modules a side with its quiet zone, as labels are laid out."""
    return (modules + 2 * MATRIX_QUIET_MODULES) * MATRIX_X_MM
