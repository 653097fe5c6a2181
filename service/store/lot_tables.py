"""The tables of the warehouse: growers, lots, runs, their fruit, decisions and corrections.

A change here needs a new file in `migrations/versions`. What is measured is never changed, decisions and corrections
are only added: triggers of the migration see to it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.store.tables import Table, UtcDateTime

Number = BigInteger().with_variant(Integer, "sqlite")
"""Of rows that come by the million; SQLite's own integers are as wide."""


class Grower(Table):
    """Who delivers lots."""

    __tablename__ = "grower"
    __table_args__ = (UniqueConstraint("name"), {"sqlite_autoincrement": True})

    grower_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))


class Lot(Table):
    """Fruit of one grower that are kept together. code: the name that people and labels use."""

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("state IN ('open', 'closed')", name="ck_lot_state"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="ck_lot_closed_at"),
        CheckConstraint("net_weight_kg > 0", name="ck_lot_net_weight_kg"),
        Index(None, "grower_id"),
        {"sqlite_autoincrement": True},
    )

    lot_id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(80))
    grower_id: Mapped[int] = mapped_column(ForeignKey(Grower.grower_id))
    crop: Mapped[str] = mapped_column(String(40))
    variety: Mapped[str | None] = mapped_column(String(80))
    origin: Mapped[str | None] = mapped_column(String(200))
    net_weight_kg: Mapped[float | None] = mapped_column(Float)
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10))


class Run(Table):
    """A lot over one lane of a line. A lane has one lot at a time."""

    __tablename__ = "run"
    __table_args__ = (
        Index(None, "lot_id"),
        Index(
            "uq_run_open_lane",
            "line_id",
            "lane",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    run_id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey(Lot.lot_id))
    line_id: Mapped[str] = mapped_column(String(80))
    lane: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Judge(Table):
    """What a decision rests on: model, standard and SKU table, the files by SHA-256 (empty where not known)."""

    __tablename__ = "judge"
    __table_args__ = (
        UniqueConstraint(
            "model_id",
            "standard_id",
            "standard_sha256",
            "sku_table_id",
            "sku_table_sha256",
            name="uq_judge_all",
        ),
        {"sqlite_autoincrement": True},
    )

    judge_id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(String(200))
    standard_id: Mapped[str] = mapped_column(String(80))
    standard_sha256: Mapped[str] = mapped_column(String(64))
    sku_table_id: Mapped[str] = mapped_column(String(80))
    sku_table_sha256: Mapped[str] = mapped_column(String(64))


class LotFruit(Table):
    """One fruit of a lot, in a short row. Its whole record is in `FruitRecordRow`, every decision in `FruitDecision`.

    fruit_name: its id on the line. outlet, late, reason: what the line did; reason: why it went round again, null for a
    fruit that went where its SKU says. crop to measured_defects: what re-grading reads (`grader/packed_fruit.py`),
    never changed, null where nothing was judged. grade_class to judge_id: the newest decision once more, for fast
    questions.
    """

    __tablename__ = "lot_fruit"
    __table_args__ = (
        Index(None, "lot_id", "lot_fruit_id"),
        Index(None, "lot_id", "grade_class", "lot_fruit_id"),
        Index(None, "lot_id", "fruit_name"),
        Index("ix_lot_fruit_packout", "lot_id", "reason", "grade_class", "size_code", "sku_code", "weight_g"),
        Index(
            "ix_lot_fruit_review",
            "lot_id",
            "lot_fruit_id",
            sqlite_where=text("review"),
            postgresql_where=text("review"),
        ),
        {"sqlite_autoincrement": True},
    )

    lot_fruit_id: Mapped[int] = mapped_column(Number, primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey(Lot.lot_id))
    run_id: Mapped[int] = mapped_column(ForeignKey(Run.run_id))
    lane: Mapped[int]
    fruit_name: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outlet: Mapped[str] = mapped_column(String(80))
    late: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(String(40))

    crop: Mapped[str | None] = mapped_column(String(40))
    variety: Mapped[str | None] = mapped_column(String(80))
    quality_flags: Mapped[str | None] = mapped_column(Text)
    diameter_mm: Mapped[float | None] = mapped_column(Float)
    weight_g: Mapped[float | None] = mapped_column(Float)
    measured: Mapped[bytes | None] = mapped_column(LargeBinary)
    measured_defects: Mapped[bytes | None] = mapped_column(LargeBinary)

    grade_class: Mapped[str | None] = mapped_column(String(40))
    sku_code: Mapped[str | None] = mapped_column(String(80))
    size_code: Mapped[str | None] = mapped_column(String(40))
    confidence: Mapped[float | None] = mapped_column(Float)
    review: Mapped[bool]
    judge_id: Mapped[int | None] = mapped_column(ForeignKey(Judge.judge_id))


class FruitRecordRow(Table):
    """The record of a fruit exactly as the machine decided it, schema `fruit/1`. Never changed."""

    __tablename__ = "fruit_record"

    lot_fruit_id: Mapped[int] = mapped_column(
        Number, ForeignKey(LotFruit.lot_fruit_id), primary_key=True, autoincrement=False
    )
    record_json: Mapped[str] = mapped_column(Text)


class FruitDecision(Table):
    """One decision on one fruit. The newest counts; none is ever changed or taken away."""

    __tablename__ = "fruit_decision"
    __table_args__ = (
        CheckConstraint("why IN ('machine', 'regrade', 'correction')", name="ck_fruit_decision_why"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="ck_fruit_decision_confidence"),
        Index(None, "lot_fruit_id", "decision_id"),
        {"sqlite_autoincrement": True},
    )

    decision_id: Mapped[int] = mapped_column(Number, primary_key=True)
    lot_fruit_id: Mapped[int] = mapped_column(Number, ForeignKey(LotFruit.lot_fruit_id))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    why: Mapped[str] = mapped_column(String(10))
    grade_class: Mapped[str] = mapped_column(String(40))
    sku_code: Mapped[str] = mapped_column(String(80))
    size_code: Mapped[str | None] = mapped_column(String(40))
    confidence: Mapped[float] = mapped_column(Float)
    review: Mapped[bool]
    judge_id: Mapped[int] = mapped_column(ForeignKey(Judge.judge_id))


class Correction(Table):
    """What a person changed of a fruit. number: 1, 2 ... of this fruit, so that of two tablets only one can be next."""

    __tablename__ = "correction"
    __table_args__ = (
        UniqueConstraint("lot_fruit_id", "number"),
        CheckConstraint("number >= 1", name="ck_correction_number"),
        {"sqlite_autoincrement": True},
    )

    correction_id: Mapped[int] = mapped_column(primary_key=True)
    lot_fruit_id: Mapped[int] = mapped_column(Number, ForeignKey(LotFruit.lot_fruit_id))
    number: Mapped[int]
    who: Mapped[str] = mapped_column(String(120))
    corrected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    before_json: Mapped[str] = mapped_column(Text)
    after_json: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
