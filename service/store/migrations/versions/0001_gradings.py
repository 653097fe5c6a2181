"""Gradings, their pictures, their fruits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "grading",
        sa.Column("grading_id", sa.Integer, nullable=False),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Float, nullable=False),
        sa.Column("options_json", sa.Text, nullable=False),
        sa.Column("notes_json", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("grading_id", name="pk_grading"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "picture",
        sa.Column("grading_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("frame_id", sa.Text, nullable=False),
        sa.Column("picture_hash", sa.String(64), nullable=False),
        sa.Column("overlay_hash", sa.String(64), nullable=True),
        sa.Column("width_px", sa.Integer, nullable=False),
        sa.Column("height_px", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("grading_id", "position", name="pk_picture"),
        sa.ForeignKeyConstraint(["grading_id"], ["grading.grading_id"], name="fk_picture_grading_id_grading"),
    )
    op.create_index("ix_picture_picture_hash", "picture", ["picture_hash"])
    op.create_index("ix_picture_overlay_hash", "picture", ["overlay_hash"])
    op.create_table(
        "fruit",
        sa.Column("fruit_id", sa.Integer, nullable=False),
        sa.Column("grading_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("crop", sa.String(40), nullable=False),
        sa.Column("standard_id", sa.String(80), nullable=False),
        sa.Column("grade_class", sa.String(40), nullable=False),
        sa.Column("review", sa.Boolean, nullable=False),
        sa.Column("sku_code", sa.String(80), nullable=False),
        sa.Column("outlet", sa.String(80), nullable=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("record_json", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("fruit_id", name="pk_fruit"),
        sa.ForeignKeyConstraint(["grading_id"], ["grading.grading_id"], name="fk_fruit_grading_id_grading"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_fruit_grading_id", "fruit", ["grading_id"])
    op.create_index("ix_fruit_crop_grade_class", "fruit", ["crop", "grade_class"])
    op.create_index("ix_fruit_sku_code", "fruit", ["sku_code"])


def downgrade() -> None:
    op.drop_table("fruit")
    op.drop_table("picture")
    op.drop_table("grading")
