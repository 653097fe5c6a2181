"""Which pictures of fruit are kept, and for whom: the rows beside the files of the evidence folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, exists, select, update
from sqlalchemy.orm import Session

from service.store.lot_tables import Correction, LotFruit
from service.store.review_tables import FruitAudit, FruitPicture
from service.store.storage_errors import storage_errors

ROWS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPicture:
    """One view of a fruit whose file is on disk. picture_hash: SHA-256, 64 hex digits. camera, view: as on the line."""

    picture_hash: str
    camera: str
    view: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFruitPicture:
    """One view of a fruit. gone_at: None while its file is kept."""

    lot_fruit_id: int
    position: int
    picture_hash: str
    camera: str
    view: int
    gone_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFruit:
    """A fruit of which pictures are kept: what a retention rule asks for."""

    lot_fruit_id: int
    decided_at: datetime
    corrected: bool
    audited: bool


def add_evidence(
    session: Session, lot_fruit_id: int, lot_id: int, pictures: Sequence[NewPicture], *, audit: bool
) -> None:
    """Add the rows of a new fruit to a transaction. audit: it belongs to the random sample."""
    session.add_all(
        FruitPicture(
            lot_fruit_id=lot_fruit_id,
            position=position,
            picture_hash=picture.picture_hash,
            camera=picture.camera[:80],
            view=picture.view,
        )
        for position, picture in enumerate(pictures)
    )
    if audit:
        session.add(FruitAudit(lot_fruit_id=lot_fruit_id, lot_id=lot_id, open=True))


class EvidenceStore:
    """Rows of pictures in a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def pictures(self, fruit: Collection[int]) -> dict[int, tuple[StoredFruitPicture, ...]]:
        """Of each of these fruit all views in order, also those that are gone. Raises StorageError."""
        found: dict[int, tuple[StoredFruitPicture, ...]] = {number: () for number in fruit}
        query = (
            select(FruitPicture)
            .where(FruitPicture.lot_fruit_id.in_(found))
            .order_by(FruitPicture.lot_fruit_id, FruitPicture.position)
        )
        with storage_errors(), Session(self._engine) as session:
            for row in session.scalars(query):
                found[row.lot_fruit_id] += (_stored(row),)
        return found

    def shown_of_class(self, lot_id: int, grade_class: str, *, limit: int) -> tuple[tuple[int, str], ...]:
        """The newest fruit of a class that have a picture: number, and hash of the first view. Raises StorageError."""
        query = (
            select(LotFruit.lot_fruit_id, FruitPicture.picture_hash)
            .join(FruitPicture, FruitPicture.lot_fruit_id == LotFruit.lot_fruit_id)
            .where(
                LotFruit.lot_id == lot_id,
                LotFruit.grade_class == grade_class,
                LotFruit.reason.is_(None),
                FruitPicture.position == 0,
                FruitPicture.gone_at.is_(None),
            )
            .order_by(LotFruit.lot_fruit_id.desc())
            .limit(limit)
        )
        with storage_errors(), self._engine.connect() as connection:
            return tuple((number, picture) for number, picture in connection.execute(query))

    def kept(self) -> Iterator[tuple[KeptFruit, ...]]:
        """All fruit with pictures that are not gone, some thousand at a time. Raises StorageError."""
        corrected = exists().where(Correction.lot_fruit_id == LotFruit.lot_fruit_id)
        audited = exists().where(FruitAudit.lot_fruit_id == LotFruit.lot_fruit_id)
        has_pictures = exists().where(
            FruitPicture.lot_fruit_id == LotFruit.lot_fruit_id, FruitPicture.gone_at.is_(None)
        )
        query = (
            select(LotFruit.lot_fruit_id, LotFruit.decided_at, corrected, audited)
            .where(has_pictures)
            .order_by(LotFruit.lot_fruit_id)
            .limit(ROWS)
        )
        last = 0
        while True:
            with storage_errors(), self._engine.connect() as connection:
                rows = connection.execute(query.where(LotFruit.lot_fruit_id > last)).all()
            if not rows:
                return
            last = rows[-1][0]
            yield tuple(
                KeptFruit(lot_fruit_id=number, decided_at=at, corrected=bool(one), audited=bool(two))
                for number, at, one, two in rows
            )

    def give_up(self, fruit: Sequence[int], *, at: datetime) -> int:
        """The pictures of these fruit are gone; returns how many. Their files may be needed by others.

        Raises:
            StorageError: nothing was changed.
        """
        gone = update(FruitPicture).where(
            FruitPicture.lot_fruit_id.in_(fruit), FruitPicture.gone_at.is_(None)
        )
        with storage_errors(), self._engine.begin() as connection:
            return connection.execute(gone.values(gone_at=at)).rowcount

    def needed(self, hashes: Collection[str]) -> set[str]:
        """Those of these files that a fruit still needs. Raises StorageError."""
        query = select(FruitPicture.picture_hash).where(
            FruitPicture.picture_hash.in_(hashes), FruitPicture.gone_at.is_(None)
        )
        with storage_errors(), self._engine.connect() as connection:
            return set(connection.scalars(query))


def _stored(row: FruitPicture) -> StoredFruitPicture:
    return StoredFruitPicture(
        lot_fruit_id=row.lot_fruit_id,
        position=row.position,
        picture_hash=row.picture_hash,
        camera=row.camera,
        view=row.view,
        gone_at=row.gone_at,
    )
