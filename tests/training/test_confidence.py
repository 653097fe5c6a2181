"""The fit gives back what fruit were drawn with: chances, class sets that hold the truth, widths of intervals."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np
import pytest

from grader.errors import ModelMismatchError
from grader.model_card import load_card
from grader.multi_view import fuse_views
from grader.production import shipped_model
from grader.trust import Trust
from grader.types import Interval
from tests.card_content import card_content
from tests.grader.made_fruit import make_fruit
from tests.training.test_grade_suite import ROT, SOUND
from training.confidence import FEWEST, FIRST_TRUST_SEED, Judged, TrustError, fit, judge, judged, write_trust

SIGMA_MM = 1.0


def drawn(
    count: int, views: int, rng: np.random.Generator, right: float = 0.6, first: int = 0
) -> list[Judged]:
    """Fruit computed to be right with 0.9 that are right with `right`, else one class worse; intervals of +-1.96 mm
    around diameters that are off by twice the sigma they claim; blush off by up to 0.2."""
    found = []
    for _ in range(count):
        view = make_fruit(
            diameter_mm=Interval(value=75.0, low=75.0 - 1.96 * SIGMA_MM, high=75.0 + 1.96 * SIGMA_MM),
            blush=0.5,
        )
        found.append(
            Judged(
                measurements=(replace(view, view_count=1),) * views,
                fused=replace(view, view_count=views),
                index=first,
                true_index=first if rng.random() < right else first + 1,
                count=4,
                features=(1.0, log(9), 1.0 if views > 1 else 0.45, 0.0),
                diameter_mm=75.0 + 2 * SIGMA_MM * rng.normal(),
                blush=0.5 + rng.uniform(-0.2, 0.2),
            )
        )
    return found


def test_overconfidence_is_found_out() -> None:
    rng = np.random.default_rng(1)
    fitted = fit([*drawn(600, 1, rng), *drawn(600, 10, rng)])
    assert fitted.fruit == 1200
    assert fitted.calibration_error < 0.03
    assert fitted.coverage >= 0.9
    assert 1.75 <= fitted.set_size <= 2.0  # 0.9 cannot be held with fewer


def test_sure_fruit_have_sets_of_one_class() -> None:
    rng = np.random.default_rng(2)
    fitted = fit([*drawn(300, 1, rng, right=0.97), *drawn(300, 10, rng, right=0.97)])
    assert fitted.set_size == 1.0
    assert fitted.coverage >= 0.95


def test_widths_hold_95_percent() -> None:
    """Twice the sigma: factor 2; ten like views fused claim a sigma of sqrt(0.5 + 0.05) of one, so 2 / 0.742 / 2."""
    rng = np.random.default_rng(3)
    trust = fit([*drawn(3000, 1, rng), *drawn(3000, 10, rng)]).trust
    assert trust.size_factor[0] == pytest.approx(2.0, rel=0.05)
    assert trust.size_factor[1] == pytest.approx(1 / 0.55**0.5, rel=0.06)
    assert trust.blush_half_width == pytest.approx((0.19, 0.19), abs=0.005)


@pytest.mark.parametrize(
    ("single", "many", "named"), [(FEWEST - 1, FEWEST, "one view"), (FEWEST, FEWEST - 1, "many")]
)
def test_too_few_fruit_are_refused(single: int, many: int, named: str) -> None:
    rng = np.random.default_rng(4)
    with pytest.raises(TrustError, match=f"expected at least {FEWEST} fruit found from {named}"):
        fit([None, *drawn(single, 1, rng), *drawn(many, 10, rng)])


def test_ungraded_and_missing_fruit_say_nothing_of_the_class() -> None:
    rng = np.random.default_rng(5)
    fruit = [*drawn(60, 1, rng), *drawn(60, 10, rng)]
    fitted = fit([*fruit, None, replace(fruit[0], index=None)])
    assert fitted.fruit == 120


def test_the_truth_of_one_fruit() -> None:
    truth = {**SOUND, "blush_fraction_seen": 0.8, "defects": [ROT]}
    view = replace(make_fruit(), view_count=1)
    one, two = judged([view], view, truth), judged([view, view], fuse_views([view, view]), truth)
    assert (one.index, one.true_index, one.count, one.offset) == (0, 3, 4, 2)
    assert (one.blush, two.blush) == (0.8, 0.9)
    assert one.diameter_mm == 80.0


def test_a_simulated_apple_is_graded_without_the_trust_of_the_card() -> None:
    one = judge(shipped_model(), FIRST_TRUST_SEED, 1)
    assert one is not None
    assert len(one.measurements) == 1
    assert one.measurements[0].colour.blush_interval is None
    assert one.measurements[0].size.equatorial_diameter_mm is not None


def test_a_card_is_changed_as_a_whole(tmp_path: Path) -> None:
    trust = Trust(
        weights=((0.123456, 0.0, 0.0, 0.0), *((0.0,) * 4,) * 4),
        coverage=0.9,
        least_chance=0.1,
        size_factor=(1.25, 1.5),
        blush_half_width=(0.1, 0.05),
    )
    content = card_content(hashlib.sha256(b"weights").hexdigest())
    (tmp_path / "card.json").write_text(json.dumps(content))
    with pytest.raises(ModelMismatchError):
        write_trust(tmp_path, trust)
    assert json.loads((tmp_path / "card.json").read_text()) == content
    (tmp_path / "model.onnx").write_bytes(b"weights")
    write_trust(tmp_path, trust)
    card = load_card(tmp_path)
    assert card.trust is not None
    assert card.trust.size_factor == (1.25, 1.5)
    assert card.trust.weights[0] == (0.12346, 0.0, 0.0, 0.0)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["card.json", "model.onnx"]
