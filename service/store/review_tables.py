"""The tables of the review: pictures of fruit, the audit sample, answers of people. Answers are only added."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.lot_tables import Correction, Lot, LotFruit, Number
from service.store.tables import Table, UtcDateTime

_KEPT, _OPEN, _DOUBTFUL = text("gone_at IS NULL"), text("open"), text("review")

# Of all lots together the fruit that waits longest; `ix_lot_fruit_review` is that of one lot.
Index(
    "ix_lot_fruit_review_oldest",
    LotFruit.lot_fruit_id,
    sqlite_where=_DOUBTFUL,
    postgresql_where=_DOUBTFUL,
)


class FruitPicture(Table):
    """One view of a fruit, in the order of its turn. picture_hash names the file in the evidence folder.

    camera, view: as the line had them. gone_at: when its time was over and its file was given up.
    """

    __tablename__ = "fruit_picture"
    __table_args__ = (
        Index(None, "picture_hash"),
        Index("ix_fruit_picture_kept", "lot_fruit_id", sqlite_where=_KEPT, postgresql_where=_KEPT),
    )

    lot_fruit_id: Mapped[int] = mapped_column(
        Number, ForeignKey(LotFruit.lot_fruit_id), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    picture_hash: Mapped[str] = mapped_column(String(64))
    camera: Mapped[str] = mapped_column(String(80))
    view: Mapped[int]
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FruitAudit(Table):
    """A fruit of the random sample. open: nobody has judged it yet."""

    __tablename__ = "fruit_audit"
    __table_args__ = (
        Index("ix_fruit_audit_open", "lot_id", "lot_fruit_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_fruit_audit_oldest", "lot_fruit_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    lot_fruit_id: Mapped[int] = mapped_column(
        Number, ForeignKey(LotFruit.lot_fruit_id), primary_key=True, autoincrement=False
    )
    lot_id: Mapped[int] = mapped_column(ForeignKey(Lot.lot_id))
    open: Mapped[bool]


class ReviewAnswer(Table):
    """What a person answered; the correction has before and after. answer_key: so that none counts twice.

    blind: the machine's opinion was not shown. machine_class: what the rules had decided last. person_class: null where
    the person could not tell, or took an answer back.
    """

    __tablename__ = "review_answer"
    __table_args__ = (
        UniqueConstraint("answer_key"),
        CheckConstraint(
            "answer IN ('confirm', 'change', 'cannot_tell', 'undo')", name="ck_review_answer_answer"
        ),
        Index(None, "lot_fruit_id"),
    )

    correction_id: Mapped[int] = mapped_column(
        Integer, ForeignKey(Correction.correction_id), primary_key=True, autoincrement=False
    )
    lot_fruit_id: Mapped[int] = mapped_column(Number, ForeignKey(LotFruit.lot_fruit_id))
    answer_key: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(String(12))
    blind: Mapped[bool]
    machine_class: Mapped[str] = mapped_column(String(40))
    person_class: Mapped[str | None] = mapped_column(String(40))
