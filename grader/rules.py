"""The parts of a grading standard as values: classes, rules with their limits, varieties, tolerances."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from grader.errors import StandardError
from grader.types import DefectKind


class Measure(StrEnum):
    """What a rule limits. The first seven are taken over the defects of the rule's kinds, the others are of the fruit.

    Areas are cm2 on the curved skin, lengths and diameters mm, weights g, fractions 0-1 of the surface.
    """

    TOTAL_AREA_CM2 = "total_area_cm2"
    LARGEST_AREA_CM2 = "largest_area_cm2"
    CIRCLE_DIAMETER_MM = (
        "circle_diameter_mm"  # of a circle as large as all spots brought together (7 CFR 51.316)
    )
    TOTAL_LENGTH_MM = "total_length_mm"
    TOTAL_AREA_FRACTION = "total_area_fraction"
    COUNT = "count"
    KIND_COUNT = "kind_count"
    EQUATORIAL_DIAMETER_MM = "equatorial_diameter_mm"
    RING_DIAMETER_MM = "ring_diameter_mm"
    LENGTH_MM = "length_mm"
    WEIGHT_G = "weight_g"
    SHAPE_INDEX = "shape_index"
    BLUSH_FRACTION = "blush_fraction"
    RED_FRACTION = "red_fraction"  # good red and light red together
    NET_COVER_FRACTION = "net_cover_fraction"

    @property
    def of_defects(self) -> bool:
        """True where the measure is taken over defects."""
        return self in DEFECT_MEASURES

    @property
    def unit(self) -> str:
        """Unit as printed; empty for counts, ratios and fractions."""
        for suffix, unit in (("_cm2", "cm²"), ("_mm", "mm"), ("_g", "g")):
            if self.value.endswith(suffix):
                return unit
        return ""


DEFECT_MEASURES = frozenset(
    {
        Measure.TOTAL_AREA_CM2,
        Measure.LARGEST_AREA_CM2,
        Measure.CIRCLE_DIAMETER_MM,
        Measure.TOTAL_LENGTH_MM,
        Measure.TOTAL_AREA_FRACTION,
        Measure.COUNT,
        Measure.KIND_COUNT,
    }
)


class Status(StrEnum):
    """May a rule file decide? Only `enabled` may without being asked twice."""

    ENABLED = "enabled"
    DRAFT = "draft"
    TEMPLATE = "template"


class Shape(StrEnum):
    """Which defects of the kinds a rule looks at."""

    ANY = "any"
    ELONGATED = "elongated"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """A display name in English and in Chinese."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeClass:
    """One class of a standard. class_id is what `grade.class` says."""

    class_id: str
    names: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit for every class, best class first.

    limits: one number per class in the unit of `measure`; +inf (maximum) or -inf (minimum) where a class has none.
    at_least: True for a minimum, False for a maximum. A value exactly on the limit passes.
    to_fill: classes of a template whose number the customer still has to enter.
    """

    measure: Measure
    limits: tuple[float, ...]
    at_least: bool
    to_fill: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a standard.

    tests: the fruit passes if any one is met (such as: 60 mm or 90 g).
    kinds, shape: the defects looked at, for measures over defects.
    only_tags / except_tags: the rule holds only for varieties with one / with none of these tags; empty: for all.
    reference_diameter_mm: limits are meant for a fruit of this diameter and scale with the fruit (7 CFR 51.316).
    met_if_unknown: what stands in for an unknown value (a site default). Either way the reason is not `verified`.
    doubtful: the vocabulary of defects is coarser than the rule, so a class set by this rule alone is reviewed.
    evidence: one letter per class, best first: S seen, S2 second-hand, R recalled, D derived or ours.
    """

    key: str
    names: Names
    tests: tuple[Limit, ...]
    kinds: frozenset[DefectKind]
    shape: Shape
    only_tags: frozenset[str]
    except_tags: frozenset[str]
    reference_diameter_mm: float | None
    met_if_unknown: bool
    doubtful: bool
    evidence: tuple[str, ...]
    clause: str

    @property
    def by_variety(self) -> bool:
        """True where the rule holds for some varieties only."""
        return bool(self.only_tags or self.except_tags)

    def applies_to(self, tags: frozenset[str]) -> bool:
        """True if the rule holds for a variety with these tags."""
        return (not self.only_tags or bool(self.only_tags & tags)) and not self.except_tags & tags


@dataclass(frozen=True, slots=True, kw_only=True)
class HandCheck:
    """A requirement no camera sees (stalk, sugar, flesh): checked by hand on samples of the lot.

    requires: for each class, best first, what it asks for, in English and Chinese; None where it asks for nothing.
    assumed_met: the site default for a single fruit.
    """

    key: str
    names: Names
    requires: tuple[Names | None, ...]
    assumed_met: bool
    evidence: str
    clause: str

    @property
    def first_class_without(self) -> int:
        """Index of the best class that does not ask for this check; the number of classes if all do."""
        return self.requires.index(None) if None in self.requires else len(self.requires)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variety:
    """A variety: its tags (colour group, size group, exemptions) and every name it goes by.

    plain_names: key and names as `plain_name` gives them, for finding.
    """

    key: str
    names: tuple[str, ...]
    plain_names: frozenset[str]
    tags: frozenset[str]


class Counted(StrEnum):
    """Which fruit of a lot a tolerance counts. `by_hand`: what no record of a fruit says, such as a shipping damage."""

    CLASS = "class"
    DECAY = "decay"
    SIZE = "size"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class LotTolerance:
    """Share of a *lot* (0-1, by number or weight) that may be out of class. Never applied to a fruit.

    class_id: of the lot; `all` for lots of every class. counts: which fruit the share is of. below: with `class`, fruit
    worse than this class count; None: than the class of the lot.
    """

    class_id: str
    line: str
    at_most_fraction: float
    evidence: str
    line_zh: str = ""
    counts: Counted | None = None
    below: str | None = None

    @property
    def names(self) -> Names:
        """The line in English and Chinese."""
        return Names(en=self.line, zh=self.line_zh or self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniformity:
    """Largest spread within a package. low <= smallest fruit < high selects the line; unit of `measure`."""

    classes: tuple[str, ...]
    pack: str
    measure: Measure
    low: float
    high: float
    max_spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """A published grading standard, or a house one, as data.

    classes: best first. minimum_surface_seen_fraction: 0-1, below it a class is provisional.
    diameter_range_mm: no fruit of this crop is smaller or larger; bounds areas where there is no scale.
    sha256: of the file, so that a decision can be replayed under exactly these rules.
    """

    standard_id: str
    aliases: tuple[str, ...]
    crop: str
    names: Names
    source: str
    edition: str
    clause: str
    evidence: str
    checked_by: str
    checked_on: date
    status: Status
    status_reason: str
    default_for_crop: bool
    note: str
    classes: tuple[GradeClass, ...]
    rules: tuple[Rule, ...]
    hand_checks: tuple[HandCheck, ...]
    varieties: tuple[Variety, ...]
    default_tags: frozenset[str]
    minimum_surface_seen_fraction: float
    diameter_range_mm: tuple[float, float]
    lot_tolerances: tuple[LotTolerance, ...]
    uniformity: tuple[Uniformity, ...]
    path: Path
    sha256: str

    @property
    def class_ids(self) -> tuple[str, ...]:
        """Ids of the classes, best first, without `reject` and `ungraded`."""
        return tuple(grade_class.class_id for grade_class in self.classes)

    @property
    def recalled_rules(self) -> tuple[str, ...]:
        """Keys of the rules whose numbers were recalled, not read (evidence R): warn before printing a class name."""
        recalled = [rule.key for rule in self.rules if "R" in rule.evidence]
        recalled += [check.key for check in self.hand_checks if check.evidence == "R"]
        return tuple(dict.fromkeys(recalled))

    @property
    def by_variety(self) -> bool:
        """True where the class can depend on the variety."""
        return any(rule.by_variety for rule in self.rules)

    def check_usable(self, *, allow_draft: bool = False) -> None:
        """Refuse a standard that may not decide.

        Raises:
            StandardError: a draft or template without `allow_draft`, or a template with limits still to fill in.
        """
        if self.status is not Status.ENABLED and not allow_draft:
            raise StandardError(
                f"{self.standard_id} is a {self.status} and may not decide: {self.status_reason} "
                "(expected an enabled standard, or drafts allowed on purpose)"
            )
        unfilled = dict.fromkeys(rule.key for rule in self.rules for limit in rule.tests if limit.to_fill)
        if unfilled:
            raise StandardError(
                f'{self.path.name}: expected numbers, got "to_fill" in the rules {", ".join(unfilled)}; '
                "copy the file, enter the customer's limits and grade with the copy"
            )

    def check_variety(self, variety: str) -> None:
        """Refuse a variety that the rules depend on and that is not listed.

        Raises:
            StandardError: the message names the known varieties.
        """
        self.tags_of(variety)

    def tags_of(self, variety: str | None) -> frozenset[str]:
        """Tags of a variety (colour group and the like) by any of its names; the default tags if it is None.

        Raises:
            StandardError: as `check_variety`.
        """
        if variety is None:
            return self.default_tags
        wanted = plain_name(variety)
        for known in self.varieties:
            if wanted in known.plain_names:
                return known.tags
        if not self.by_variety:
            return self.default_tags
        names = ", ".join(known.key for known in self.varieties)
        raise StandardError(f"{self.standard_id}: unknown variety {variety!r}; known are {names}")


def plain_name(name: str) -> str:
    """A variety name for comparison: case, width, spaces, hyphens, dots and quotes do not count.

    >>> plain_name("Royal-Gala") == plain_name("royal gala")
    True
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum())
