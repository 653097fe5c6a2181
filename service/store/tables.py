"""The tables. A change here needs a new file in `migrations/versions`."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, Float, ForeignKey, Index, MetaData, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC time; refuses a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"expected a timezone-aware time, got {value.isoformat()}")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """Names every constraint, so that a migration can speak of it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Grading(Table):
    """One request that was graded: one or more pictures, none or more fruits."""

    __tablename__ = "grading"
    __table_args__ = ({"sqlite_autoincrement": True},)

    grading_id: Mapped[int] = mapped_column(primary_key=True)
    graded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    duration_ms: Mapped[float] = mapped_column(Float)
    options_json: Mapped[str] = mapped_column(Text)
    notes_json: Mapped[str] = mapped_column(Text)

    pictures: Mapped[list[Picture]] = relationship(order_by="Picture.position", back_populates="grading")
    fruits: Mapped[list[Fruit]] = relationship(order_by="Fruit.position", back_populates="grading")


class Picture(Table):
    """One uploaded picture of a grading. `picture_hash` names the file in the picture folder."""

    __tablename__ = "picture"
    __table_args__ = (Index(None, "picture_hash"), Index(None, "overlay_hash"))

    grading_id: Mapped[int] = mapped_column(ForeignKey(Grading.grading_id), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    frame_id: Mapped[str] = mapped_column(Text)
    picture_hash: Mapped[str] = mapped_column(String(64))
    overlay_hash: Mapped[str | None] = mapped_column(String(64))
    width_px: Mapped[int]
    height_px: Mapped[int]

    grading: Mapped[Grading] = relationship(back_populates="pictures")


class Fruit(Table):
    """One fruit. `record_json` is its whole record (schema fruit/1); the columns beside it are for searching."""

    __tablename__ = "fruit"
    __table_args__ = (
        Index(None, "grading_id"),
        Index(None, "crop", "grade_class"),
        Index(None, "sku_code"),
        {"sqlite_autoincrement": True},
    )

    fruit_id: Mapped[int] = mapped_column(primary_key=True)
    grading_id: Mapped[int] = mapped_column(ForeignKey(Grading.grading_id))
    position: Mapped[int]
    crop: Mapped[str] = mapped_column(String(40))
    standard_id: Mapped[str] = mapped_column(String(80))
    grade_class: Mapped[str] = mapped_column(String(40))
    review: Mapped[bool]
    sku_code: Mapped[str] = mapped_column(String(80))
    outlet: Mapped[str] = mapped_column(String(80))
    model_id: Mapped[str] = mapped_column(Text)
    record_json: Mapped[str] = mapped_column(Text)

    grading: Mapped[Grading] = relationship(back_populates="fruits")
