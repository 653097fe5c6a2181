"""Keeps growers, lots and their runs over lanes of a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.errors import ConflictError, NotFoundError
from service.store.lot_tables import Grower, Lot, Run
from service.store.storage_errors import storage_errors

OPEN, CLOSED = "open", "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLot:
    """A lot that is about to be opened. code: its name for people and labels, no other lot has it. grower: by name."""

    code: str
    grower: str
    crop: str
    variety: str | None = None
    origin: str | None = None
    net_weight_kg: float | None = None
    arrived_at: datetime

    def __post_init__(self) -> None:
        for field in ("code", "grower", "crop"):
            if not getattr(self, field):
                raise ValueError(f"{field}: expected a name, got none")
        if self.net_weight_kg is not None and not self.net_weight_kg > 0:
            raise ValueError(f"net_weight_kg: expected more than 0, got {self.net_weight_kg}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A lot over one lane of a line. ended_at: None while it runs."""

    run_id: int
    lot_id: int
    line_id: str
    lane: int
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLot:
    """A lot as it is in the database. state: `open` or `closed`."""

    lot_id: int
    code: str
    grower_id: int
    grower: str
    crop: str
    variety: str | None
    origin: str | None
    net_weight_kg: float | None
    arrived_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    state: str
    runs: tuple[StoredRun, ...]


class LotStore:
    """Lots in a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, new: NewLot, *, line_id: str, lanes: Sequence[int], at: datetime) -> StoredLot:
        """Open a lot on lanes of a line; its grower is made when the name is new.

        Raises:
            ConflictError: the code is taken, or a lane runs another lot; nothing was stored.
            StorageError
        """
        with storage_errors(), Session(self._engine) as session:
            try:
                with session.begin():
                    lot = Lot(
                        code=new.code,
                        grower_id=self._grower_id(session, new.grower),
                        crop=new.crop,
                        variety=new.variety,
                        origin=new.origin,
                        net_weight_kg=new.net_weight_kg,
                        arrived_at=new.arrived_at,
                        opened_at=at,
                        closed_at=None,
                        state=OPEN,
                    )
                    session.add(lot)
                    session.flush()
                    for lane in sorted(set(lanes)):
                        session.add(
                            Run(lot_id=lot.lot_id, line_id=line_id, lane=lane, started_at=at, ended_at=None)
                        )
                    session.flush()
                    lot_id = lot.lot_id
            except IntegrityError as error:
                raise self._conflict(session, new, line_id, lanes) from error
        return self.lot(lot_id)

    def close(self, lot_id: int, *, at: datetime) -> StoredLot:
        """End the runs of a lot and close it.

        Raises:
            NotFoundError: there is no such lot. ConflictError: it is closed already. StorageError
        """
        with storage_errors(), Session(self._engine) as session, session.begin():
            is_open = (Lot.lot_id == lot_id) & (Lot.state == OPEN)
            changed = session.execute(
                update(Lot).where(is_open).values(state=CLOSED, closed_at=at).returning(Lot.lot_id)
            ).all()
            if changed:
                running = (Run.lot_id == lot_id) & Run.ended_at.is_(None)
                session.execute(update(Run).where(running).values(ended_at=at))
        found = self.lot(lot_id)
        if not changed:
            raise ConflictError(f"lot {found.code}: expected an open lot, it was closed at {found.closed_at}")
        return found

    def lot(self, lot_id: int) -> StoredLot:
        """One lot by its number. Raises NotFoundError, StorageError."""
        found = self._read(1, Lot.lot_id == lot_id)
        if not found:
            raise NotFoundError(f"no lot {lot_id}")
        return found[0]

    def lot_named(self, code: str) -> StoredLot:
        """One lot by its code. Raises NotFoundError, StorageError."""
        found = self._read(1, Lot.code == code)
        if not found:
            raise NotFoundError(f"no lot {code!r}")
        return found[0]

    def lots(
        self,
        *,
        limit: int,
        before: int | None = None,
        state: str | None = None,
        grower_id: int | None = None,
        crop: str | None = None,
        text: str | None = None,
    ) -> tuple[StoredLot, ...]:
        """The newest lots first, at most `limit`, only those with a number below `before`.

        text: part of the code, in any case of its letters. Raises StorageError.
        """
        conditions = [
            *([] if before is None else [Lot.lot_id < before]),
            *([] if state is None else [Lot.state == state]),
            *([] if grower_id is None else [Lot.grower_id == grower_id]),
            *([] if crop is None else [Lot.crop == crop]),
            *([] if text is None else [Lot.code.icontains(text, autoescape=True)]),
        ]
        return self._read(limit, *conditions)

    def crops(self) -> tuple[str, ...]:
        """Every crop of which there was a lot, by name. Raises StorageError."""
        with storage_errors(), Session(self._engine) as session:
            return tuple(session.scalars(select(Lot.crop).distinct().order_by(Lot.crop)))

    def arrived_between(self, crop: str, first: datetime, until: datetime) -> tuple[int, ...]:
        """Numbers of the lots of a crop that arrived first <= t < until, in order. Raises StorageError."""
        query = select(Lot.lot_id).where(Lot.crop == crop, Lot.arrived_at >= first, Lot.arrived_at < until)
        with storage_errors(), Session(self._engine) as session:
            return tuple(session.scalars(query.order_by(Lot.lot_id)))

    def running(self) -> tuple[StoredRun, ...]:
        """Every run that has not ended, in order. Raises StorageError."""
        with storage_errors(), Session(self._engine) as session:
            rows = session.scalars(select(Run).where(Run.ended_at.is_(None)).order_by(Run.run_id))
            return tuple(_stored_run(row) for row in rows)

    def _read(self, limit: int, *conditions: ColumnElement[bool]) -> tuple[StoredLot, ...]:
        query = select(Lot, Grower.name).join(Grower).order_by(Lot.lot_id.desc()).limit(limit)
        for condition in conditions:
            query = query.where(condition)
        with storage_errors(), Session(self._engine) as session:
            found = session.execute(query).all()
            runs: dict[int, list[StoredRun]] = {lot.lot_id: [] for lot, _ in found}
            for row in session.scalars(select(Run).where(Run.lot_id.in_(runs)).order_by(Run.run_id)):
                runs[row.lot_id].append(_stored_run(row))
            return tuple(_stored_lot(lot, grower, tuple(runs[lot.lot_id])) for lot, grower in found)

    @staticmethod
    def _grower_id(session: Session, name: str) -> int:
        found = session.scalar(select(Grower.grower_id).where(Grower.name == name))
        if found is not None:
            return found
        grower = Grower(name=name)
        session.add(grower)
        session.flush()
        return grower.grower_id

    @staticmethod
    def _conflict(session: Session, new: NewLot, line_id: str, lanes: Sequence[int]) -> ConflictError:
        """What a refused lot collided with."""
        if session.scalar(select(Lot.lot_id).where(Lot.code == new.code)) is not None:
            return ConflictError(f"code: expected a new one, there is a lot {new.code!r} already")
        taken = session.execute(
            select(Run.lane, Lot.code)
            .join(Lot)
            .where(Run.line_id == line_id, Run.lane.in_(lanes), Run.ended_at.is_(None))
            .order_by(Run.lane)
        ).all()
        told = ", ".join(f"lane {lane} runs lot {code}" for lane, code in taken)
        return ConflictError(
            f"lanes: expected free lanes of line {line_id}, {told or 'another lot was quicker'}"
        )


def _stored_run(row: Run) -> StoredRun:
    return StoredRun(
        run_id=row.run_id,
        lot_id=row.lot_id,
        line_id=row.line_id,
        lane=row.lane,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def _stored_lot(row: Lot, grower: str, runs: tuple[StoredRun, ...]) -> StoredLot:
    return StoredLot(
        lot_id=row.lot_id,
        code=row.code,
        grower_id=row.grower_id,
        grower=grower,
        crop=row.crop,
        variety=row.variety,
        origin=row.origin,
        net_weight_kg=row.net_weight_kg,
        arrived_at=row.arrived_at,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        state=row.state,
        runs=runs,
    )
