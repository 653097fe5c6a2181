"""Quick looks at every view, close looks at the suspicious ones: what is looked at, what the record rests on."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from grader.errors import InvalidImageError
from grader.image_io import decode_image, encode_jpeg
from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions, Grader
from grader.production import shipped_model
from grader.record import record_to_json
from grader.turning_grader import SeenView, TurningGrader
from grader.types import REJECT, UInt8Array
from grader.view_choice import LEVEL

OPTIONS = GradeOptions(mm_per_px=0.35)


@pytest.fixture(scope="module")
def grader() -> TurningGrader:
    return TurningGrader(OnnxModel.load(shipped_model()))


@pytest.fixture(scope="module")
def turning(samples: Path) -> list[bytes]:
    """Views of one turning apple."""
    return [path.read_bytes() for path in sorted((samples / "turning_apple").glob("*.jpg"))]


@pytest.fixture(scope="module")
def seen(grader: TurningGrader, turning: list[bytes]) -> list[SeenView]:
    return [grader.see(data, f"{view}", OPTIONS) for view, data in enumerate(turning)]


def test_a_quick_look_measures_what_a_close_look_does(grader: TurningGrader, seen: list[SeenView]) -> None:
    for view in seen:
        quick, looked = grader.measure(view).measured, grader.see_closely(replace(view, quick=None)).close
        if quick is None or looked is None:
            continue
        close = looked.measurement
        quick_mm, close_mm = quick.size.equatorial_diameter_mm, close.size.equatorial_diameter_mm
        assert quick_mm is not None
        assert close_mm is not None
        assert quick_mm.value == pytest.approx(close_mm.value, rel=0.08)
        assert quick.size.diameter_px == pytest.approx(close.size.diameter_px, rel=0.05)
        assert quick.box_xyxy_px == pytest.approx(close.box_xyxy_px, abs=20)  # with its stalk or not
        assert quick.defects == ()


def test_a_close_look_measures_all_anew_and_sees_the_defects(grader: TurningGrader, samples: Path) -> None:
    view = grader.see((samples / "apple_rot.jpg").read_bytes(), "rot", OPTIONS)
    assert view.suspicion > LEVEL
    quick = grader.measure(view).measured
    assert quick is not None
    looked = grader.see_closely(view).close
    assert looked is not None
    assert looked.surface is None
    close = looked.measurement
    assert close.defects
    assert close.colour.blush_fraction == pytest.approx(quick.colour.blush_fraction, abs=0.1)
    assert close.size.diameter_px == pytest.approx(quick.size.diameter_px, rel=0.03)


def test_order_of_arrival_and_looking_ahead_change_nothing(
    grader: TurningGrader, seen: list[SeenView]
) -> None:
    few = seen[:3]
    whole = grader.decide_seen(few, OPTIONS)
    assert whole.record is not None
    for order in permutations(range(3)):
        views: dict[int, SeenView] = {}
        for number in order:
            views[number] = few[number]
            came = sorted(views)
            if (ahead := grader.next_close_look([views[one] for one in came])) is not None:
                views[came[ahead]] = grader.see_closely(views[came[ahead]])
        turned = grader.decide_seen([views[number] for number in range(3)], OPTIONS)
        assert turned.close_looks == whole.close_looks
        assert turned.record is not None
        assert record_to_json(turned.record) == record_to_json(whole.record)


def test_a_rejected_fruit_is_not_looked_at_further(grader: TurningGrader, samples: Path) -> None:
    view = grader.see((samples / "apple_rot.jpg").read_bytes(), "rot", OPTIONS)
    turned = grader.decide_seen([view, view, view], OPTIONS)
    assert turned.record is not None
    assert turned.record.grade.grade_class == REJECT
    assert len(turned.close_looks) < 3


def test_without_a_quick_look_every_view_is_looked_at_closely(turning: list[bytes]) -> None:
    model = OnnxModel.load(shipped_model())
    model.quick = None
    grader = TurningGrader(model)
    views = [grader.see(data, f"{view}", OPTIONS, travel=view) for view, data in enumerate(turning[:3])]
    assert all(view.looked for view in views)
    frames = [decode_image(data, f"{view}") for view, data in enumerate(turning[:3])]
    whole = Grader(model).grade_views(frames, OPTIONS).record
    turned = grader.decide_seen(views, OPTIONS).record
    assert whole is not None
    assert turned is not None
    assert record_to_json(turned) == record_to_json(whole)


def test_an_empty_belt_gets_one_close_look_and_no_record(grader: TurningGrader, samples: Path) -> None:
    data = (samples / "empty_belt.jpg").read_bytes()
    views = [grader.see(data, f"{view}", OPTIONS) for view in range(3)]
    assert not any(view.shows_fruit for view in views)
    turned = grader.decide_seen(views, OPTIONS)
    assert turned.record is None
    assert len(turned.close_looks) == 1
    assert grader.decide_seen([], OPTIONS).record is None


def test_a_large_frame_is_measured_as_the_same_frame_reduced(
    grader: TurningGrader, apple_rgb: UInt8Array
) -> None:
    large = encode_jpeg(apple_rgb.repeat(2, axis=0).repeat(2, axis=1), quality=95)
    small = encode_jpeg(apple_rgb, quality=95)
    twice = grader.measure(grader.see(large, "large", GradeOptions(mm_per_px=0.175))).measured
    once = grader.measure(grader.see(small, "small", GradeOptions(mm_per_px=0.35))).measured
    assert once is not None
    assert twice is not None
    assert once.size.equatorial_diameter_mm is not None
    assert twice.size.equatorial_diameter_mm is not None
    assert twice.size.equatorial_diameter_mm.value == pytest.approx(
        once.size.equatorial_diameter_mm.value, rel=0.01
    )
    assert twice.size.diameter_px == pytest.approx(2 * once.size.diameter_px, rel=0.01)


def test_half_a_picture_is_refused(grader: TurningGrader, turning: list[bytes]) -> None:
    with pytest.raises(InvalidImageError, match="half: "):
        grader.see(turning[0][: len(turning[0]) // 2], "half", OPTIONS)
