"""The events of a lot as EPCIS 2.0 in JSON-LD, for trading partners (`standards.md` 7.3).

receiving (ObjectEvent) -> creating_class_instance (one TransformationEvent a lot: raw goods in, graded goods and
culls out) -> inspecting (ObjectEvent) -> packing (AggregationEvent, cartons onto a pallet). Single fruit stay here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from service.labels.epc_uri import lgtin_uri, party_uri, place_uri, sscc_uri
from service.labels.lot_history import Inspection, LotHistory, LotWeight, PackedPallet

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
KILOGRAM = "KGM"

JsonObject = dict[str, object]


def epcis_document(history: LotHistory, *, created_at: datetime) -> JsonObject:
    """An EPCISDocument with the events of a lot, oldest kind first. The same history gives the same events and ids."""
    events = [
        _receiving(history),
        _grading(history),
        *(_inspecting(history, inspection) for inspection in history.inspections),
        *(_packing(history, pallet) for pallet in history.pallets),
    ]
    return {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _time(created_at),
        "epcisBody": {"eventList": events},
    }


def _receiving(history: LotHistory) -> JsonObject:
    source: JsonObject = {}
    if history.grower_gln is not None:
        party = party_uri("grower_gln", history.grower_gln)
        source["sourceList"] = [{"type": "possessing_party", "source": party}]
    return _event(
        history,
        "ObjectEvent",
        history.received_at,
        {
            "action": "OBSERVE",
            "bizStep": "receiving",
            "disposition": "in_progress",
            "quantityList": [_kilograms(history, history.received)],
            **source,
        },
    )


def _grading(history: LotHistory) -> JsonObject:
    return _event(
        history,
        "TransformationEvent",
        history.graded_at,
        {
            "bizStep": "creating_class_instance",
            "disposition": "in_progress",
            "inputQuantityList": [_kilograms(history, history.received)],
            "outputQuantityList": [_kilograms(history, goods) for goods in history.graded],
        },
    )


def _inspecting(history: LotHistory, inspection: Inspection) -> JsonObject:
    goods = lgtin_uri(inspection.gtin, inspection.lot, history.company_prefix)
    return _event(
        history,
        "ObjectEvent",
        inspection.inspected_at,
        {
            "action": "OBSERVE",
            "bizStep": "inspecting",
            "disposition": "conformant" if inspection.conformant else "non_conformant",
            "quantityList": [{"epcClass": goods}],
        },
    )


def _packing(history: LotHistory, pallet: PackedPallet) -> JsonObject:
    goods = lgtin_uri(pallet.gtin, pallet.lot, history.company_prefix)
    return _event(
        history,
        "AggregationEvent",
        pallet.packed_at,
        {
            "action": "ADD",
            "bizStep": "packing",
            "disposition": "in_progress",
            "parentID": sscc_uri(pallet.sscc, history.company_prefix),
            "childQuantityList": [{"epcClass": goods, "quantity": pallet.carton_count}],
        },
    )


def _event(history: LotHistory, kind: str, at: datetime, content: Mapping[str, object]) -> JsonObject:
    """An event with time, place, and an id made of all that it says."""
    event: JsonObject = {
        "type": kind,
        "eventTime": _time(at),
        "eventTimeZoneOffset": _time(at)[-len("+08:00") :],
        **content,
        "readPoint": {"id": place_uri(history.site_gln, history.company_prefix)},
    }
    name = json.dumps(event, sort_keys=True, separators=(",", ":"))
    return {"eventID": f"urn:uuid:{uuid5(NAMESPACE_URL, name)}", **event}


def _kilograms(history: LotHistory, goods: LotWeight) -> JsonObject:
    uri = lgtin_uri(goods.gtin, goods.lot, history.company_prefix)
    return {"epcClass": uri, "quantity": _number(goods.weight_kg), "uom": KILOGRAM}


def _number(weight_kg: Decimal) -> int | float:
    whole = weight_kg == weight_kg.to_integral_value()
    return int(weight_kg) if whole else float(weight_kg)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
