"""Growers, lots, runs, their fruit, decisions, corrections, cartons, pallets; what is only added to, by triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_MEASURED = "crop, variety, quality_flags, diameter_mm, weight_g, measured, measured_defects"
_KEPT = (
    ("fruit_decision", "UPDATE", "decisions are only added"),
    ("fruit_decision", "DELETE", "decisions are only added"),
    ("correction", "UPDATE", "corrections are only added"),
    ("correction", "DELETE", "corrections are only added"),
    ("fruit_record", "UPDATE", "what the machine decided is never changed"),
    ("lot_fruit", f"UPDATE OF {_MEASURED}", "what was measured is never changed"),
)
_TABLES = (
    "carton",
    "pallet",
    "correction",
    "fruit_decision",
    "fruit_record",
    "lot_fruit",
    "judge",
    "run",
    "lot",
    "grower",
)


def upgrade() -> None:
    op.create_table(
        "grower",
        sa.Column("grower_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("grower_id", name="pk_grower"),
        sa.UniqueConstraint("name", name="uq_grower_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "lot",
        sa.Column("lot_id", sa.Integer, nullable=False),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("grower_id", sa.Integer, nullable=False),
        sa.Column("crop", sa.String(40), nullable=False),
        sa.Column("variety", sa.String(80)),
        sa.Column("origin", sa.String(200)),
        sa.Column("net_weight_kg", sa.Float),
        sa.Column("arrived_at", _TIME, nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("closed_at", _TIME),
        sa.Column("state", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", name="pk_lot"),
        sa.UniqueConstraint("code", name="uq_lot_code"),
        sa.ForeignKeyConstraint(["grower_id"], ["grower.grower_id"], name="fk_lot_grower_id_grower"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="ck_lot_state"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="ck_lot_closed_at"),
        sa.CheckConstraint("net_weight_kg > 0", name="ck_lot_net_weight_kg"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lot_grower_id", "lot", ["grower_id"])
    op.create_table(
        "run",
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("lot_id", sa.Integer, nullable=False),
        sa.Column("line_id", sa.String(80), nullable=False),
        sa.Column("lane", sa.Integer, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.PrimaryKeyConstraint("run_id", name="pk_run"),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.lot_id"], name="fk_run_lot_id_lot"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_lot_id", "run", ["lot_id"])
    running = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_run_open_lane",
        "run",
        ["line_id", "lane"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_table(
        "judge",
        sa.Column("judge_id", sa.Integer, nullable=False),
        sa.Column("model_id", sa.String(200), nullable=False),
        sa.Column("standard_id", sa.String(80), nullable=False),
        sa.Column("standard_sha256", sa.String(64), nullable=False),
        sa.Column("sku_table_id", sa.String(80), nullable=False),
        sa.Column("sku_table_sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("judge_id", name="pk_judge"),
        sa.UniqueConstraint(
            "model_id",
            "standard_id",
            "standard_sha256",
            "sku_table_id",
            "sku_table_sha256",
            name="uq_judge_all",
        ),
        sqlite_autoincrement=True,
    )
    _create_fruit()
    _create_packing()
    _create_triggers()


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")


def _create_fruit() -> None:
    op.create_table(
        "lot_fruit",
        sa.Column("lot_fruit_id", _NUMBER, nullable=False),
        sa.Column("lot_id", sa.Integer, nullable=False),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("lane", sa.Integer, nullable=False),
        sa.Column("fruit_name", sa.String(80), nullable=False),
        sa.Column("decided_at", _TIME, nullable=False),
        sa.Column("outlet", sa.String(80), nullable=False),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("crop", sa.String(40)),
        sa.Column("variety", sa.String(80)),
        sa.Column("quality_flags", sa.Text),
        sa.Column("diameter_mm", sa.Float),
        sa.Column("weight_g", sa.Float),
        sa.Column("measured", sa.LargeBinary),
        sa.Column("measured_defects", sa.LargeBinary),
        sa.Column("grade_class", sa.String(40)),
        sa.Column("sku_code", sa.String(80)),
        sa.Column("size_code", sa.String(40)),
        sa.Column("confidence", sa.Float),
        sa.Column("review", sa.Boolean, nullable=False),
        sa.Column("judge_id", sa.Integer),
        sa.PrimaryKeyConstraint("lot_fruit_id", name="pk_lot_fruit"),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.lot_id"], name="fk_lot_fruit_lot_id_lot"),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name="fk_lot_fruit_run_id_run"),
        sa.ForeignKeyConstraint(["judge_id"], ["judge.judge_id"], name="fk_lot_fruit_judge_id_judge"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lot_fruit_lot_id_lot_fruit_id", "lot_fruit", ["lot_id", "lot_fruit_id"])
    op.create_index(
        "ix_lot_fruit_lot_id_grade_class_lot_fruit_id", "lot_fruit", ["lot_id", "grade_class", "lot_fruit_id"]
    )
    op.create_index("ix_lot_fruit_lot_id_fruit_name", "lot_fruit", ["lot_id", "fruit_name"])
    op.create_index(
        "ix_lot_fruit_packout",
        "lot_fruit",
        ["lot_id", "reason", "grade_class", "size_code", "sku_code", "weight_g"],
    )
    doubtful = sa.text("review")
    op.create_index(
        "ix_lot_fruit_review",
        "lot_fruit",
        ["lot_id", "lot_fruit_id"],
        sqlite_where=doubtful,
        postgresql_where=doubtful,
    )
    op.create_table(
        "fruit_record",
        sa.Column("lot_fruit_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("record_json", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("lot_fruit_id", name="pk_fruit_record"),
        sa.ForeignKeyConstraint(
            ["lot_fruit_id"], ["lot_fruit.lot_fruit_id"], name="fk_fruit_record_lot_fruit_id_lot_fruit"
        ),
    )
    op.create_table(
        "fruit_decision",
        sa.Column("decision_id", _NUMBER, nullable=False),
        sa.Column("lot_fruit_id", _NUMBER, nullable=False),
        sa.Column("decided_at", _TIME, nullable=False),
        sa.Column("why", sa.String(10), nullable=False),
        sa.Column("grade_class", sa.String(40), nullable=False),
        sa.Column("sku_code", sa.String(80), nullable=False),
        sa.Column("size_code", sa.String(40)),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("review", sa.Boolean, nullable=False),
        sa.Column("judge_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="pk_fruit_decision"),
        sa.ForeignKeyConstraint(
            ["lot_fruit_id"], ["lot_fruit.lot_fruit_id"], name="fk_fruit_decision_lot_fruit_id_lot_fruit"
        ),
        sa.ForeignKeyConstraint(["judge_id"], ["judge.judge_id"], name="fk_fruit_decision_judge_id_judge"),
        sa.CheckConstraint("why IN ('machine', 'regrade', 'correction')", name="ck_fruit_decision_why"),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name="ck_fruit_decision_confidence"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_fruit_decision_lot_fruit_id_decision_id", "fruit_decision", ["lot_fruit_id", "decision_id"]
    )
    op.create_table(
        "correction",
        sa.Column("correction_id", sa.Integer, nullable=False),
        sa.Column("lot_fruit_id", _NUMBER, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("corrected_at", _TIME, nullable=False),
        sa.Column("before_json", sa.Text, nullable=False),
        sa.Column("after_json", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("correction_id", name="pk_correction"),
        sa.ForeignKeyConstraint(
            ["lot_fruit_id"], ["lot_fruit.lot_fruit_id"], name="fk_correction_lot_fruit_id_lot_fruit"
        ),
        sa.UniqueConstraint("lot_fruit_id", "number", name="uq_correction_lot_fruit_id_number"),
        sa.CheckConstraint("number >= 1", name="ck_correction_number"),
        sqlite_autoincrement=True,
    )


def _create_packing() -> None:
    op.create_table(
        "pallet",
        sa.Column("pallet_id", sa.Integer, nullable=False),
        sa.Column("sscc", sa.String(18), nullable=False),
        sa.Column("built_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("pallet_id", name="pk_pallet"),
        sa.UniqueConstraint("sscc", name="uq_pallet_sscc"),
        sa.CheckConstraint("length(sscc) = 18", name="ck_pallet_sscc"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "carton",
        sa.Column("carton_id", sa.Integer, nullable=False),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("lot_id", sa.Integer, nullable=False),
        sa.Column("sku_code", sa.String(80), nullable=False),
        sa.Column("fruit_count", sa.Integer, nullable=False),
        sa.Column("net_weight_g", sa.Float, nullable=False),
        sa.Column("packed_at", _TIME, nullable=False),
        sa.Column("pallet_id", sa.Integer),
        sa.PrimaryKeyConstraint("carton_id", name="pk_carton"),
        sa.UniqueConstraint("code", name="uq_carton_code"),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.lot_id"], name="fk_carton_lot_id_lot"),
        sa.ForeignKeyConstraint(["pallet_id"], ["pallet.pallet_id"], name="fk_carton_pallet_id_pallet"),
        sa.CheckConstraint("fruit_count > 0", name="ck_carton_fruit_count"),
        sa.CheckConstraint("net_weight_g > 0", name="ck_carton_net_weight_g"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_carton_lot_id_sku_code", "carton", ["lot_id", "sku_code"])
    op.create_index("ix_carton_pallet_id", "carton", ["pallet_id"])


def _create_triggers() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    if postgres:
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0]; END $$"
        )
    for table, change, why in _KEPT:
        head = f"CREATE TRIGGER {table}_no_{change.split()[0].lower()} BEFORE {change} ON {table}"
        if postgres:
            op.execute(f"{head} FOR EACH ROW EXECUTE FUNCTION refuse_change('{why}')")
        else:
            op.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{table}: {why}'); END")
    if postgres:
        for table in ("fruit_decision", "correction", "fruit_record", "lot_fruit"):
            op.execute(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('rows are only added')"
            )
