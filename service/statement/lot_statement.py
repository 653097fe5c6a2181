"""The statement of a stored lot: reads its fruit and finds the standards that decided on them."""

from __future__ import annotations

from datetime import UTC, datetime

from grader.errors import UnknownVersionError
from service.archive import Archive
from service.judging_rules import JudgingRules
from service.statement.causes import LotRules, best_class
from service.statement.content import Statement, make_statement
from service.statement.prices import Prices
from service.store.judges import JudgedBy


def lot_statement(archive: Archive, judging: JudgingRules, lot_id: int, prices: Prices) -> Statement:
    """What became of a lot, and what is paid for it.

    Raises:
        NotFoundError: no such lot. StatementError: a price that cannot be. StorageError
    """
    lot = archive.lots.lot(lot_id)
    rules = {
        number: find_rules(judge, judging) for number, judge in archive.lot_reader.judges(lot_id).items()
    }
    best = {best_class(one) for one in rules.values()}
    parts = archive.lot_reader.decided(
        lot_id, without_record=[name for name in best if name is not None] if len(best) == 1 else []
    )
    return make_statement(lot, parts, rules, prices, made_at=datetime.now(UTC))


def find_rules(judge: JudgedBy, judging: JudgingRules) -> LotRules:
    """By the hash of the file where there is one of it; else the one of this name, for words only."""
    try:
        return LotRules(standard_id=judge.standard_id, standard=judging.standard(judge), exact=True)
    except UnknownVersionError:
        named = judging.of_name(judge.standard_id)
        return LotRules(standard_id=judge.standard_id, standard=named, exact=False)
