"""What decisions rest on, each kept once under a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.record import record_from_json
from service.store.lot_tables import Judge


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBy:
    """Model, standard and SKU table. The hashes are of the files (SHA-256, 64 hex digits); empty where not known."""

    model_id: str
    standard_id: str
    standard_sha256: str
    sku_table_id: str
    sku_table_sha256: str

    @classmethod
    def of(cls, row: Judge) -> Self:
        """As it is in the database."""
        return cls(
            model_id=row.model_id,
            standard_id=row.standard_id,
            standard_sha256=row.standard_sha256,
            sku_table_id=row.sku_table_id,
            sku_table_sha256=row.sku_table_sha256,
        )

    @classmethod
    def of_record(cls, record: Mapping[str, object]) -> Self:
        """What a record (`fruit/1`) rests on. Raises RecordError when it is none."""
        read = record_from_json(record)
        return cls(
            model_id=read.measurement.model_id,
            standard_id=read.grade.standard_id,
            standard_sha256=read.grade.standard_sha256,
            sku_table_id=read.sku.table_id,
            sku_table_sha256=read.sku.table_sha256,
        )


class Judges:
    """Numbers of judges, remembered once their transaction is through. For one thread at a time."""

    def __init__(self) -> None:
        self._known: dict[JudgedBy, int] = {}
        self._new: dict[JudgedBy, int] = {}

    def number(self, session: Session, judge: JudgedBy) -> int:
        """The number of a judge; stored when it is new, also by another service at the same time."""
        for known in (self._known, self._new):
            if judge in known:
                return known[judge]
        query = select(Judge.judge_id).filter_by(**asdict(judge))
        found = session.scalar(query)
        if found is None:
            try:
                with session.begin_nested():
                    row = Judge(**asdict(judge))
                    session.add(row)
                    session.flush()
                    found = row.judge_id
            except IntegrityError:
                found = session.scalar(query)
                if found is None:
                    raise
        self._new[judge] = found
        return found

    def start(self) -> None:
        """A transaction begins; what the last one did not bring through is forgotten."""
        self._new = {}

    def keep(self) -> None:
        """The transaction is through: what was new is known."""
        self._known |= self._new
        self._new = {}
