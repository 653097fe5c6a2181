from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from sqlalchemy import Engine

from service.errors import NotFoundError, StorageFullError
from service.store.database import open_database
from service.store.record_store import FruitFilter, NewGrading, RecordStore, StoredPicture

AT = datetime(2026, 11, 21, 10, 30, 0, 123456, UTC)


@pytest.fixture
def store(engine: Engine) -> RecordStore:
    return RecordStore(engine)


def record(
    crop: str = "apple", grade_class: str = "I", sku: str = "A", *, review: bool = False
) -> dict[str, object]:
    return {
        "schema": "fruit/1",
        "crop": crop,
        "grade": {"standard_id": "s", "class": grade_class, "review": review},
        "sku": {"code": sku, "outlet": "cull"},
        "model_id": "m",
        "名": "花牛 ½",
    }


def new_grading(*records: dict[str, object], at: datetime = AT) -> NewGrading:
    picture = StoredPicture(
        frame_id="a/ü.png", picture_hash="0" * 64, overlay_hash=None, width_px=4, height_px=3
    )
    return NewGrading(
        graded_at=at,
        duration_ms=1.25,
        options={"crop": "auto"},
        notes=("no_fruit",),
        pictures=(picture,),
        records=records,
    )


def test_what_is_stored_comes_back_the_same(store: RecordStore) -> None:
    added = store.add(new_grading(record(), record(grade_class="II")))
    assert store.grading(added.grading_id) == added
    assert added.graded_at == AT
    assert [fruit.record for fruit in added.fruits] == [record(), record(grade_class="II")]
    assert store.fruit(added.fruits[1].fruit_id) == added.fruits[1]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_any_record_survives_the_database(store: RecordStore) -> None:
    @bounds(deadline=None, max_examples=50)
    @given(extra=JSON)
    def round_trip(extra: object) -> None:
        sent = {**record(), "extra": extra}
        assert store.fruit(store.add(new_grading(sent)).fruits[0].fruit_id).record == sent

    round_trip()


def test_times_are_utc_and_a_naive_time_is_refused(store: RecordStore) -> None:
    beijing = AT.astimezone(timezone(timedelta(hours=8)))
    added = store.add(new_grading(record(), at=beijing))
    assert store.grading(added.grading_id).graded_at.utcoffset() == timedelta(0)
    assert store.grading(added.grading_id).graded_at == AT
    with pytest.raises(Exception, match="timezone-aware"):
        store.add(new_grading(record(), at=AT.replace(tzinfo=None)))


def test_a_grading_is_stored_whole_or_not_at_all(store: RecordStore) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.add(new_grading(record(), {**record(), "value": float("nan")}))
    assert store.fruit_count() == 0


def test_pages_cover_everything_once_newest_first(store: RecordStore) -> None:
    for _ in range(3):
        store.add(new_grading(record(), record(), record()))
    seen: list[int] = []
    before = None
    while page := store.fruits(FruitFilter(), limit=4, before=before):
        seen += [fruit.fruit_id for fruit in page]
        before = page[-1].fruit_id
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 9


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (FruitFilter(), 4),
        (FruitFilter(crop="melon"), 1),
        (FruitFilter(grade_class="II"), 1),
        (FruitFilter(sku_code="B"), 1),
        (FruitFilter(review=True), 1),
        (FruitFilter(review=False), 3),
        (FruitFilter(crop="apple", grade_class="I", sku_code="B"), 1),
        (FruitFilter(crop="apple'; DROP TABLE fruit; --"), 0),
    ],
)
def test_filters(store: RecordStore, wanted: FruitFilter, count: int) -> None:
    store.add(new_grading(record(), record("melon"), record(grade_class="II", review=True), record(sku="B")))
    assert len(store.fruits(wanted, limit=10)) == count


def test_numbers_that_do_not_exist(store: RecordStore) -> None:
    with pytest.raises(NotFoundError, match="no grading 1"):
        store.grading(1)
    with pytest.raises(NotFoundError, match="no fruit 1"):
        store.fruit(1)


def test_many_writers_lose_nothing(store: RecordStore) -> None:
    def write() -> None:
        for _ in range(10):
            store.add(new_grading(record(), record()))

    writers = [Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert store.fruit_count() == 80


def test_a_full_database_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "small.sqlite3")
    store = RecordStore(engine)
    store.add(new_grading(record()))
    with engine.connect() as connection:  # the pool hands this connection, with its limit, to the store
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StorageFullError, match="full"):
        store.add(new_grading({**record(), "large": "x" * 100_000}))
    assert store.fruit_count() == 1
    store.close()
