"""Pallet numbers are given once, also by two processes; a carton is on one pallet; void is for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError

from service.errors import ConflictError, LabelDataError, NotFoundError, SsccExhaustedError
from service.store.database import open_database
from service.store.lot_store import StoredLot
from service.store.packing_tables import SsccCounter
from service.store.pallet_store import PalletStore, StoredPallet
from tests.service.lot_fruit import AT, open_lot
from tests.service.packing.packed_lot import graded
from tests.service.packing.test_packer import House


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> House:
    return House(engine, tmp_path / "rules", count=1, net_weight_g=200)


@pytest.fixture
def pallets(engine: Engine) -> PalletStore:
    return PalletStore(engine)


def packed(
    house: House, code: str = "L1", *, lane: int = 1, count: int = 4, grade_class: str = "extra"
) -> StoredLot:
    lot = open_lot(house.lots, code, lanes=(lane,))
    house.fruit.add([graded(lot, number, house.judge, grade_class=grade_class) for number in range(count)])
    house.pack(lot)
    return lot


def build(pallets: PalletStore, *codes: str, **more: object) -> StoredPallet:
    wanted: dict[str, object] = {"company_prefix": "6901234", "extension": 3, "who": "Wang", "at": AT, **more}
    return pallets.build(codes, **wanted)  # type: ignore[arg-type]


def test_a_pallet_from_cartons_to_its_void(house: House, pallets: PalletStore) -> None:
    packed(house)
    first = build(pallets, "C1-0003", "C1-0001", gross_weight_kg="612.50")
    assert first.sscc == "369012340000000017"
    assert (first.cartons, first.gross_weight_kg, first.built_by) == (
        ("C1-0001", "C1-0003"),
        "612.50",
        "Wang",
    )
    assert [one.pallet for one in house.cartons.named(["C1-0001", "C1-0002"])] == [first.sscc, None]
    with pytest.raises(
        ConflictError, match=f"^carton C1-0003: expected one on no pallet, it is on pallet {first.sscc}"
    ):
        build(pallets, "C1-0002", "C1-0003")
    with pytest.raises(
        ConflictError, match=f"^carton C1-0001: expected one on no pallet, it is on pallet {first.sscc}"
    ):
        house.cartons.void("C1-0001", who="Wang", why="wet", at=AT)
    void = pallets.void(first.sscc, who="Li", why="fell over", at=AT)
    assert (void.cartons, void.voided_by, void.void_reason) == (("C1-0001", "C1-0003"), "Li", "fell over")
    with pytest.raises(
        ConflictError, match=f"^pallet {first.sscc}: expected one that is not void, it is since .* by Li"
    ):
        pallets.void(first.sscc, who="Wang", why="again", at=AT)
    second = build(pallets, "C1-0001", "C1-0002")
    assert second.sscc == "369012340000000024"
    assert [one.sscc for one in pallets.pallets(limit=9)] == [second.sscc, first.sscc]
    assert [one.sscc for one in pallets.pallets(limit=9, before=second.sscc)] == [first.sscc]


def test_a_void_carton_is_void_once_and_on_no_pallet(house: House, pallets: PalletStore) -> None:
    packed(house)
    void = house.cartons.void("C1-0002", who="Wang", why="wet", at=AT)
    assert (void.voided_at, void.voided_by, void.void_reason) == (AT, "Wang", "wet")
    for act in (
        lambda: house.cartons.void("C1-0002", who="Li", why="again", at=AT),
        lambda: build(pallets, "C1-0001", "C1-0002"),
    ):
        with pytest.raises(
            ConflictError,
            match=r"^carton C1-0002: expected one that is not void, it is since 2026-11-22T08:30:00\+00:00 by Wang$",
        ):
            act()
    counts = house.questions.counts(1)
    assert counts.on_labels == {"pallet": 0, "store": 3, "void": 1}
    assert pallets.pallets(limit=1) == ()


def test_what_cannot_be_on_one_pallet_is_named(house: House, pallets: PalletStore) -> None:
    packed(house)
    packed(house, "L2", lane=2)
    lot = packed(house, "L3", lane=3, grade_class="I")
    house.fruit.add([graded(lot, 9, house.judge)])
    house.pack(lot)
    for codes, problem in (
        ((), "cartons: expected one or more, got none"),
        (("C1-0001", "C1-0001"), "carton C1-0001: expected each carton once, got it twice"),
        (("C1-0001", "C9-0001"), "no carton 'C9-0001'"),
        (
            ("C1-0001", "C2-0001"),
            "carton C2-0001: expected lot 1 and SKU APL-EX-75 as of carton C1-0001, got lot 2 and SKU APL-EX-75",
        ),
        (
            ("C3-0001", "C3-0005"),
            "carton C3-0005: expected lot 3 and SKU APL-I as of carton C3-0001, got lot 3 and SKU APL-EX-75",
        ),
    ):
        with pytest.raises((ConflictError, NotFoundError)) as caught:
            build(pallets, *codes)
        assert str(caught.value) == problem
    with pytest.raises(LabelDataError, match=r"^company_prefix: expected 4 to 12 digits"):
        build(pallets, "C1-0001", company_prefix="12")
    with pytest.raises(NotFoundError, match="no pallet '123'"):
        pallets.pallet("123")
    assert pallets.pallets(limit=1) == ()


def test_the_last_number_of_a_prefix(engine: Engine, house: House, pallets: PalletStore) -> None:
    packed(house)
    build(pallets, "C1-0001", company_prefix="690123412345")
    with engine.begin() as connection:
        connection.execute(SsccCounter.__table__.update().values(next_serial=10_000))  # type: ignore[attr-defined]
    with pytest.raises(SsccExhaustedError, match="expected at most 9999 under company prefix 690123412345"):
        build(pallets, "C1-0002", company_prefix="690123412345")
    assert house.cartons.named(["C1-0002"])[0].pallet is None


BUILD = """
import sys
from pathlib import Path
from sqlalchemy import make_url
from service.store.database import open_database
from service.store.pallet_store import PalletStore
from tests.service.lot_fruit import AT
pallets = PalletStore(open_database(make_url(sys.argv[1])))
sys.stdin.readline()
for number in range(int(sys.argv[2]), 60, 2):
    print(pallets.build([f"C1-{number + 1:04d}"], company_prefix="6901234", extension=3, who="x", at=AT).sscc)
"""


def test_two_processes_at_once_never_give_a_number_twice(empty_database: URL, tmp_path: Path) -> None:
    engine = open_database(empty_database)
    packed(House(engine, tmp_path / "rules", count=1), count=60)
    engine.dispose()
    url = empty_database.render_as_string(hide_password=False)
    builders = [
        subprocess.Popen(
            [sys.executable, "-c", BUILD, url, str(first)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for first in (0, 1)
    ]
    for one in builders:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    given = [one.communicate(timeout=120)[0].split() for one in builders]
    assert [one.returncode for one in builders] == [0, 0]
    assert [len(numbers) for numbers in given] == [30, 30]
    assert len({number for numbers in given for number in numbers}) == 60


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE carton_fruit SET carton_id = 2",
        "DELETE FROM carton_fruit",
        "DELETE FROM carton WHERE carton_id = 4",
        "UPDATE pallet SET sscc = '000000000000000000'",
        "DELETE FROM pallet_carton",
        "UPDATE packing_void SET why = 'x'",
        "DELETE FROM packing_void",
    ],
)
def test_the_database_refuses_to_change_what_was_packed(
    engine: Engine, house: House, pallets: PalletStore, statement: str
) -> None:
    packed(house)
    build(pallets, "C1-0001")
    house.cartons.void("C1-0002", who="Wang", why="wet", at=AT)
    with pytest.raises(DatabaseError), engine.begin() as connection:
        connection.execute(text(statement))
