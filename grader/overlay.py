"""Annotated pictures for people: outlines in the colour of the class, defects, one label a fruit. Draws on a copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from grader.label_card import LabelFonts, find_fonts, lay_on, pill, text_card
from grader.label_layout import DEFECT_LABEL_COST, FRUIT_LABEL_COST, LabelLayout
from grader.overlay_words import (
    DEFECT_COLOURS,
    LANGUAGES,
    Rgb,
    class_colour,
    class_text,
    defect_text,
    review_text,
    size_text,
)
from grader.types import (
    FIRST_DEFECT_VALUE,
    BoolArray,
    Box,
    DefectKind,
    Frame,
    FruitRecord,
    FruitView,
    SurfaceClass,
    UInt8Array,
)

DEFECT_OPACITY = 0.2  # the defect itself stays to be seen
MIN_LETTER_PX, MAX_LETTER_PX = 9, 110
LETTERS_PER_SIDE = 34  # a label's letters are 1/34 of the shorter side of the picture ...
LETTERS_PER_FRUIT = 10  # ... and at most a tenth of a typical fruit
DEFECT_LABELS_PER_FRUIT = 4
MIN_FRUIT_LETTERS = 9  # a fruit smaller than this many letters gets no labels of defects
MIN_LABELLED_FRACTION = 0.001  # of the surface; smaller defects are drawn, not named
MAX_DEFECT_LABEL_COST = 2.5  # a label that would lie far off or on other fruit is left out
SHORTER_CARD_COST = 0.7  # what each line left out has to win
LEAD_ENDS_AT = 0.88  # of the way from the middle to the rim
CASING: Rgb = (16, 18, 22)
LANDMARK_COLOUR: Rgb = (255, 255, 255)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Label:
    """A painted card, uint8 (h, w, 4), where it goes, and the box it speaks of."""

    card: UInt8Array
    box: Box
    target: Box
    colour: Rgb


def draw_overlay(
    frame: Frame,
    records: Sequence[FruitRecord],
    views: Sequence[FruitView] | None = None,
    language: str = "en",
    *,
    labels: bool = True,
) -> UInt8Array:
    """The frame with every fruit marked. The frame itself stays as it is.

    Args:
        frame: the picture. records: the fruit of this frame.
        views: outlines and defects of the same fruit (matched by fruit_index); None draws boxes instead.
        language: "en" or "zh"; English where the computer has no Chinese typeface.
        labels: also name class, size and defects; False leaves the words to who shows the picture.

    Returns:
        uint8 (H, W, 3), R-G-B, of the size of the frame; the same input gives the same bytes.

    Raises:
        ValueError: another language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language: expected one of {LANGUAGES}, got {language!r}")
    canvas = frame.rgb.copy()
    by_index = {view.fruit_index: view for view in views or ()}
    line_px = max(1, round(min(canvas.shape[:2]) / 260))
    for record in records:
        view = by_index.get(record.measurement.fruit_index)
        if view is None:
            _draw_boxes(canvas, record, line_px)
        else:
            _draw_fruit(canvas, view, class_colour(record.grade.grade_class), line_px)
    if labels:
        _draw_labels(canvas, records, by_index, language, line_px)
    return canvas


def _draw_fruit(canvas: UInt8Array, view: FruitView, colour: Rgb, line_px: int) -> None:
    """Fill and outline the defects, dot the landmarks, outline the fruit."""
    x0, y0, x1, y1 = view.box_xyxy_px
    region = canvas[y0:y1, x0:x1]
    for kind in DefectKind:
        where = view.mask & (view.surface == kind.surface_class)
        if where.any():
            tint = np.array(DEFECT_COLOURS[kind], np.float32) * DEFECT_OPACITY
            region[where] = np.round(region[where] * (1 - DEFECT_OPACITY) + tint).astype(np.uint8)
            thin = max(1, line_px // 2)
            edges = [_smooth(contour) for contour in _contours(where, x0, y0)]
            cv2.polylines(canvas, edges, True, DEFECT_COLOURS[kind], thin, cv2.LINE_AA)
    for landmark in (SurfaceClass.STEM, SurfaceClass.CALYX):
        for contour in _contours(view.mask & (view.surface == landmark), x0, y0):
            _dot_along(canvas, contour, max(1, line_px // 2))
    outline = [_smooth(contour) for contour in _contours(view.mask, x0, y0)]
    cv2.polylines(canvas, outline, True, CASING, line_px + max(2, line_px), cv2.LINE_AA)
    cv2.polylines(canvas, outline, True, colour, line_px, cv2.LINE_AA)


def _draw_boxes(canvas: UInt8Array, record: FruitRecord, line_px: int) -> None:
    thin = max(1, line_px // 2)
    for defect in record.measurement.defects:
        _rectangle(canvas, defect.box_xyxy_px, DEFECT_COLOURS[defect.kind], thin)
    for landmark in record.measurement.landmarks:
        _rectangle(canvas, landmark.box_xyxy_px, LANDMARK_COLOUR, thin)
    _rectangle(canvas, record.measurement.box_xyxy_px, CASING, line_px + max(2, line_px))
    _rectangle(canvas, record.measurement.box_xyxy_px, class_colour(record.grade.grade_class), line_px)


def _draw_labels(
    canvas: UInt8Array,
    records: Sequence[FruitRecord],
    views: dict[int, FruitView],
    language: str,
    line_px: int,
) -> None:
    """Labels of the fruit first, then of the largest defects where there is room."""
    if not records:
        return
    fonts = find_fonts(language)
    diameters = [record.measurement.size.diameter_px for record in records]
    letter = _letter_px(canvas, float(np.median(diameters)))
    layout = _layout(canvas, records, views)
    labels = [_fruit_label(canvas, record, layout, fonts, letter) for record in records]
    small = max(MIN_LETTER_PX, round(letter * 0.8))
    for record in records:
        if record.measurement.size.diameter_px >= MIN_FRUIT_LETTERS * small:
            labels += _defect_labels(record, layout, fonts, small)
    for index, label in enumerate(labels):  # all lines below all cards
        names_fruit_of_many = index < len(records) and len(records) > 1
        _lead(canvas, label, max(1, line_px // 2), 0 if names_fruit_of_many else 1.5 * letter)
    for label in labels:
        lay_on(canvas, label.card, label.box[0], label.box[1])


def _letter_px(canvas: UInt8Array, typical_diameter_px: float) -> int:
    by_picture = min(canvas.shape[:2]) / LETTERS_PER_SIDE
    by_fruit = typical_diameter_px / LETTERS_PER_FRUIT
    return int(np.clip(round(min(by_picture, by_fruit)), MIN_LETTER_PX, MAX_LETTER_PX))


def _layout(canvas: UInt8Array, records: Sequence[FruitRecord], views: dict[int, FruitView]) -> LabelLayout:
    fruit = np.zeros(canvas.shape[:2], np.int32)
    precious = np.zeros(canvas.shape[:2], np.bool_)
    for record in records:
        number = record.measurement.fruit_index + 1
        view = views.get(record.measurement.fruit_index)
        x0, y0, x1, y1 = record.measurement.box_xyxy_px if view is None else view.box_xyxy_px
        if view is not None:
            fruit[y0:y1, x0:x1][view.mask] = number
            precious[y0:y1, x0:x1] |= view.mask & (view.surface >= FIRST_DEFECT_VALUE)
            continue
        fruit[y0:y1, x0:x1] = number
        for defect in record.measurement.defects:
            left, top, right, bottom = defect.box_xyxy_px
            precious[top:bottom, left:right] = True
    return LabelLayout(fruit, precious)


def _fruit_label(
    canvas: UInt8Array, record: FruitRecord, layout: LabelLayout, fonts: LabelFonts, letter: int
) -> Label:
    """The card that costs least: three lines where there is room, else two, one, or the class alone."""
    name = class_text(record.grade.grade_class, fonts.language)
    number = record.measurement.fruit_index + 1
    review = f" · {review_text(fonts.language)}" if record.grade.review else ""
    full = (f"{number} · {name}", f"{size_text(record)}{review}", record.sku.code)
    short = record.grade.grade_class if len(record.grade.grade_class) <= 3 else name
    colour, target = class_colour(record.grade.grade_class), record.measurement.box_xyxy_px
    offers: list[tuple[float, Label]] = []
    for dropped, lines in enumerate((full, full[:2], full[:1], (short,))):
        card = text_card(lines, fonts, letter, colour)
        size_wh = (card.shape[1], card.shape[0])
        if size_wh[0] > 0.75 * canvas.shape[1] or size_wh[1] > 0.5 * canvas.shape[0]:
            continue
        gap = max(3, letter // 2)
        place = layout.place(size_wh, target, fruit_number=number, gap_px=gap, costs=FRUIT_LABEL_COST)
        cost = place.cost + SHORTER_CARD_COST * dropped + (0 if place.fits else 1000)
        offers.append((cost, Label(card=card, box=place.box, target=target, colour=colour)))
    if not offers:  # a tiny picture: its corner has to do
        card = text_card((short,), fonts, letter, colour)
        return Label(card=card, box=(0, 0, card.shape[1], card.shape[0]), target=target, colour=colour)
    label = min(offers, key=lambda offer: offer[0])[1]
    layout.take(label.box)
    return label


def _defect_labels(record: FruitRecord, layout: LabelLayout, fonts: LabelFonts, letter: int) -> list[Label]:
    worth = [item for item in record.measurement.defects if item.area_fraction >= MIN_LABELLED_FRACTION]
    labels = []
    for defect in sorted(worth, key=lambda item: -item.area_fraction)[:DEFECT_LABELS_PER_FRUIT]:
        colour = DEFECT_COLOURS[defect.kind]
        card = pill(defect_text(defect, fonts.language), fonts, letter, colour)
        place = layout.place(
            (card.shape[1], card.shape[0]),
            defect.box_xyxy_px,
            fruit_number=record.measurement.fruit_index + 1,
            gap_px=max(2, letter // 3),
            costs=DEFECT_LABEL_COST,
        )
        if place.fits and place.cost <= MAX_DEFECT_LABEL_COST:
            layout.take(place.box)
            labels.append(Label(card=card, box=place.box, target=defect.box_xyxy_px, colour=colour))
    return labels


def _lead(canvas: UInt8Array, label: Label, line_px: int, from_gap_px: float) -> None:
    """A thin line with a dot from the label into its target (taken as an ellipse), if further apart than the gap."""
    box, target = np.array(label.box, float), np.array(label.target, float)
    middle, half = (target[:2] + target[2:]) / 2, np.maximum((target[2:] - target[:2]) / 2, 1)
    start = np.clip(middle, box[:2], box[2:] - 1)
    radius = float(np.hypot(*((start - middle) / half)))
    if radius <= LEAD_ENDS_AT:
        return
    end = middle + (start - middle) * LEAD_ENDS_AT / radius
    if float(np.hypot(*(start - end))) <= from_gap_px:
        return
    first, last = ((round(float(x)), round(float(y))) for x, y in (start, end))
    for colour, wider in ((CASING, 2), (label.colour, 0)):
        cv2.line(canvas, first, last, colour, line_px + wider, cv2.LINE_AA)
        cv2.circle(canvas, last, line_px + 1 + wider // 2, colour, -1, cv2.LINE_AA)


def _contours(where: BoolArray, x0: int, y0: int) -> list[np.ndarray]:
    found, _ = cv2.findContours(
        where.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=(x0, y0)
    )
    return list(found)


def _smooth(contour: np.ndarray) -> np.ndarray:
    """The outline without the steps of the pixel grid: running mean over about 1 % of its length."""
    window = max(3, len(contour) // 120) | 1
    if len(contour) < 3 * window:
        return contour
    points = contour.reshape(-1, 2).astype(np.float32)
    ring = np.concatenate([points[-(window // 2) :], points, points[: window // 2]])
    table = np.cumsum(np.concatenate([np.zeros((1, 2), np.float32), ring]), axis=0, dtype=np.float64)
    mean = (table[window:] - table[:-window]) / window
    return np.round(mean).astype(np.int32).reshape(-1, 1, 2)


def _dot_along(canvas: UInt8Array, contour: np.ndarray, radius_px: int) -> None:
    step = max(4, 5 * radius_px)
    for x, y in contour.reshape(-1, 2)[::step]:
        cv2.circle(canvas, (int(x), int(y)), radius_px, LANDMARK_COLOUR, -1, cv2.LINE_AA)


def _rectangle(canvas: UInt8Array, box: Box, colour: Rgb, line_px: int) -> None:
    cv2.rectangle(canvas, box[:2], (box[2] - 1, box[3] - 1), colour, line_px)
