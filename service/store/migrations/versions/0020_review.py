"""Pictures of fruit, the audit sample, answers of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0010"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "fruit_picture",
        sa.Column("lot_fruit_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("picture_hash", sa.String(64), nullable=False),
        sa.Column("camera", sa.String(80), nullable=False),
        sa.Column("view", sa.Integer, nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("lot_fruit_id", "position", name="pk_fruit_picture"),
        sa.ForeignKeyConstraint(
            ["lot_fruit_id"], ["lot_fruit.lot_fruit_id"], name="fk_fruit_picture_lot_fruit_id_lot_fruit"
        ),
    )
    op.create_index("ix_fruit_picture_picture_hash", "fruit_picture", ["picture_hash"])
    _partial_index("ix_fruit_picture_kept", "fruit_picture", ["lot_fruit_id"], "gone_at IS NULL")
    op.create_table(
        "fruit_audit",
        sa.Column("lot_fruit_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("lot_id", sa.Integer, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("lot_fruit_id", name="pk_fruit_audit"),
        sa.ForeignKeyConstraint(
            ["lot_fruit_id"], ["lot_fruit.lot_fruit_id"], name="fk_fruit_audit_lot_fruit_id_lot_fruit"
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.lot_id"], name="fk_fruit_audit_lot_id_lot"),
    )
    _partial_index("ix_fruit_audit_open", "fruit_audit", ["lot_id", "lot_fruit_id"], "open")
    _partial_index("ix_fruit_audit_oldest", "fruit_audit", ["lot_fruit_id"], "open")
    _partial_index("ix_lot_fruit_review_oldest", "lot_fruit", ["lot_fruit_id"], "review")
    op.create_table(
        "review_answer",
        sa.Column("correction_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("lot_fruit_id", _NUMBER, nullable=False),
        sa.Column("answer_key", sa.String(64), nullable=False),
        sa.Column("answer", sa.String(12), nullable=False),
        sa.Column("blind", sa.Boolean, nullable=False),
        sa.Column("machine_class", sa.String(40), nullable=False),
        sa.Column("person_class", sa.String(40)),
        sa.PrimaryKeyConstraint("correction_id", name="pk_review_answer"),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["correction.correction_id"], name="fk_review_answer_correction_id_correction"
        ),
        sa.ForeignKeyConstraint(
            ["lot_fruit_id"], ["lot_fruit.lot_fruit_id"], name="fk_review_answer_lot_fruit_id_lot_fruit"
        ),
        sa.UniqueConstraint("answer_key", name="uq_review_answer_answer_key"),
        sa.CheckConstraint(
            "answer IN ('confirm', 'change', 'cannot_tell', 'undo')", name="ck_review_answer_answer"
        ),
    )
    op.create_index("ix_review_answer_lot_fruit_id", "review_answer", ["lot_fruit_id"])
    _only_add()


def downgrade() -> None:
    op.drop_table("review_answer")
    op.drop_index("ix_lot_fruit_review_oldest", "lot_fruit")
    op.drop_table("fruit_audit")
    op.drop_table("fruit_picture")


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _only_add() -> None:
    """Answers are never changed nor taken away."""
    for change in ("UPDATE", "DELETE"):
        head = f"CREATE TRIGGER review_answer_no_{change.lower()} BEFORE {change} ON review_answer"
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"{head} FOR EACH ROW EXECUTE FUNCTION refuse_change('answers are only added')")
        else:
            op.execute(f"{head} BEGIN SELECT RAISE(ABORT, 'review_answer: answers are only added'); END")
