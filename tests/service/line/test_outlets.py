from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.line.assembly import Assembly, FrameArrival, Fruit
from service.line.line_config import LineConfig
from service.line.outlets import Verdict, decide_outlet, eject_at, recirculate
from tests.service.line.lines import SMALL, small_line


@pytest.fixture
def line(tmp_path: Path) -> LineConfig:
    return small_line(tmp_path)


def verdict(
    *,
    grade_class: str = "extra",
    sku: str = "APL-FUJI-EX-80",
    table_outlet: str = "pack_premium",
    diameter_mm: float | None = 80.0,
    view_count: int = 5,
) -> Verdict:
    return Verdict(
        grade_class=grade_class,
        sku=sku,
        table_outlet=table_outlet,
        diameter_mm=diameter_mm,
        standard_id="apple_eu_2023_2429",
        model_id="fake/1",
        view_count=view_count,
        record={},
    )


def where(line: LineConfig, one: Verdict, lane: int = 1) -> tuple[str, str | None]:
    decision = decide_outlet(one, line, lane=lane, fruit_id="a", trigger=1000)
    return decision.outlet, decision.reason


def test_a_decision_says_everything(line: LineConfig) -> None:
    decision = decide_outlet(verdict(), line, lane=1, fruit_id="a", trigger=65_000)
    assert decision.model_dump() == {
        "fruit_id": "a",
        "lane": 1,
        "outlet": "pack_first",
        "sku": "APL-FUJI-EX-80",
        "grade_class": "extra",
        "eject_at_encoder": 66_000 - 65_536,
        "late": False,
        "reason": None,
        "model_id": "fake/1",
        "standard_id": "apple_eu_2023_2429",
        "view_count": 5,
    }


def test_lane_sku_and_size_override_the_table(line: LineConfig) -> None:
    small = verdict(grade_class="I", sku="APL-ANY-I-65", table_outlet="pack_first", diameter_mm=69.999)
    assert where(line, small, lane=2) == ("juice", None)
    assert where(line, small, lane=1) == ("pack_first", None)
    for diameter_mm in (70.0, None):
        large = verdict(
            grade_class="I", sku="APL-ANY-I-70", table_outlet="pack_first", diameter_mm=diameter_mm
        )
        assert where(line, large, lane=2) == ("pack_first", None)
    assert where(line, verdict(sku="APL-ANY-II-65", table_outlet="juice", diameter_mm=60.0), lane=2) == (
        "juice",
        None,
    )


def test_a_size_rule_with_a_lower_end(tmp_path: Path) -> None:
    line = small_line(tmp_path, SMALL.replace("below_mm = 70", "from_mm = 70"))
    for diameter_mm, outlet in ((70.0, "juice"), (69.999, "pack_first")):
        one = verdict(grade_class="I", sku="APL-ANY-I-7", table_outlet="pack_first", diameter_mm=diameter_mm)
        assert where(line, one, lane=2)[0] == outlet


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (verdict(view_count=1), "too_few_views"),
        (verdict(grade_class="ungraded", sku="APL-ANY-UNG", table_outlet="recirculate"), "ungraded"),
        (verdict(table_outlet="manual"), "no_route"),
    ],
)
def test_what_cannot_go_where_it_should_recirculates(line: LineConfig, one: Verdict, reason: str) -> None:
    assert where(line, one) == ("again", reason)


def test_two_views_are_enough_where_two_are_asked(line: LineConfig) -> None:
    assert where(line, verdict(view_count=2)) == ("pack_first", None)


def test_a_fruit_that_was_not_judged(line: LineConfig) -> None:
    decision = recirculate(line, lane=1, fruit_id=4, trigger=100, reason="late", late=True)
    assert (decision.outlet, decision.eject_at_encoder, decision.late) == ("again", 1600, True)
    assert (decision.sku, decision.grade_class, decision.model_id, decision.view_count) == (
        None,
        None,
        None,
        0,
    )
    lost = recirculate(line, lane=1, fruit_id=4, trigger=None, reason="encoder_reset", late=False)
    assert lost.eject_at_encoder is None


def test_an_unknown_outlet_has_no_count(line: LineConfig) -> None:
    with pytest.raises(KeyError, match="nowhere"):
        eject_at(line, "nowhere", 0)


@given(
    start=st.floats(0, 60_000),
    speeds=st.lists(st.floats(500.0, 2000.0), min_size=1, max_size=30),
    outlet=st.sampled_from(["pack_first", "juice", "again"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_belt_that_changes_its_speed_moves_no_ejection(
    line: LineConfig, start: float, speeds: list[float], outlet: str
) -> None:
    """The belt changes its speed every 20 ms by up to 4:1; the encoder gives whole counts of where the fruit is."""
    assembly, camera = Assembly(line), line.cameras[0]
    travelled, number, views = 0.0, 0, 0
    counts = next(one.counts for one in line.outlets if one.name == outlet)
    while travelled < counts:
        if views < camera.views and travelled >= views * camera.counts_per_view:
            exposed = start + views * camera.counts_per_view  # cameras are triggered by the belt, too
            frame = FrameArrival(
                lane=1,
                fruit_id="a",
                camera="top",
                view=views,
                encoder=int(exposed) % 65536,
                last_view=False,
                age_s=0.0,
                now_s=0.0,
            )
            list(assembly.frame(frame))
            views += 1
        travelled += speeds[number % len(speeds)] * 0.02
        number += 1
    position = assembly.trigger_position(Fruit(1, 1, "a"))
    assert position is not None
    off = (eject_at(line, outlet, position) - (start + counts) + 32768) % 65536 - 32768
    assert abs(off) <= 1
