"""The parts that labels are laid out of: a headline, rows of title and value, a class block, symbols with their text.

All lengths are mm from the top left corner of the label.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.errors import LabelDataError
from service.labels.drawing import Bars, Filled, Words
from service.labels.element_string import Element, human_readable
from service.labels.symbol_size import LINEAR_HEIGHT_MM, linear_width_mm
from service.labels.symbols import gs1_128
from service.labels.typeface import Typeface

MARGIN_MM = 3.0
EDGE_MM = 1.5  # between the lowest text and the edge
SMALLEST_TEXT_MM = (
    2.0  # em; Chinese letters are then 1.8 mm high, the least that GB 7718-2011 asks for (recalled)
)
TITLE_MM = 3.4
HRI_MM = 3.4
HRI_SPACE_MM = 4.6
BARS_SPACE_MM = LINEAR_HEIGHT_MM + HRI_SPACE_MM
ASCENT, DESCENT = 0.88, 0.12  # of an ideograph, in em
CAP_HEIGHT = 0.73  # of a capital or a digit, in em
HEADLINE_SHARE = 0.24
LARGEST_HEADLINE_MM = 13.0
LARGEST_VALUE_MM = 7.0
ROW_PITCH = 1.2  # em
FIRST_IDEOGRAPH = "\u2e80"


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of the label."""

    left_mm: float
    top_mm: float
    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A value with its title. field: whose value it is, for errors."""

    field: str
    title: str
    value: str


def fitted_mm(
    field: str, text: str, typeface: Typeface, *, room_mm: float, largest_mm: float, bold: bool = True
) -> float:
    """The size at which a line fits its room: the largest allowed, or smaller.

    Raises:
        LabelDataError: it would have to be smaller than people can read.
    """
    one = typeface.width_mm(text, 1.0, bold=bold)
    size = min(largest_mm, room_mm / one)
    if size < SMALLEST_TEXT_MM:
        raise LabelDataError(
            field,
            f"expected text of at most {room_mm:.0f} mm when printed {SMALLEST_TEXT_MM:g} mm high, "
            f"got {one * SMALLEST_TEXT_MM:.0f} mm: {text!r}; shorten it or take a larger label",
        )
    return size


def headline_and_rows(
    field: str, text: str, rows: tuple[Row, ...], typeface: Typeface, area: Area
) -> tuple[Words, ...]:
    """A bold line as large as the area allows, and rows of titles and values below it."""
    largest = min(area.height_mm * HEADLINE_SHARE, LARGEST_HEADLINE_MM)
    size = fitted_mm(field, text, typeface, room_mm=area.width_mm, largest_mm=largest)
    line = Words(
        text=text,
        left_mm=area.left_mm,
        baseline_mm=area.top_mm + ASCENT * size,
        size_mm=size,
        bold=True,
    )
    top = area.top_mm + size * 1.2
    rest = Area(
        left_mm=area.left_mm,
        top_mm=top,
        width_mm=area.width_mm,
        height_mm=area.top_mm + area.height_mm - top,
    )
    return (line, *_value_rows(rows, typeface, rest))


def _value_rows(rows: tuple[Row, ...], typeface: Typeface, area: Area) -> tuple[Words, ...]:
    """Rows of titles and bold values in two columns, spread over the area."""
    pitch = area.height_mm / len(rows)
    size = min(pitch / ROW_PITCH, LARGEST_VALUE_MM)
    title_mm = min(TITLE_MM, size)
    widest = max(typeface.width_mm(row.title, title_mm, bold=False) for row in rows)
    left = area.left_mm + widest + 2.0
    room = area.left_mm + area.width_mm - left
    found: list[Words] = []
    for number, row in enumerate(rows):
        middle = area.top_mm + (number + 0.5) * pitch
        baseline = middle + CAP_HEIGHT * size / 2
        found.append(Words(text=row.title, left_mm=area.left_mm, baseline_mm=baseline, size_mm=title_mm))
        lines = _broken(row, typeface, room_mm=room, size_mm=size)
        for place, line in enumerate(lines):
            line_mm = fitted_mm(row.field, line, typeface, room_mm=room, largest_mm=size / len(lines))
            below = 0.0 if len(lines) == 1 else (place - 0.5) * size * ROW_PITCH / 2
            at = baseline if len(lines) == 1 else middle + below + CAP_HEIGHT * line_mm / 2
            found.append(Words(text=line, left_mm=left, baseline_mm=at, size_mm=line_mm, bold=True))
    return tuple(found)


def _broken(row: Row, typeface: Typeface, *, room_mm: float, size_mm: float) -> tuple[str, ...]:
    """The value as one line, or broken into two where that makes its letters larger: at a space, or in Chinese."""

    def fits_at(line: str) -> float:
        return room_mm / typeface.width_mm(line, 1.0, bold=True)

    text = row.value
    spaces = [(text[:at], text[at + 1 :]) for at in range(1, len(text) - 1) if text[at] == " "]
    chinese = [
        (text[:at], text[at:]) for at in range(1, len(text)) if min(text[at - 1 : at + 1]) >= FIRST_IDEOGRAPH
    ]
    for breaks in (spaces, chinese):
        best = max(breaks, key=lambda two: min(fits_at(line) for line in two), default=None)
        if best is not None:
            broken_mm = min(size_mm / 2, *(fits_at(line) for line in best))
            if broken_mm >= max(SMALLEST_TEXT_MM, fits_at(text)):
                return best
    return (text,)


def class_block(
    grade_class: Row, size: Row, typeface: Typeface, area: Area
) -> tuple[tuple[Filled, ...], tuple[Words, ...]]:
    """Class, white on black, and size below, both as large as the area allows: read from across a hall."""
    black = Area(
        left_mm=area.left_mm, top_mm=area.top_mm, width_mm=area.width_mm, height_mm=area.height_mm * 0.56
    )
    below = Area(
        left_mm=area.left_mm,
        top_mm=area.top_mm + black.height_mm,
        width_mm=area.width_mm,
        height_mm=area.height_mm - black.height_mm,
    )
    line = 0.4
    edges = (
        Filled(left_mm=below.left_mm, top_mm=below.top_mm, width_mm=line, height_mm=below.height_mm),
        Filled(
            left_mm=below.left_mm + below.width_mm - line,
            top_mm=below.top_mm,
            width_mm=line,
            height_mm=below.height_mm,
        ),
        Filled(
            left_mm=below.left_mm,
            top_mm=below.top_mm + below.height_mm - line,
            width_mm=below.width_mm,
            height_mm=line,
        ),
    )
    filled = (
        Filled(
            left_mm=black.left_mm, top_mm=black.top_mm, width_mm=black.width_mm, height_mm=black.height_mm
        ),
        *edges,
    )
    words = (
        *_titled(grade_class, typeface, black, white=True),
        *_titled(size, typeface, below, white=False),
    )
    return filled, words


def bars_with_text(
    elements: tuple[Element, ...], typeface: Typeface, *, centre_mm: float, top_mm: float, room_mm: float
) -> tuple[Bars, Words]:
    """A GS1-128 of full height with its human readable interpretation below."""
    text = human_readable(elements)
    size = fitted_mm(
        elements[-1].format.title, text, typeface, room_mm=room_mm, largest_mm=HRI_MM, bold=False
    )
    words = Words(
        text=text,
        left_mm=centre_mm - typeface.width_mm(text, size, bold=False) / 2,
        baseline_mm=top_mm + LINEAR_HEIGHT_MM + 0.9 + CAP_HEIGHT * HRI_MM,
        size_mm=size,
    )
    return (
        Bars(modules=gs1_128(elements), centre_mm=centre_mm, top_mm=top_mm, height_mm=LINEAR_HEIGHT_MM),
        words,
    )


def fits_in_bars(elements: tuple[Element, ...], room_mm: float) -> bool:
    """True if one GS1-128 of these elements, with its quiet zones, is no wider than the room."""
    try:
        return linear_width_mm(len(gs1_128(elements))) <= room_mm
    except LabelDataError:  # over 48 characters
        return False


def _titled(row: Row, typeface: Typeface, area: Area, *, white: bool) -> tuple[Words, ...]:
    """A small title at the top of the area and its value in the middle of the rest."""
    inset = 1.0
    room = area.width_mm - 2 * inset
    title_mm = fitted_mm(row.field, row.title, typeface, room_mm=room, largest_mm=2.6, bold=False)
    rest_top = area.top_mm + inset + title_mm
    rest_mm = area.top_mm + area.height_mm - inset - rest_top
    value_mm = fitted_mm(row.field, row.value, typeface, room_mm=room, largest_mm=rest_mm * 0.95)
    return (
        Words(
            text=row.title,
            left_mm=area.left_mm + inset,
            baseline_mm=area.top_mm + inset + ASCENT * title_mm,
            size_mm=title_mm,
            white=white,
        ),
        Words(
            text=row.value,
            left_mm=area.left_mm + (area.width_mm - typeface.width_mm(row.value, value_mm, bold=True)) / 2,
            baseline_mm=rest_top + (rest_mm + CAP_HEIGHT * value_mm) / 2,
            size_mm=value_mm,
            bold=True,
            white=white,
        ),
    )
