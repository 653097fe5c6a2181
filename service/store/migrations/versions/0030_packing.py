"""Which fruit are in which carton, pallet numbers, voids. Nothing wrote cartons before: their tables are made anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0020"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_KEPT = (
    ("carton_fruit", "UPDATE", "fruit stay in their carton"),
    ("carton_fruit", "DELETE", "fruit stay in their carton"),
    ("carton", "DELETE", "a carton becomes void instead"),
    ("pallet", "UPDATE", "a pallet becomes void instead"),
    ("pallet", "DELETE", "a pallet becomes void instead"),
    ("pallet_carton", "UPDATE", "rows are only added"),
    ("pallet_carton", "DELETE", "rows are only added"),
    ("packing_void", "UPDATE", "rows are only added"),
    ("packing_void", "DELETE", "rows are only added"),
)


def upgrade() -> None:
    _drop("carton", "pallet")
    op.create_table(
        "pallet",
        sa.Column("pallet_id", sa.Integer, nullable=False),
        sa.Column("sscc", sa.String(18), nullable=False),
        sa.Column("lot_id", sa.Integer, nullable=False),
        sa.Column("sku_code", sa.String(80), nullable=False),
        sa.Column("gross_weight_kg", sa.String(12)),
        sa.Column("built_at", _TIME, nullable=False),
        sa.Column("built_by", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("pallet_id", name="pk_pallet"),
        sa.UniqueConstraint("sscc", name="uq_pallet_sscc"),
        sa.CheckConstraint("length(sscc) = 18", name="ck_pallet_sscc"),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.lot_id"], name="fk_pallet_lot_id_lot"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_pallet_lot_id", "pallet", ["lot_id"])
    op.create_table(
        "carton",
        sa.Column("carton_id", sa.Integer, nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("lot_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("sku_code", sa.String(80), nullable=False),
        sa.Column("outlet", sa.String(80), nullable=False),
        sa.Column("pack", sa.String(160), nullable=False),
        sa.Column("arrangement", sa.String(10), nullable=False),
        sa.Column("grade_class", sa.String(40), nullable=False),
        sa.Column("size", sa.Text),
        sa.Column("full_pack", sa.Boolean, nullable=False),
        sa.Column("fruit_count", sa.Integer, nullable=False),
        sa.Column("unweighed", sa.Integer, nullable=False),
        sa.Column("net_weight_g", sa.Float),
        sa.Column("packed_at", _TIME, nullable=False),
        sa.Column("pallet_id", sa.Integer),
        sa.PrimaryKeyConstraint("carton_id", name="pk_carton"),
        sa.UniqueConstraint("code", name="uq_carton_code"),
        sa.UniqueConstraint("lot_id", "number", name="uq_carton_lot_id_number"),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.lot_id"], name="fk_carton_lot_id_lot"),
        sa.ForeignKeyConstraint(["pallet_id"], ["pallet.pallet_id"], name="fk_carton_pallet_id_pallet"),
        sa.CheckConstraint("fruit_count > 0", name="ck_carton_fruit_count"),
        sa.CheckConstraint("net_weight_g > 0", name="ck_carton_net_weight_g"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_carton_lot_id_sku_code", "carton", ["lot_id", "sku_code"])
    op.create_index("ix_carton_pallet_id", "carton", ["pallet_id"])
    op.create_table(
        "carton_fruit",
        sa.Column("lot_fruit_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("carton_id", sa.Integer, nullable=False),
        sa.Column("judge_id", sa.Integer, nullable=False),
        sa.Column("grade_class", sa.String(40), nullable=False),
        sa.Column("size_code", sa.String(40)),
        sa.PrimaryKeyConstraint("lot_fruit_id", name="pk_carton_fruit"),
        sa.ForeignKeyConstraint(
            ["lot_fruit_id"], ["lot_fruit.lot_fruit_id"], name="fk_carton_fruit_lot_fruit_id_lot_fruit"
        ),
        sa.ForeignKeyConstraint(["carton_id"], ["carton.carton_id"], name="fk_carton_fruit_carton_id_carton"),
        sa.ForeignKeyConstraint(["judge_id"], ["judge.judge_id"], name="fk_carton_fruit_judge_id_judge"),
    )
    op.create_index("ix_carton_fruit_carton_id_lot_fruit_id", "carton_fruit", ["carton_id", "lot_fruit_id"])
    op.create_table(
        "pallet_carton",
        sa.Column("pallet_id", sa.Integer, nullable=False),
        sa.Column("carton_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("pallet_id", "carton_id", name="pk_pallet_carton"),
        sa.ForeignKeyConstraint(
            ["pallet_id"], ["pallet.pallet_id"], name="fk_pallet_carton_pallet_id_pallet"
        ),
        sa.ForeignKeyConstraint(
            ["carton_id"], ["carton.carton_id"], name="fk_pallet_carton_carton_id_carton"
        ),
    )
    op.create_table(
        "packing_void",
        sa.Column("void_id", sa.Integer, nullable=False),
        sa.Column("carton_id", sa.Integer),
        sa.Column("pallet_id", sa.Integer),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("voided_at", _TIME, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("void_id", name="pk_packing_void"),
        sa.UniqueConstraint("carton_id", name="uq_packing_void_carton_id"),
        sa.UniqueConstraint("pallet_id", name="uq_packing_void_pallet_id"),
        sa.ForeignKeyConstraint(["carton_id"], ["carton.carton_id"], name="fk_packing_void_carton_id_carton"),
        sa.ForeignKeyConstraint(["pallet_id"], ["pallet.pallet_id"], name="fk_packing_void_pallet_id_pallet"),
        sa.CheckConstraint("(carton_id IS NULL) <> (pallet_id IS NULL)", name="ck_packing_void_one"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sscc_counter",
        sa.Column("company_prefix", sa.String(12), nullable=False),
        sa.Column("extension", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("next_serial", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("company_prefix", "extension", name="pk_sscc_counter"),
    )
    op.create_table(
        "lot_packing",
        sa.Column("lot_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("finished_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("lot_id", name="pk_lot_packing"),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.lot_id"], name="fk_lot_packing_lot_id_lot"),
    )
    # Lots that were closed before cartons were kept have none.
    op.execute("INSERT INTO lot_packing SELECT lot_id, closed_at FROM lot WHERE state = 'closed'")
    _create_triggers()


def downgrade() -> None:
    _drop("lot_packing", "sscc_counter", "packing_void", "pallet_carton", "carton_fruit", "carton", "pallet")
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


def _drop(*tables: str) -> None:
    for table in tables:
        op.drop_table(table)


def _create_triggers() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    for table, change, why in _KEPT:
        head = f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table}"
        if postgres:
            op.execute(f"{head} FOR EACH ROW EXECUTE FUNCTION refuse_change('{why}')")
        else:
            op.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{table}: {why}'); END")
