from __future__ import annotations

import numpy as np
import pytest

from grader.label_card import find_fonts, lay_on, pill, text_card
from grader.label_layout import DEFECT_LABEL_COST, FRUIT_LABEL_COST, LabelLayout
from grader.overlay import draw_overlay
from grader.overlay_words import (
    DEFECT_COLOURS,
    class_colour,
    class_text,
    defect_text,
    size_text,
)
from grader.types import (
    REJECT,
    UNGRADED,
    ColourMeasurement,
    Crop,
    Defect,
    DefectKind,
    Frame,
    FruitMeasurement,
    FruitRecord,
    FruitView,
    GradeDecision,
    Interval,
    SizeMeasurement,
    SkuAssignment,
    SurfaceClass,
)


def defect(kind: DefectKind = DefectKind.ROT, area_mm2: float | None = 310.0, **changes: object) -> Defect:
    values: dict[str, object] = {
        "kind": kind, "area_mm2": area_mm2, "area_fraction": 0.034, "length_mm": None, "length_diameters": 0.2,
        "elongated": False, "confidence": 0.9, "box_xyxy_px": (0, 0, 10, 10),
    }  # fmt: skip
    return Defect(**(values | changes))


def fruit(
    frame: Frame, index: int, centre: tuple[int, int], radius: int, grade: str = "I", *, rot: bool = True
) -> tuple[FruitRecord, FruitView]:
    """A round fruit with a stem and, at its right, a spot of rot."""
    height, width = frame.rgb.shape[:2]
    x0, y0 = max(0, centre[0] - radius), max(0, centre[1] - radius)
    x1, y1 = min(width, centre[0] + radius + 1), min(height, centre[1] + radius + 1)
    y, x = np.mgrid[y0:y1, x0:x1]
    mask = np.hypot(x - centre[0], y - centre[1]) <= radius
    spot = np.hypot(x - centre[0] - radius / 2, y - centre[1]) <= radius / 6
    stem = np.hypot(x - centre[0], y - centre[1] + radius / 2) <= radius / 8
    surface = np.where(mask, SurfaceClass.SOUND_SKIN, SurfaceClass.BACKGROUND).astype(np.uint8)
    surface[stem] = SurfaceClass.STEM
    if rot:
        surface[spot] = SurfaceClass.ROT
    shape = mask.shape
    view = FruitView(
        frame_id=frame.frame_id, fruit_index=index, crop=Crop.APPLE, crop_confidence=0.9,
        rgb=frame.rgb[y0:y1, x0:x1].copy(), mask=mask, surface=surface,
        confidence=np.ones(shape, np.float32), net_cover=np.zeros(shape, np.float32),
        box_xyxy_px=(x0, y0, x1, y1), frame_hw=(height, width), touches_edge=False, touches_fruit=False,
    )  # fmt: skip
    right, size = centre[0] + radius // 2, max(1, radius // 6)
    spots = (
        (defect(box_xyxy_px=(right - size, centre[1] - size, right + size, centre[1] + size)),) if rot else ()
    )
    measurement = FruitMeasurement(
        frame_id=frame.frame_id, fruit_index=index, crop=Crop.APPLE, variety=None, box_xyxy_px=(x0, y0, x1, y1),
        touches_edge=False, view_count=1, surface_seen_fraction=0.48, crop_confidence=0.9,
        size=SizeMeasurement(
            diameter_px=2.0 * radius, equatorial_diameter_mm=Interval(value=78.24, low=77.5, high=79.0)
        ),
        colour=ColourMeasurement(blush_fraction=0.5, light_red_fraction=0.1, ground_lab=None, blush_lab=None),
        netting=None, defects=spots, landmarks=(), model_id="m", quality_flags=(),
    )  # fmt: skip
    decision = GradeDecision(standard_id="s", grade_class=grade, confidence=0.9, review=False, reasons=())
    sku = SkuAssignment(code="APL-FUJI-75", table_id="default", outlet="1")
    return FruitRecord(measurement=measurement, grade=decision, sku=sku), view


def ground(height: int = 480, width: int = 640) -> Frame:
    noise = np.random.default_rng(0).integers(60, 90, (height, width, 3), dtype=np.uint8)
    return Frame(frame_id="a.png", rgb=noise)


def near(canvas: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.abs(canvas.astype(int) - colour).max(axis=2) <= 12


def test_the_frame_stays_as_it_is_and_the_result_repeats() -> None:
    frame = ground()
    before = frame.rgb.copy()
    record, view = fruit(frame, 0, (320, 240), 120)
    first = draw_overlay(frame, [record], [view])
    assert np.array_equal(frame.rgb, before)
    assert first.dtype == np.uint8
    assert first.shape == frame.rgb.shape
    assert first.flags.writeable
    assert np.array_equal(first, draw_overlay(frame, [record], [view]))


def test_nothing_found_is_the_picture_itself() -> None:
    frame = ground()
    assert np.array_equal(draw_overlay(frame, []), frame.rgb)


def test_the_outline_has_the_colour_of_the_class() -> None:
    frame = ground()
    for grade in ("extra", "I", "II", REJECT, UNGRADED):
        record, view = fruit(frame, 0, (320, 240), 120, grade, rot=False)
        canvas = draw_overlay(frame, [record], [view])
        for x, y in ((320, 360), (200, 240), (440, 240)):
            assert near(canvas[y - 4 : y + 5, x - 4 : x + 5], class_colour(grade)).any(), (grade, x, y)


def test_a_defect_is_tinted_and_can_still_be_seen() -> None:
    frame = ground()
    record, view = fruit(frame, 0, (320, 240), 120)
    canvas = draw_overlay(frame, [record], [view])
    inside = np.s_[230:250, 370:390]
    shift = canvas[inside].astype(float).mean(axis=(0, 1)) - frame.rgb[inside].mean(axis=(0, 1))
    toward = np.array(DEFECT_COLOURS[DefectKind.ROT]) - frame.rgb[inside].mean(axis=(0, 1))
    assert np.allclose(shift, 0.2 * toward, atol=2)
    assert np.std(canvas[inside][..., 1]) > 4  # the texture below shows through
    ring = np.abs(canvas[215:265, 355:405].astype(int) - DEFECT_COLOURS[DefectKind.ROT]).max(axis=2) < 90
    assert ring.sum() > 60  # its contour, a thin smooth line
    assert np.array_equal(canvas[280:300, 270:290], frame.rgb[280:300, 270:290])  # sound skin


def test_the_stem_is_dotted_not_filled() -> None:
    frame = ground()
    record, view = fruit(frame, 0, (320, 240), 120)
    canvas = draw_overlay(frame, [record], [view])
    assert near(canvas[160:200, 300:340], (255, 255, 255)).any()
    assert np.array_equal(canvas[176:184, 316:324], frame.rgb[176:184, 316:324])


def test_without_views_boxes_are_drawn() -> None:
    frame = ground()
    record, _ = fruit(frame, 0, (320, 240), 120, "extra")
    canvas = draw_overlay(frame, [record])
    assert near(canvas[238:242, 198:204], class_colour("extra")).any()
    assert near(canvas[118:124, 318:322], class_colour("extra")).any()
    assert near(canvas[220:262, 358:402], DEFECT_COLOURS[DefectKind.ROT]).any()


def test_the_label_lies_beside_the_fruit() -> None:
    frame = ground()
    record, view = fruit(frame, 0, (320, 240), 120, rot=False)
    canvas = draw_overlay(frame, [record], [view])
    y, x = np.mgrid[0:480, 0:640]
    well_inside = np.hypot(x - 320, y - 240) < 112
    stem = np.hypot(x - 320, y - 180) < 22
    assert np.array_equal(canvas[well_inside & ~stem], frame.rgb[well_inside & ~stem])
    assert near(canvas, (255, 255, 255)).sum() > 40  # letters somewhere


def test_without_labels_nothing_is_drawn_beside_the_fruit() -> None:
    frame = ground()
    record, view = fruit(frame, 0, (320, 240), 120)
    canvas = draw_overlay(frame, [record], [view], labels=False)
    y, x = np.mgrid[0:480, 0:640]
    beside = np.hypot(x - 320, y - 240) > 128
    assert np.array_equal(canvas[beside], frame.rgb[beside])
    assert near(canvas[356:365, 316:325], class_colour(record.grade.grade_class)).any()


@pytest.mark.parametrize(("height", "width", "radius"), [(40, 40, 15), (100, 100, 40), (3000, 4000, 600)])
def test_any_size_of_picture(height: int, width: int, radius: int) -> None:
    frame = ground(height, width)
    record, view = fruit(frame, 0, (width // 2, height // 2), radius)
    canvas = draw_overlay(frame, [record], [view])
    assert canvas.shape == frame.rgb.shape
    assert near(canvas[:: max(1, height // 200)], class_colour("I")).sum() > 10


def test_twenty_fruit_all_get_a_label() -> None:
    frame = ground(800, 1000)
    places = [(100 + 200 * (i % 5), 100 + 200 * (i // 5)) for i in range(20)]
    pairs = [fruit(frame, i, at, 80, ("extra", "I", "II", REJECT)[i % 4]) for i, at in enumerate(places)]
    plain = draw_overlay(frame, [record for record, _ in pairs], [view for _, view in pairs])
    assert near(plain, (255, 255, 255)).sum() > 20 * 30


def test_fruit_at_the_border_are_drawn() -> None:
    frame = ground()
    pairs = [fruit(frame, i, at, 90) for i, at in enumerate([(0, 0), (639, 0), (0, 479), (639, 479)])]
    canvas = draw_overlay(frame, [record for record, _ in pairs], [view for _, view in pairs])
    assert near(canvas, class_colour("I")).sum() > 400


def test_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="language: expected one of"):
        draw_overlay(ground(), [], language="fr")


def test_chinese_is_drawn_or_falls_back_to_english() -> None:
    frame = ground()
    record, view = fruit(frame, 0, (320, 240), 120)
    canvas = draw_overlay(frame, [record], [view], "zh")
    if find_fonts("zh").language == "en":
        assert np.array_equal(canvas, draw_overlay(frame, [record], [view], "en"))
    else:
        assert not np.array_equal(canvas, draw_overlay(frame, [record], [view], "en"))


def test_without_any_font_pillows_own_is_used() -> None:
    fonts = find_fonts("zh", folders=())
    assert (fonts.path, fonts.language) == (None, "en")
    card = text_card(("1 · Class I", "78.2 mm"), fonts, 20, (0, 178, 125))
    assert (card[..., :3] > 230).all(axis=2).sum() > 60
    large = text_card(("1 · Class I", "78.2 mm"), fonts, 40, (0, 178, 125))
    assert large.shape[0] == pytest.approx(2 * card.shape[0], rel=0.15)
    assert pill("rot 3 mm²", fonts, 16, (255, 0, 0)).shape[2] == 4


def test_lay_on_cuts_at_the_border() -> None:
    card = np.full((10, 20, 4), 255, np.uint8)
    for x, y, covered in ((-5, 0, 15 * 10), (90, 45, 10 * 5), (0, 0, 200), (200, 0, 0), (-30, 0, 0)):
        canvas = np.zeros((50, 100, 3), np.uint8)
        lay_on(canvas, card, x, y)
        assert (canvas[..., 0] == 255).sum() == covered


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_labels_never_lie_on_each_other_while_there_is_room() -> None:
    fruit_map = np.zeros((400, 600), np.int32)
    fruit_map[150:250, 250:350] = 1
    layout = LabelLayout(fruit_map, fruit_map < 0)
    boxes = []
    for _ in range(12):
        place = layout.place((90, 40), (250, 150, 350, 250), fruit_number=1, gap_px=6, costs=FRUIT_LABEL_COST)
        assert place.fits
        layout.take(place.box)
        assert not any(overlap(place.box, other) for other in boxes)
        assert place.box[0] >= 0
        assert place.box[1] >= 0
        assert place.box[2] <= 600
        assert place.box[3] <= 400
        boxes.append(place.box)
    assert not any(overlap(box, (251, 151, 349, 249)) for box in boxes[:4])


def test_a_full_picture_says_that_a_label_does_not_fit() -> None:
    empty = np.zeros((50, 100), np.int32)
    layout = LabelLayout(empty, empty > 0)
    layout.take((0, 0, 100, 50))
    place = layout.place((40, 20), (10, 10, 20, 20), fruit_number=1, gap_px=2, costs=FRUIT_LABEL_COST)
    assert not place.fits


def test_a_defect_label_keeps_off_defects_and_other_fruit() -> None:
    fruit_map = np.ones((300, 300), np.int32)
    fruit_map[:, 180:] = 2
    precious = np.zeros((300, 300), bool)
    precious[120:180, 120:180] = True
    place = LabelLayout(fruit_map, precious).place(
        (60, 20), (120, 120, 180, 180), fruit_number=1, gap_px=4, costs=DEFECT_LABEL_COST
    )
    assert place.box[2] <= 182
    assert not overlap(place.box, (122, 122, 178, 178))


@pytest.mark.parametrize(
    ("area_mm2", "fraction", "text"),
    [
        (310.0, 0.03, "rot 310 mm²"),
        (999.4, 0.03, "rot 999 mm²"),
        (1000.0, 0.03, "rot 10.0 cm²"),
        (1.0, 0.03, "rot 1 mm²"),
        (0.9, 0.03, "rot <1 mm²"),
        (None, 0.034, "rot 3.4 %"),
        (None, 0.001, "rot 0.1 %"),
        (None, 0.0009, "rot <0.1 %"),
    ],
)
def test_defect_text(area_mm2: float | None, fraction: float, text: str) -> None:
    assert defect_text(defect(area_mm2=area_mm2, area_fraction=fraction), "en") == text


def test_words_of_every_kind_and_class() -> None:
    for kind in DefectKind:
        assert defect_text(defect(kind), "en").startswith(kind.value)
        assert not defect_text(defect(kind), "zh").isascii()
        assert kind in DEFECT_COLOURS
    assert [class_text(name, "en") for name in ("extra", "I", "US_fancy", REJECT, UNGRADED)] == [
        "Extra", "Class I", "US fancy", "Reject", "Ungraded",
    ]  # fmt: skip
    assert [class_text(name, "zh") for name in ("extra", "I", REJECT, UNGRADED)] == [
        "特级",
        "一级",
        "等外",
        "未定级",
    ]
    assert len({class_colour(name) for name in ("extra", "I", "II", REJECT, UNGRADED)}) == 5


def test_size_is_in_mm_or_px() -> None:
    record, _ = fruit(ground(), 0, (320, 240), 120)
    assert size_text(record) == "78.2 mm"
