"""A statement as CSV for Excel: UTF-8 with a byte order mark, and no cell that it would take for a formula."""

from __future__ import annotations

import csv
from io import StringIO

from service.statement.sheet import Sheet

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def statement_csv(sheet: Sheet) -> bytes:
    """One table below the other, with an empty line between."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([_safe(sheet.title)])
    if sheet.warning:
        writer.writerow([_safe(sheet.warning)])
    writer.writerows([_safe(name), _safe(value)] for name, value in sheet.facts)
    for table in sheet.tables:
        writer.writerow([])
        writer.writerow([_safe(table.title)])
        writer.writerow([_safe(one) for one in table.headers])
        writer.writerows(
            [
                _number(cell) if number else _safe(cell)
                for cell, number in zip(row, table.numbers, strict=True)
            ]
            for row in table.rows
        )
        writer.writerows([_safe(note)] for note in table.notes)
    return text.getvalue().encode("utf-8-sig")


def _number(cell: str) -> str:
    """Without separators of thousands; what is not there is empty."""
    return "" if cell == "–" else cell.replace(",", "").replace(" %", "%")


def _safe(cell: str) -> str:
    """An apostrophe before what begins like a formula: names of lots and growers are anybody's text."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) or cell.startswith(_FORMULA) else cell
