"""The parts of the review in a running service: who has which fruit, rules, marked views, evidence."""

from __future__ import annotations

from dataclasses import dataclass

from grader.errors import GraderError, UnknownVersionError
from grader.rules import Standard
from grader.sku_table import SkuTable
from service.errors import ReviewError
from service.judging_rules import JudgingRules
from service.review.answering import classes_of
from service.review.evidence import Evidence
from service.review.leases import Leases
from service.review.marked_views import MarkedViews
from service.rule_follower import RuleFollower
from service.store.judges import JudgedBy
from service.store.review_store import ReviewStore

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDesk:
    """rules: those that judge now. judging: those that judged a fruit."""

    store: ReviewStore
    rules: RuleFollower
    judging: JudgingRules
    leases: Leases
    marked: MarkedViews
    evidence: Evidence

    def hand_out(
        self, kind: str, lot_id: int | None, *, after: int, limit: int, station: str | None
    ) -> tuple[int, ...]:
        """The next fruit of the queue that nobody else has on the screen. Raises StorageError."""
        if station is None:
            return self.store.next(kind, lot_id, after=after, limit=limit)
        mine: list[int] = []
        while found := self.store.next(kind, lot_id, after=after, limit=PAGE):
            for number in found:
                if self.leases.take(number, station):
                    mine.append(number)
                if len(mine) == limit:
                    return tuple(mine)
            after = found[-1]
        return tuple(mine)

    def classes(self, standard_id: str) -> tuple[str, ...]:
        """Classes that a person may give, best first."""
        return classes_of(standard_id, self.standards())

    def standards(self) -> tuple[Standard, ...]:
        """All that may judge now."""
        return self.rules.standards()

    def table(self, judge: JudgedBy) -> SkuTable:
        """The SKU table that judged a fruit; where its file is gone, the one of its name that judges now.

        Raises:
            ReviewError: there is none of this name any more.
        """
        try:
            return self.judging.table(judge)
        except UnknownVersionError:
            pass
        try:
            return self.rules.sku_table(judge.sku_table_id)
        except GraderError as error:
            raise ReviewError(
                f"class: expected the SKU table {judge.sku_table_id!r} that judged this fruit, it is not there"
            ) from error
