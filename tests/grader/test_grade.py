"""Classes: every limit of every enabled file, the law's own examples, and what must hold whatever the fruit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf, isfinite, nextafter, pi, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import StandardError
from grader.grade import decide_grade
from grader.rules import Limit, Measure, Rule, Shape, Standard, Status
from grader.standard import list_standards, load_standard
from grader.types import REJECT, UNGRADED, Crop, Defect, DefectKind, FruitMeasurement, GradeDecision
from tests.grader.made_fruit import about, defects_on, exactly, fruits, make_defect, make_fruit, without_scale

STANDARDS = {standard.standard_id: standard for standard in list_standards()}
ENABLED = [standard for standard in STANDARDS.values() if standard.status is Status.ENABLED]
DECIDING = [standard for standard in STANDARDS.values() if standard.standard_id != "melon_hami_house"]
EU = STANDARDS["apple_eu_2023_2429"]
US = STANDARDS["apple_us_7cfr51"]

QUICK = settings(max_examples=60, deadline=None)


def rank(decision: GradeDecision, standard: Standard) -> int:
    """Best class 0 ... last class, then ungraded, then reject."""
    return [*standard.class_ids, UNGRADED, REJECT].index(decision.grade_class)


def decide(fruit: FruitMeasurement, standard: Standard = EU) -> GradeDecision:
    return decide_grade(fruit, standard, allow_draft=True)


def denied(decision: GradeDecision) -> dict[str, str]:
    """rule -> lowest class it denies."""
    return {reason.rule: reason.denies for reason in decision.reasons if reason.denies is not None}


def unverified(decision: GradeDecision) -> set[str]:
    return {reason.rule for reason in decision.reasons if not reason.verified}


# ---- thresholds, table-driven from the files themselves


@dataclass(frozen=True)
class Threshold:
    standard: Standard
    rule: Rule
    limit: Limit
    position: int

    @property
    def bound(self) -> float:
        return self.limit.limits[self.position]

    def __str__(self) -> str:
        class_id = self.standard.class_ids[self.position]
        tags = "-".join(sorted(self.rule.only_tags))
        return f"{self.standard.standard_id}-{self.rule.key}{tags}-{self.limit.measure}-{class_id}"


THRESHOLDS = [
    Threshold(standard, rule, limit, position)
    for standard in ENABLED
    for rule in standard.rules
    for limit in rule.tests
    for position, bound in enumerate(limit.limits)
    if isfinite(bound)
]


def variety_for(rule: Rule, standard: Standard) -> str | None:
    """A variety of the standard that the rule holds for; None if there are no varieties."""
    return next((variety.key for variety in standard.varieties if rule.applies_to(variety.tags)), None)


def last_passing(bound: float, of_input: float, as_read) -> float:  # type: ignore[no-untyped-def]
    """The largest input whose reading does not exceed the bound."""
    while as_read(of_input) > bound:
        of_input = nextafter(of_input, -inf)
    while as_read(nextafter(of_input, inf)) <= bound:
        of_input = nextafter(of_input, inf)
    return of_input


def inputs_at(case: Threshold) -> tuple[float, float]:
    """(input exactly on the limit or the last one that passes, the next number on the wrong side)."""
    measure, bound = case.limit.measure, case.bound
    if measure in (Measure.COUNT, Measure.KIND_COUNT):
        return bound, bound + 1
    if case.limit.at_least:
        return bound, nextafter(bound, -inf)
    if measure in (Measure.TOTAL_AREA_CM2, Measure.LARGEST_AREA_CM2):
        at = last_passing(bound, bound * 100.0, lambda area: area / 100.0)
    elif measure is Measure.CIRCLE_DIAMETER_MM:
        at = last_passing(bound, pi * bound * bound / 4.0, lambda area: 2.0 * sqrt(area / pi))
    else:
        at = bound
    return at, nextafter(at, inf)


def fruit_with(case: Threshold, amount: float) -> FruitMeasurement:
    """A sound fruit of the reference diameter, but for this amount in what the rule measures."""
    rule, measure = case.rule, case.limit.measure
    fruit = make_fruit(
        crop=Crop(case.standard.crop), variety=variety_for(rule, case.standard), diameter_mm=exactly(76.2)
    )
    elongated = rule.shape is Shape.ELONGATED
    kinds = sorted(rule.kinds)
    if measure is Measure.COUNT:
        return replace(
            fruit,
            defects=tuple(make_defect(kinds[0], area_mm2=0.0, fraction=0.0) for _ in range(int(amount))),
        )
    if measure is Measure.KIND_COUNT:
        return replace(
            fruit,
            defects=tuple(make_defect(kind, area_mm2=0.0, fraction=0.0) for kind in kinds[: int(amount)]),
        )
    if measure.of_defects:
        spot = make_defect(
            kinds[0], area_mm2=0.0, fraction=0.0, length_mm=0.0, diameters=0.0, elongated=elongated
        )
        field = {Measure.TOTAL_AREA_FRACTION: "area_fraction", Measure.TOTAL_LENGTH_MM: "length_mm"}
        return replace(fruit, defects=(replace(spot, **{field.get(measure, "area_mm2"): amount}),))
    if measure in (Measure.BLUSH_FRACTION, Measure.RED_FRACTION):
        return replace(fruit, colour=replace(fruit.colour, blush_fraction=amount))
    empty = replace(fruit.size, equatorial_diameter_mm=None)
    return replace(fruit, size=replace(empty, **{measure.value: exactly(amount)}))


def first_class_allowed(decision: GradeDecision, case: Threshold) -> int:
    found = [
        reason for reason in decision.reasons if reason.rule == case.rule.key and reason.denies is not None
    ]
    return max((case.standard.class_ids.index(reason.denies) + 1 for reason in found), default=0)


@pytest.mark.parametrize("case", THRESHOLDS, ids=str)
def test_a_fruit_on_the_limit_passes_and_the_next_number_does_not(case: Threshold) -> None:
    at, beyond = inputs_at(case)
    allowed = decide_grade(fruit_with(case, at), case.standard)
    assert first_class_allowed(allowed, case) <= case.position
    refused = decide_grade(fruit_with(case, beyond), case.standard)
    assert first_class_allowed(refused, case) > case.position
    better = nextafter(at, inf if case.limit.at_least else -inf)
    if 0.0 <= better and case.limit.measure not in (
        Measure.COUNT,
        Measure.KIND_COUNT,
        Measure.BLUSH_FRACTION,
    ):
        assert (
            first_class_allowed(decide_grade(fruit_with(case, better), case.standard), case) <= case.position
        )


def test_the_table_covers_every_enabled_standard() -> None:
    assert {case.standard.standard_id for case in THRESHOLDS} == {
        standard.standard_id for standard in ENABLED
    }
    assert len(THRESHOLDS) > 100


# ---- the EU standard by hand: (EU) 2023/2429 Annex I Part B Part 1


@pytest.mark.parametrize(
    ("kind", "area_mm2", "expected"),
    [
        ("bruise", 0.0, "extra"),
        ("bruise", 1.0, "I"),
        ("bruise", 100.0, "I"),
        ("bruise", 100.1, "II"),
        ("bruise", 150.0, "II"),
        ("bruise", 150.1, REJECT),
        ("scab", 25.0, "I"),
        ("scab", 25.1, "II"),
        ("scab", 100.0, "II"),
        ("scab", 100.1, REJECT),
        ("scar", 25.0, "extra"),
        ("scar", 100.0, "I"),
        ("sunburn", 250.0, "II"),
        ("sooty", 250.1, REJECT),
        ("rot", 1.0, REJECT),
        ("puncture", 1.0, REJECT),
        ("crack", 1.0, REJECT),
        ("insect", 1.0, REJECT),
    ],
)
def test_eu_class_of_one_compact_defect(kind: str, area_mm2: float, expected: str) -> None:
    assert decide(make_fruit(make_defect(kind, area_mm2=area_mm2))).grade_class == expected


@pytest.mark.parametrize(
    ("length_mm", "expected"), [(5, "extra"), (20, "I"), (20.01, "II"), (40, "II"), (40.1, REJECT)]
)
def test_eu_elongated_defects_go_by_their_length_together(length_mm: float, expected: str) -> None:
    halves = [make_defect("scar", area_mm2=900.0, length_mm=length_mm / 2, elongated=True) for _ in range(2)]
    assert decide(make_fruit(*halves)).grade_class == expected


@pytest.mark.parametrize(
    ("share", "expected", "review"),
    [
        (0.01, "extra", False),
        (0.05, "I", False),
        (0.051, "II", True),  # dense russet would be II, net-like russet I
        (1 / 3, "II", False),  # more than 1/5: II whatever its texture
        (0.34, REJECT, True),
        (0.51, REJECT, False),
    ],
)
def test_eu_russet_is_judged_as_dense_and_reviewed_where_texture_matters(
    share: float, expected: str, review: bool
) -> None:
    decision = decide(make_fruit(make_defect("russet", fraction=share)))
    assert (decision.grade_class, decision.review) == (expected, review)


def test_a_russet_variety_may_be_russeted() -> None:
    assert (
        decide(make_fruit(make_defect("russet", fraction=0.9), variety="russet_apple")).grade_class == "extra"
    )


@pytest.mark.parametrize(
    ("variety", "blush", "light_red", "expected"),
    [
        ("花牛", 0.75, 0.0, "extra"),
        ("花牛", 0.74, 0.26, "I"),
        ("Red-Delicious", 0.49, 0.0, "II"),
        ("富士", 0.5, 0.0, "extra"),
        ("FUJI", 0.34, 0.0, "I"),
        ("fuji", 0.33, 0.5, "II"),
        ("嘎啦", 0.05, 0.29, "extra"),
        ("Gala", 0.05, 0.05, "I"),
        ("Golden Delicious", 0.0, 0.0, "extra"),
    ],
)
def test_eu_colour_group_of_the_variety(variety: str, blush: float, light_red: float, expected: str) -> None:
    assert decide(make_fruit(variety=variety, blush=blush, light_red=light_red)).grade_class == expected


@pytest.mark.parametrize(
    ("diameter", "weight", "expected"),
    [
        (60.0, None, "extra"),
        (59.9, None, REJECT),
        (59.9, 90.0, "extra"),
        (59.9, 89.9, REJECT),
        (None, 90.0, "extra"),
    ],
)
def test_eu_minimum_size_is_60_mm_or_90_g(
    diameter: float | None, weight: float | None, expected: str
) -> None:
    fruit = make_fruit(
        diameter_mm=None if diameter is None else exactly(diameter),
        weight_g=None if weight is None else exactly(weight),
    )
    assert decide(fruit).grade_class == expected


def test_every_rule_that_denies_a_better_class_is_listed_hardest_first() -> None:
    decision = decide(
        make_fruit(
            make_defect("bruise", area_mm2=120.0),
            make_defect("scar", area_mm2=50.0),
            variety="fuji",
            blush=0.4,
        )
    )
    assert decision.grade_class == "II"
    assert [(r.rule, r.value, r.limit, r.denies) for r in decision.reasons if r.denies] == [
        ("bruise", 1.2, 1.0, "I"),
        ("other_skin", 0.5, 0.25, "extra"),
        ("colour", 0.4, 0.5, "extra"),
    ]


def test_rot_rejects_for_certain_from_one_view_without_scale_or_variety() -> None:
    fruit = without_scale(make_fruit(make_defect("rot", confidence=0.93), variety=None, seen=0.48))
    decision = decide(fruit)
    assert (decision.grade_class, decision.review) == (REJECT, False)
    assert decision.confidence == pytest.approx(0.93)
    (reason,) = decision.reasons
    assert (reason.rule, reason.value, reason.limit, reason.denies, reason.verified) == (
        "rot",
        1,
        0,
        "II",
        True,
    )


# ---- what is not known


def test_a_good_class_from_one_view_is_provisional() -> None:
    decision = decide(make_fruit(seen=0.48))
    assert (decision.grade_class, decision.review) == ("extra", True)
    assert decision.confidence == pytest.approx(0.48 / 0.9)
    assert "surface_seen" in unverified(decision)
    assert decide(make_fruit(seen=0.9)).review is False
    assert decide_grade(make_fruit(seen=0.48), EU, min_surface_seen=0.4).review is False


def test_a_share_that_the_unseen_side_could_heal_is_no_sure_reject() -> None:
    russet = make_defect("russet", fraction=0.6)
    assert "surface_seen" in unverified(decide(make_fruit(russet, seen=0.5)))
    assert "surface_seen" not in unverified(decide(make_fruit(russet, seen=0.85)))


def test_without_scale_a_sound_fruit_gets_a_class_with_its_size_unverified() -> None:
    decision = decide(without_scale(make_fruit()))
    assert (decision.grade_class, decision.review) == ("extra", True)
    assert decision.confidence == 0.5
    assert "size" in unverified(decision)


@pytest.mark.parametrize(
    ("fraction", "expected", "verified"),
    [
        (0.0001, "I", True),  # at most 0.03 cm2 at 100 mm: I is proved, extra is refused for certain
        (0.0035, "II", False),  # 0.33 cm2 at 55 mm, 1.1 cm2 at 100 mm: I cannot be proved, II can
        (0.01, UNGRADED, False),  # 0.95 to 3.1 cm2: nothing can be proved
        (0.02, REJECT, True),  # over 1.5 cm2 even at 55 mm
    ],
)
def test_without_scale_a_bruise_gets_the_best_class_that_is_proved(
    fraction: float, expected: str, verified: bool
) -> None:
    decision = decide(without_scale(make_fruit(make_defect("bruise", fraction=fraction))))
    assert decision.grade_class == expected
    assert decision.review is (expected != REJECT)
    bruise = next(reason for reason in decision.reasons if reason.rule == "bruise")
    assert (bruise.value, bruise.verified) == (None, verified)


def test_without_scale_us_limits_hold_because_they_scale_with_the_fruit() -> None:
    # a circle of 15.875 mm on a sphere of 76.2 mm is 1.085 % of it
    assert (
        decide(without_scale(make_fruit(make_defect("bruise", fraction=0.0108))), US).grade_class
        == "extra_fancy"
    )
    assert (
        decide(without_scale(make_fruit(make_defect("bruise", fraction=0.0109))), US).grade_class == "fancy"
    )


@pytest.mark.parametrize("diameter", [60.0, 76.2, 95.0])
def test_us_circles_grow_with_the_fruit(diameter: float) -> None:
    allowed = pi / 4 * 15.875**2 * (diameter / 76.2) ** 2
    for area, expected in ((allowed * 0.999, "extra_fancy"), (allowed * 1.001, "fancy")):
        halves = [make_defect("bruise", area_mm2=area / 2)] * 2
        assert decide(make_fruit(*halves, diameter_mm=exactly(diameter)), US).grade_class == expected


def test_us_fuji_is_exempt_from_net_russet_only() -> None:
    russet = make_defect("russet", fraction=0.08)
    assert denied(decide(make_fruit(make_defect("russet", fraction=0.3), variety="fuji"), US)) == {
        "russet_solid": "no1"
    }
    assert denied(decide(make_fruit(russet, variety="gala"), US)) == {"russet_solid": "fancy"}


def test_unknown_variety_costs_review_only_where_it_matters() -> None:
    green = decide(make_fruit(variety=None, blush=0.2))
    assert (green.grade_class, green.review) == ("extra", True)
    assert "variety" in unverified(green)
    red = decide(make_fruit(variety=None, blush=0.75))
    assert (red.grade_class, red.review) == ("extra", False)


def test_a_denial_that_rests_on_the_default_group_is_not_verified() -> None:
    export = STANDARDS["apple_cn_export_aaa"]
    decision = decide(make_fruit(variety=None, diameter_mm=exactly(62.0)), export)
    assert decision.grade_class == UNGRADED
    assert "size" in unverified(decision)
    assert decide(make_fruit(variety="gala", diameter_mm=exactly(62.0)), export).grade_class == "AAA"
    assert decide(make_fruit(variety="fuji", diameter_mm=exactly(62.0)), export).grade_class == REJECT


def test_an_unlisted_variety_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(StandardError, match=r"unknown variety 'Zaphod'; known are fuji, .*granny_smith"):
        decide(make_fruit(variety="Zaphod"))
    melon = make_fruit(crop=Crop.MELON, variety="Zaphod")
    assert decide(melon, STANDARDS["melon_general_eu"]).grade_class == "marketable"


def test_a_limit_inside_the_interval_lowers_confidence_and_asks_for_review() -> None:
    sure = decide(make_fruit(diameter_mm=about(62.0, 0.8)))
    close = decide(make_fruit(diameter_mm=about(60.4, 0.8)))
    below = decide(make_fruit(diameter_mm=about(59.6, 0.8)))
    assert (sure.review, close.review, below.review) == (False, True, True)
    assert close.grade_class == "extra"
    assert below.grade_class == REJECT
    assert (
        close.confidence == pytest.approx(below.confidence) == pytest.approx(0.8365, abs=0.001)
    )  # Phi(0.98)
    assert decide(make_fruit(diameter_mm=exactly(60.0))).confidence == 1.0


def test_confidence_is_that_of_the_least_certain_defect_that_is_needed() -> None:
    sure, vague = (
        make_defect("bruise", area_mm2=90.0, confidence=0.9),
        make_defect("bruise", area_mm2=30.0, confidence=0.6),
    )
    decision = decide(make_fruit(vague, sure))
    assert (decision.grade_class, decision.confidence, decision.review) == ("II", 0.6, True)
    alone = decide(make_fruit(vague, replace(sure, area_mm2=110.0)))
    assert (alone.grade_class, alone.confidence, alone.review) == ("II", 0.9, False)


def test_doubtful_rules_ask_for_review_unless_a_firm_rule_says_the_same() -> None:
    assert decide(make_fruit(make_defect("insect"))).review is True
    assert decide(make_fruit(make_defect("insect"), make_defect("rot"))).review is False


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"crop": Crop.MELON}, "crop"),
        ({"crop_confidence": 0.49}, "crop_confidence"),
        ({"quality_flags": ("black_frame",)}, "picture"),
        ({"surface_seen_fraction": 0.0}, "surface_seen"),
    ],
)
def test_a_fruit_that_cannot_be_judged_is_a_value(change: dict[str, object], rule: str) -> None:
    decision = decide(replace(make_fruit(), **change))
    assert (decision.grade_class, decision.confidence, decision.review) == (UNGRADED, 0.0, True)
    assert [reason.rule for reason in decision.reasons] == [rule]


def test_a_cut_fruit_and_a_poor_picture_are_looked_at() -> None:
    cut, blurred = decide(make_fruit(touches_edge=True)), decide(make_fruit(flags=("blurred",)))
    assert cut.review is blurred.review is True
    assert "touches_edge" in unverified(cut)
    assert ("picture", "blurred") in {(reason.rule, reason.value) for reason in blurred.reasons}


def test_sugar_that_nobody_measured_denies_the_us_melon_grades_that_need_it() -> None:
    decision = decide(make_fruit(crop=Crop.MELON), STANDARDS["melon_us_cantaloup"])
    assert (decision.grade_class, decision.review) == ("commercial", False)
    brix = next(reason for reason in decision.reasons if reason.rule == "brix")
    assert (brix.denies, brix.limit, brix.verified) == ("no1", "9 %", False)


def test_what_a_hand_must_check_is_listed_and_no_ground_for_review() -> None:
    decision = decide(make_fruit())
    assert (decision.grade_class, decision.review, decision.confidence) == ("extra", False, 1.0)
    assert unverified(decision) == {"stalk", "flesh"}


@pytest.mark.parametrize(
    "standard", [s for s in STANDARDS.values() if s.status is not Status.ENABLED], ids=lambda s: s.standard_id
)
def test_drafts_and_templates_refuse_and_say_why(standard: Standard) -> None:
    with pytest.raises(StandardError, match=standard.status_reason[:20]):
        decide_grade(make_fruit(crop=Crop(standard.crop)), standard)


def test_an_unfilled_template_refuses_even_when_drafts_are_allowed() -> None:
    with pytest.raises(
        StandardError, match=r"melon_hami_house.toml: expected numbers.*weight, skin, netting"
    ):
        decide(make_fruit(crop=Crop.MELON), STANDARDS["melon_hami_house"])


# ---- whatever the fruit


def any_fruit(standard: Standard, **options: object) -> st.SearchStrategy[FruitMeasurement]:
    varieties = (None, *(variety.key for variety in standard.varieties))
    return fruits(Crop(standard.crop), varieties, **options)  # type: ignore[arg-type]


deciding = pytest.mark.parametrize("standard", DECIDING, ids=lambda standard: standard.standard_id)


@deciding
@QUICK
@given(data=st.data())
def test_adding_or_enlarging_a_defect_never_improves_the_class(
    standard: Standard, data: st.DataObject
) -> None:
    fruit = data.draw(any_fruit(standard))
    before = rank(decide(fruit, standard), standard)
    extra = data.draw(defects_on(80.0, fruit.surface_seen_fraction))
    assert rank(decide(replace(fruit, defects=(*fruit.defects, extra)), standard), standard) >= before
    factor = data.draw(st.floats(1.0, 3.0))
    grown = tuple(_grown(defect, factor) for defect in fruit.defects)
    assert rank(decide(replace(fruit, defects=grown), standard), standard) >= before


def _grown(defect: Defect, factor: float) -> Defect:
    return replace(
        defect,
        area_mm2=defect.area_mm2 * factor if defect.area_mm2 is not None else None,
        area_fraction=min(defect.area_fraction * factor, 1.0),
        length_mm=defect.length_mm * factor if defect.length_mm is not None else None,
        length_diameters=defect.length_diameters * factor,
    )


@deciding
@QUICK
@given(data=st.data())
def test_losing_the_scale_never_improves_a_class_and_never_claims_a_size(
    standard: Standard, data: st.DataObject
) -> None:
    smallest, largest = standard.diameter_range_mm
    fruit = data.draw(any_fruit(standard, diameters_mm=(max(smallest, 82.0), min(largest, 99.0))))
    fruit = replace(fruit, size=replace(fruit.size, weight_g=exactly(1200.0)))
    with_scale, blind = decide(fruit, standard), decide(without_scale(fruit), standard)
    if blind.grade_class != UNGRADED:
        assert rank(blind, standard) >= rank(with_scale, standard)
    if blind.grade_class not in (UNGRADED, REJECT) and any(rule.key == "size" for rule in standard.rules):
        assert blind.review
        assert "size" in unverified(blind)


@deciding
@QUICK
@given(data=st.data())
def test_a_decision_always_explains_itself(standard: Standard, data: st.DataObject) -> None:
    decision = decide(data.draw(any_fruit(standard)), standard)
    assert 0.0 <= decision.confidence <= 1.0
    place = [*standard.class_ids, REJECT, UNGRADED].index(decision.grade_class)
    lowest_denied = [standard.class_ids.index(reason.denies) for reason in decision.reasons if reason.denies]
    assert lowest_denied == sorted(lowest_denied, reverse=True)
    if decision.grade_class == UNGRADED:
        assert decision.reasons
        assert decision.review
    elif place > 0:
        assert lowest_denied[0] == place - 1
    else:
        assert not lowest_denied


@deciding
def test_limits_never_grow_towards_the_better_class(standard: Standard) -> None:
    for rule in standard.rules:
        for limit in rule.tests:
            for better, worse in pairwise(limit.limits):
                assert better >= worse if limit.at_least else better <= worse


def test_every_kind_of_defect_is_looked_at_by_the_apple_standards() -> None:
    for standard_id in ("apple_eu_2023_2429", "apple_us_7cfr51", "apple_cn_export_aaa"):
        seen = frozenset().union(*(rule.kinds for rule in load_standard(standard_id).rules))
        assert seen == frozenset(DefectKind)
