"""The events of a lot: their content, and the official schema of EPCIS 2.0."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from service.errors import LabelDataError
from service.labels.epc_uri import lgtin_uri, place_uri, sscc_uri
from service.labels.epcis import epcis_document
from service.labels.lot_history import Inspection, LotHistory, LotWeight, PackedPallet
from tests.service.labels.examples import DATA

SCHEMA = DATA / "epcis" / "EPCIS-JSON-Schema.json"
SITE_TIME = timezone(timedelta(hours=8))
PREFIX = "6901234"
GRADED, CULLS = "96901234000019", "96901234000026"
CREATED = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def at(hour: int) -> datetime:
    return datetime(2026, 11, 22, hour, 30, tzinfo=SITE_TIME)


HISTORY = LotHistory(
    company_prefix=PREFIX,
    site_gln="6901234000016",
    grower_gln="4006381000017",
    received=LotWeight(gtin="96901234000033", lot="2611-L7", weight_kg=Decimal("1250.5")),
    received_at=at(7),
    graded=(
        LotWeight(gtin=GRADED, lot="2611-L7", weight_kg=Decimal("1100")),
        LotWeight(gtin=CULLS, lot="2611-L7", weight_kg=Decimal("150.5")),
    ),
    graded_at=at(10),
    inspections=(
        Inspection(gtin=GRADED, lot="2611-L7", inspected_at=at(11), conformant=True),
        Inspection(gtin=CULLS, lot="2611-L7", inspected_at=at(11), conformant=False),
    ),
    pallets=(
        PackedPallet(
            sscc="369012340000000017", gtin=GRADED, lot="2611-L7", carton_count=56, packed_at=at(12)
        ),
    ),
)


def formats() -> FormatChecker:
    """The two formats that the schema asks for; without them it would take any key and any text as a time."""
    checker = FormatChecker(formats=())
    for name, pattern in (
        ("uri", r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+"),
        ("date-time", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    ):
        checker.checks(name)(_follows(pattern))
    return checker


def _follows(pattern: str) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or re.fullmatch(pattern, value) is not None


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    if not SCHEMA.is_file():
        pytest.skip(f"the official schema is not beside the project ({SCHEMA.name})")
    return Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")), format_checker=formats())


def events_of(history: LotHistory) -> list[dict[str, Any]]:
    document: dict[str, Any] = epcis_document(history, created_at=CREATED)
    found: list[dict[str, Any]] = document["epcisBody"]["eventList"]
    return found


@pytest.mark.parametrize(
    "history",
    [
        HISTORY,
        replace(HISTORY, grower_gln=None, inspections=(), pallets=()),
        replace(HISTORY, received=replace(HISTORY.received, lot="A%/<x>?&\"'")),
    ],
)
def test_it_follows_the_official_schema(official: Draft7Validator, history: LotHistory) -> None:
    document = json.loads(json.dumps(epcis_document(history, created_at=CREATED)))
    assert [error.message for error in official.iter_errors(document)] == []


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        (0, "bizStep", "recieving"),
        (0, "actoin", "OBSERVE"),
        (0, "eventTime", "yesterday"),
        (0, "eventTimeZoneOffset", "+8"),
        (1, "disposition", "fine"),
        (2, "quantityList", [{"epcClass": "no uri"}]),
        (4, "childQuantityList", [{"epcClass": "urn:epc:class:lgtin:1.2.3", "quantity": "56"}]),
        (4, "action", "PACK"),
    ],
)
def test_the_schema_as_used_here_finds_faults(
    official: Draft7Validator, place: int, key: str, value: object
) -> None:
    document: dict[str, Any] = copy.deepcopy(epcis_document(HISTORY, created_at=CREATED))
    document["epcisBody"]["eventList"][place][key] = value
    assert list(official.iter_errors(document))


def test_receiving_names_the_fruit_the_grower_and_the_place() -> None:
    event = events_of(HISTORY)[0]
    del event["eventID"]
    assert event == {
        "type": "ObjectEvent",
        "eventTime": "2026-11-22T07:30:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": "receiving",
        "disposition": "in_progress",
        "quantityList": [
            {"epcClass": "urn:epc:class:lgtin:6901234.900003.2611-L7", "quantity": 1250.5, "uom": "KGM"}
        ],
        "sourceList": [{"type": "possessing_party", "source": "https://id.gs1.org/417/4006381000017"}],
        "readPoint": {"id": "urn:epc:id:sgln:6901234.00001.0"},
    }


def test_one_transformation_makes_graded_fruit_and_culls_of_raw_fruit() -> None:
    kinds = [event["type"] for event in events_of(HISTORY)]
    assert kinds == ["ObjectEvent", "TransformationEvent", "ObjectEvent", "ObjectEvent", "AggregationEvent"]
    event = events_of(HISTORY)[1]
    assert event["bizStep"] == "creating_class_instance"
    assert "action" not in event
    assert event["inputQuantityList"] == [
        {"epcClass": "urn:epc:class:lgtin:6901234.900003.2611-L7", "quantity": 1250.5, "uom": "KGM"}
    ]
    assert event["outputQuantityList"] == [
        {"epcClass": "urn:epc:class:lgtin:6901234.900001.2611-L7", "quantity": 1100, "uom": "KGM"},
        {"epcClass": "urn:epc:class:lgtin:6901234.900002.2611-L7", "quantity": 150.5, "uom": "KGM"},
    ]


def test_inspecting_says_what_conforms() -> None:
    found = [(event["bizStep"], event["disposition"]) for event in events_of(HISTORY)[2:4]]
    assert found == [("inspecting", "conformant"), ("inspecting", "non_conformant")]


def test_packing_puts_cartons_onto_a_pallet() -> None:
    event = events_of(HISTORY)[4]
    assert event["parentID"] == "urn:epc:id:sscc:6901234.3000000001"
    assert event["childQuantityList"] == [
        {"epcClass": "urn:epc:class:lgtin:6901234.900001.2611-L7", "quantity": 56}
    ]
    assert (event["action"], event["bizStep"]) == ("ADD", "packing")


def test_the_same_history_gives_the_same_ids_and_another_one_others() -> None:
    ids = [event["eventID"] for event in events_of(HISTORY)]
    assert len(set(ids)) == 5
    assert [event["eventID"] for event in events_of(HISTORY)] == ids
    other = [event["eventID"] for event in events_of(replace(HISTORY, graded_at=at(9)))]
    assert [one == two for one, two in zip(ids, other, strict=True)] == [True, False, True, True, True]


def test_keys_as_uris() -> None:
    assert lgtin_uri("10614141543219", "A/1%", "0614141") == "urn:epc:class:lgtin:0614141.154321.A%2F1%25"
    assert sscc_uri("106141412345678908", "0614141") == "urn:epc:id:sscc:0614141.1234567890"
    assert place_uri("0614141000005", "0614141") == "urn:epc:id:sgln:0614141.00000.0"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"company_prefix": "6901235"},
            "site_gln: expected a number of company prefix 6901235, got 690123400001",
        ),
        ({"site_gln": "6901234000017"}, "site_gln: expected 6 as the last (check) digit, got 7"),
        ({"grower_gln": "400638100001"}, "grower_gln: expected 13 digits, got 12"),
        ({"received_at": datetime(2026, 11, 22, 7)}, "received_at: expected a time with its offset from UTC"),  # noqa: DTZ001
        ({"graded_at": at(6)}, "graded_at: expected 2026-11-22 07:30:00+08:00 or later"),
        ({"graded": ()}, "graded: expected one kind of graded goods or more, got none"),
        ({"graded": HISTORY.graded[:1] * 2}, "graded: expected each GTIN and lot once, got one twice"),
        ({"pallets": HISTORY.pallets * 2}, "pallets: expected each SSCC once, got one twice"),
        (
            {"pallets": (replace(HISTORY.pallets[0], lot="2611-L8"),)},
            "pallets: expected GTIN and lot of graded goods, got GTIN 96901234000019 of lot '2611-L8'",
        ),
        (
            {"inspections": (replace(HISTORY.inspections[0], gtin="96901234000033"),)},
            "inspections: expected GTIN and lot of graded goods, got GTIN 96901234000033",
        ),
        (
            {"pallets": (replace(HISTORY.pallets[0], sscc="106141412345678908"),)},
            "sscc: expected a number of company prefix 6901234, got 0614141234567890",
        ),
        (
            {"received": LotWeight(gtin="10614141543219", lot="1", weight_kg=Decimal(1))},
            "gtin: expected a number of company prefix 6901234, got 061414154321",
        ),
    ],
)
def test_a_history_that_cannot_be_told_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(LabelDataError) as caught:
        replace(HISTORY, **changes)
    assert str(caught.value).startswith(problem)


def test_parts_that_cannot_be_are_refused() -> None:
    with pytest.raises(LabelDataError, match=r"^weight_kg: expected a weight above 0 kg, got 0$"):
        replace(HISTORY.received, weight_kg=Decimal(0))
    with pytest.raises(LabelDataError, match=r"^lot: expected 1 to 20 characters, got 21"):
        replace(HISTORY.received, lot="1" * 21)
    with pytest.raises(LabelDataError, match=r"^carton_count: expected 1 to 99999999, got 0$"):
        replace(HISTORY.pallets[0], carton_count=0)
    odd = timezone(timedelta(hours=8, seconds=30))
    with pytest.raises(
        LabelDataError, match=r"^inspected_at: expected a time with its offset from UTC in whole"
    ):
        replace(HISTORY.inspections[0], inspected_at=datetime(2026, 11, 22, 7, tzinfo=odd))
