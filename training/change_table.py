"""The table of `compare`, as people read it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from training.compare import ClassChange


def change_table(changes: Sequence[ClassChange]) -> Table:
    """A row for each class, in the order given; shares 0-1 with three digits, changes in points."""
    table = Table("class", "champion", "challenger", "points", "95 % interval", "n")
    for change in changes:
        table.add_row(
            change.name,
            f"{change.champion:.3f}",
            f"{change.challenger:.3f}",
            f"{100 * change.change:+.1f}",
            f"{100 * change.low:+.1f} to {100 * change.high:+.1f}",
            str(change.n),
        )
    return table
