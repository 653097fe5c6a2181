"""A draft of a rule file as the page holds it: its text and size tables, its faults, and what it would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from grader.grade import decide_grade
from grader.reason_text import Language, class_name, reason_text
from grader.record import record_from_json
from grader.rules import Standard
from grader.simulate import Regraded
from grader.versions import Change, RuleKind
from service.errors import NotFoundError
from service.skus.rule_files import RuleFiles
from service.skus.rule_form import fill_in
from service.skus.schemas import (
    CheckOut,
    PublishStandard,
    PublishTable,
    Season,
    StandardDraft,
    StandardRef,
    TableDraft,
    TableRef,
)
from service.skus.what_if import Sides, WhatIf, WhatIfFound
from service.store.fruit_store import FruitStore

MOST_SHOWN = 50
"""Fruit that are listed one by one."""
FIELD, SIZE_FIELD, SIZE_TEXT = "field:", "size:", "size-text:"
"""What the fields of the form are called: before the name of a field, of a field of a size table, of its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDraft:
    """name: id of the rules on the page. sizes: texts of size tables by id, for SKU tables."""

    kind: RuleKind
    name: str
    text: str
    sizes: Mapping[str, str]

    def check(self, files: RuleFiles) -> CheckOut:
        """Faults, or what it changes. Raises SkuTableError for a size table named by a path."""
        found = (
            files.check_table(TableDraft(text=self.text, sizes=dict(self.sizes)))
            if self.kind is RuleKind.SKU_TABLE
            else files.check_standard(StandardDraft(text=self.text))
        )
        if found.name in (None, self.name):
            return found
        return found.model_copy(update={"faults": [f"id: expected {self.name!r}, got {found.name!r}"]})

    def publish(self, files: RuleFiles, *, who: str, reason: str, replaces: str | None) -> Change:
        """Put it in force. ValueError: no reason. Else as `RuleFiles.publish_table`."""
        if self.kind is RuleKind.STANDARD:
            standard = StandardDraft(text=self.text)
            return files.publish_standard(
                PublishStandard(reason=reason, replaces=replaces, draft=standard), who
            )
        table = TableDraft(text=self.text, sizes=dict(self.sizes))
        return files.publish_table(PublishTable(reason=reason, replaces=replaces, draft=table), who)

    def sides(self, files: RuleFiles, *, crop: str, table: str) -> Sides:
        """What is in force, and the draft in its place. crop: of the fruit; table: SKU table beside a standard.

        Raises:
            StandardError, SkuTableError, VersionError: a side cannot be used.
        """
        if self.kind is RuleKind.SKU_TABLE:
            standard = files.rules.default_standard(crop)
            draft = TableRef(draft=TableDraft(text=self.text, sizes=dict(self.sizes)))
            return Sides(
                standard_before=standard,
                table_before=files.table(TableRef(name=self.name)),
                standard_after=standard,
                table_after=files.table(draft),
            )
        both = files.table(TableRef(name=table))
        return Sides(
            standard_before=files.standard(StandardRef(name=self.name)),
            table_before=both,
            standard_after=files.standard(StandardRef(draft=StandardDraft(text=self.text))),
            table_after=both,
        )


def draft_of(kind: RuleKind, name: str, values: Mapping[str, str]) -> RuleDraft:
    """The draft of a form. values: `text`, the fields and texts named above; `source`: `form` puts the fields into the
    texts, `text` leaves these as they are."""
    text = values.get("text", "").replace("\r\n", "\n")
    sizes = {
        key.removeprefix(SIZE_TEXT): value.replace("\r\n", "\n")
        for key, value in values.items()
        if key.startswith(SIZE_TEXT)
    }
    if values.get("source") == "form":
        text = fill_in(text, _named(values, FIELD))
        sizes = {one: fill_in(own, _named(values, f"{SIZE_FIELD}{one}:")) for one, own in sizes.items()}
    return RuleDraft(kind=kind, name=name, text=text, sizes=sizes)


def asked_lots(what_if: WhatIf, scope: str, values: Mapping[str, str]) -> tuple[int, ...]:
    """The lots that a form names: `lot:7`, or `season:apple` with the days `first` and `last`.

    Raises:
        NotFoundError: it names none.
    """
    kind, _, what = scope.partition(":")
    try:
        if kind == "season":
            first, last = (date.fromisoformat(values.get(day, "")) for day in ("first", "last"))
            return what_if.season_lots(Season(crop=what, first=first, last=last))
        return (int(what),)
    except ValueError as error:
        raise NotFoundError(
            f"lots: expected lot:NUMBER, or season:CROP with two days, got {scope!r}"
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedFruit:
    """One fruit that the draft moves, and why it is no longer, or now, in its class. reasons: under the draft."""

    name: str
    diameter_mm: float | None
    weight_g: float | None
    class_before: str
    class_after: str
    sku_before: str
    sku_after: str
    reasons: tuple[str, ...]


def moved_fruit(
    found: WhatIfFound,
    fruit: FruitStore,
    standard: Standard,
    language: Language,
    *,
    move: int | None = None,
) -> tuple[MovedFruit, ...]:
    """The first fruit that move, in the order they came. move: only those of this move. standard: of the draft.

    Raises:
        StorageError
    """
    before, after, changed = found.simulation.before, found.simulation.after, found.simulation.changed
    if move is not None and move < len(found.simulation.moves):
        wanted = found.simulation.moves[move]
        same = _is(before, changed, wanted.class_before, wanted.sku_before)
        changed = changed[same & _is(after, changed, wanted.class_after, wanted.sku_after)]
    rows = changed[:MOST_SHOWN]
    assert found.lot_fruit_ids is not None
    stored = {one.lot_fruit_id: one for one in fruit.of_numbers(found.lot_fruit_ids[rows].tolist())}
    shown = []
    for row in rows.tolist():
        one = stored.get(int(found.lot_fruit_ids[row]))
        if one is None or one.record is None:
            continue
        measurement = record_from_json(one.record).measurement
        size = measurement.size
        grade = decide_grade(measurement, standard, allow_draft=True)
        shown.append(
            MovedFruit(
                name=one.fruit_name,
                diameter_mm=None
                if size.equatorial_diameter_mm is None
                else size.equatorial_diameter_mm.value,
                weight_g=None if size.weight_g is None else size.weight_g.value,
                class_before=class_name(_class(before, row), standard, language),
                class_after=class_name(_class(after, row), standard, language),
                sku_before=_sku(before, row),
                sku_after=_sku(after, row),
                reasons=tuple(
                    reason_text(reason, standard, language)
                    for reason in grade.reasons
                    if reason.denies is not None
                ),
            )
        )
    return tuple(shown)


def _named(values: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}


def _class(side: Regraded, row: int) -> str:
    return side.grades.class_names[int(side.grades.class_index[row])]


def _sku(side: Regraded, row: int) -> str:
    return side.skus.kinds[int(side.skus.sku_index[row])].code


def _is(side: Regraded, rows: np.ndarray, grade_class: str, sku: str) -> np.ndarray:
    """bool: which of these rows are of this class and SKU."""
    codes = np.array([kind.code == sku for kind in side.skus.kinds])
    place = side.grades.class_names.index(grade_class)
    return np.asarray(codes[side.skus.sku_index[rows]] & (side.grades.class_index[rows] == place))
