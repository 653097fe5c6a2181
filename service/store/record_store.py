"""Keeps and finds graded uploads and their fruit; only one thread writes at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, selectinload

from service.errors import NotFoundError, StorageError
from service.store.json_text import json_text
from service.store.storage_errors import storage_errors
from service.store.tables import Fruit, Grading, Picture

JsonObject = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """A picture of a grading. Hashes name files of the picture folder; sizes in pixels."""

    frame_id: str
    picture_hash: str
    overlay_hash: str | None
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFruit:
    """A fruit with its record of schema `fruit/1`."""

    fruit_id: int
    grading_id: int
    graded_at: datetime
    record: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrading:
    """What is about to be stored: one request with its pictures and records."""

    graded_at: datetime
    duration_ms: float
    options: JsonObject
    notes: tuple[str, ...]
    pictures: tuple[StoredPicture, ...]
    records: tuple[JsonObject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGrading:
    """One graded request as it is in the database."""

    grading_id: int
    graded_at: datetime
    duration_ms: float
    options: JsonObject
    notes: tuple[str, ...]
    pictures: tuple[StoredPicture, ...]
    fruits: tuple[StoredFruit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FruitFilter:
    """Which fruits to list; None means any."""

    crop: str | None = None
    grade_class: str | None = None
    sku_code: str | None = None
    review: bool | None = None


class RecordStore:
    """Records in a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = Lock()

    def add(self, new: NewGrading) -> StoredGrading:
        """Store a grading whole, in one transaction; on return it is on disk.

        Raises:
            StorageFullError, StorageError: nothing was stored.
        """
        grading = Grading(
            graded_at=new.graded_at,
            duration_ms=new.duration_ms,
            options_json=json_text(new.options),
            notes_json=json.dumps(new.notes, ensure_ascii=False),
            pictures=[_picture_row(position, picture) for position, picture in enumerate(new.pictures)],
            fruits=[_fruit_row(position, record) for position, record in enumerate(new.records)],
        )
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            session.add(grading)
            session.flush()
            return _stored_grading(grading)

    def grading(self, grading_id: int) -> StoredGrading:
        """One grading by its number. Raises NotFoundError."""
        with storage_errors(), Session(self._engine) as session:
            grading = session.get(Grading, grading_id)
            if grading is None:
                raise NotFoundError(f"no grading {grading_id}")
            return _stored_grading(grading)

    def fruit(self, fruit_id: int) -> StoredFruit:
        """One fruit by its number. Raises NotFoundError."""
        with storage_errors(), Session(self._engine) as session:
            fruit = session.get(Fruit, fruit_id)
            if fruit is None:
                raise NotFoundError(f"no fruit {fruit_id}")
            return _stored_fruit(fruit, fruit.grading.graded_at)

    def fruits(
        self, wanted: FruitFilter, *, limit: int, before: int | None = None
    ) -> tuple[StoredFruit, ...]:
        """The newest fruits first, at most `limit`, only those with a number below `before`."""
        query = (
            select(Fruit).options(selectinload(Fruit.grading)).order_by(Fruit.fruit_id.desc()).limit(limit)
        )
        if before is not None:
            query = query.where(Fruit.fruit_id < before)
        if wanted.crop is not None:
            query = query.where(Fruit.crop == wanted.crop)
        if wanted.grade_class is not None:
            query = query.where(Fruit.grade_class == wanted.grade_class)
        if wanted.sku_code is not None:
            query = query.where(Fruit.sku_code == wanted.sku_code)
        if wanted.review is not None:
            query = query.where(Fruit.review == wanted.review)
        with storage_errors(), Session(self._engine) as session:
            return tuple(_stored_fruit(fruit, fruit.grading.graded_at) for fruit in session.scalars(query))

    def fruit_count(self) -> int:
        """How many fruits are stored."""
        with storage_errors(), Session(self._engine) as session:
            return session.scalar(select(func.count()).select_from(Fruit)) or 0

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _picture_row(position: int, picture: StoredPicture) -> Picture:
    return Picture(
        position=position,
        frame_id=picture.frame_id,
        picture_hash=picture.picture_hash,
        overlay_hash=picture.overlay_hash,
        width_px=picture.width_px,
        height_px=picture.height_px,
    )


def _fruit_row(position: int, record: JsonObject) -> Fruit:
    grade, sku = record["grade"], record["sku"]
    if not isinstance(grade, Mapping) or not isinstance(sku, Mapping):
        raise StorageError(f"record of {record.get('frame')}: expected objects 'grade' and 'sku'")
    return Fruit(
        position=position,
        crop=record["crop"],
        standard_id=grade["standard_id"],
        grade_class=grade["class"],
        review=grade["review"],
        sku_code=sku["code"],
        outlet=sku["outlet"],
        model_id=record["model_id"],
        record_json=json_text(record),
    )


def _stored_grading(row: Grading) -> StoredGrading:
    return StoredGrading(
        grading_id=row.grading_id,
        graded_at=row.graded_at,
        duration_ms=row.duration_ms,
        options=json.loads(row.options_json),
        notes=tuple(json.loads(row.notes_json)),
        pictures=tuple(
            StoredPicture(
                frame_id=picture.frame_id,
                picture_hash=picture.picture_hash,
                overlay_hash=picture.overlay_hash,
                width_px=picture.width_px,
                height_px=picture.height_px,
            )
            for picture in row.pictures
        ),
        fruits=tuple(_stored_fruit(fruit, row.graded_at) for fruit in row.fruits),
    )


def _stored_fruit(row: Fruit, graded_at: datetime) -> StoredFruit:
    return StoredFruit(
        fruit_id=row.fruit_id,
        grading_id=row.grading_id,
        graded_at=graded_at,
        record=json.loads(row.record_json),
    )
