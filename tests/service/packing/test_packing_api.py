"""Cartons, pallets, labels, trace and events over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pypdfium2
import pytest
import zxingcpp
from jsonschema import Draft7Validator
from PIL import Image

from service.labels.element_string import GS
from tests.service.labels.examples import needs_chinese_font
from tests.service.labels.test_epcis import SCHEMA, formats
from tests.service.packing.packed_lot import COMPANY
from tests.service.packing.packed_service import add_fruit, add_lot, decide_again, pack, packing_app
from tests.service.running import RunningService, error_code

WHOLE = f"]d2019690123400001913261122310200008010L1{GS}304{GS}422156{GS}21C1-0001"


class Packing:
    """A service with a lot of two full cartons of extra, one of class I, a cull and a loose fruit."""

    def __init__(self, folder: Path, **more: Any) -> None:
        app, self.judge = packing_app(folder, **more)
        self.service = RunningService(app)

    def fill(self, code: str = "L1", **more: object) -> None:
        services = self.service.services
        self.lot = add_lot(services, code, **more)
        add_fruit(services, self.lot, self.judge, [*["extra"] * 8, *["I"] * 5, "reject", "extra"])
        pack(services, self.lot)

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.service.get(f"/api/v1/{path}", params=query)

    def post(self, path: str, **body: object) -> httpx.Response:
        return self.service.post(f"/api/v1/{path}", json=body)


@pytest.fixture
def packing(tmp_path: Path) -> Iterator[Packing]:
    packing = Packing(tmp_path)
    with packing.service:
        packing.fill()
        yield packing


def told(answer: httpx.Response, status: int, code: str) -> str:
    assert error_code(answer, status) == code
    return str(answer.json()["error"]["message"])


def codes_in(picture: Image.Image) -> set[str]:
    found = zxingcpp.read_barcodes(picture.convert("L"), text_mode=zxingcpp.TextMode.Plain)
    return {one.symbology_identifier + one.bytes.decode("ascii") for one in found}


def test_cartons_and_where_all_fruit_are(packing: Packing) -> None:
    found = packing.get("lots/1/cartons").json()
    assert [
        (one["code"], one["sku"], one["class"], one["fruit"], one["full"]) for one in found["cartons"]
    ] == [
        ("C1-0001", "APL-EX-75", "extra", 4, True),
        ("C1-0002", "APL-EX-75", "extra", 4, True),
        ("C1-0003", "APL-I", "I", 5, True),
    ]
    (spread,) = found["cartons"][0]["uniformity"]
    assert (spread["measure"], spread["spread"], spread["passed"]) == ("equatorial_diameter_mm", 0.0, True)
    summary = found["summary"]
    assert (summary["stored"], summary["again"]) == (15, 0)
    assert (summary["not_packed"], summary["waiting"]) == ({"REST": 1}, {"APL-EX-75": 1})
    assert summary["fruit"] == {"pallet": 0, "store": 13, "void": 0}
    assert (summary["problem"], summary["wrong_sums"]) == (None, [])
    page = packing.get("lots/1/cartons", limit=2).json()
    assert page["next_after"] == 2
    assert [one["code"] for one in packing.get("lots/1/cartons", after=2).json()["cartons"]] == ["C1-0003"]
    assert told(packing.post("lots/1/pack", rest=True), 409, "conflict").startswith(
        "lot L1: expected a closed lot"
    )
    packing.service.services.archive.lots.close(1, at=packing.lot.opened_at)
    assert packing.post("lots/1/pack", rest=True).json() == {"cartons": ["C1-0004"]}
    assert packing.get("lots/9/cartons").status_code == 404


def test_a_running_service_packs_by_itself(packing: Packing) -> None:
    services = packing.service.services
    add_fruit(services, packing.lot, packing.judge, ["extra"] * 3)
    for _ in range(3000):
        cartons = packing.get("lots/1/cartons", after=3).json()["cartons"]
        if cartons:
            break
    assert [(one["code"], one["fruit"]) for one in cartons] == [("C1-0004", 4)]


def test_a_fruit_that_is_decided_again_stays_and_counts_against_the_tolerance(packing: Packing) -> None:
    decide_again(packing.service.services, packing.lot, packing.judge, 1, "reject")
    fruits = packing.get("cartons/C1-0001").json()["fruits"]
    assert [(one["packed_class"], one["class"], one["sku"], one["changed"]) for one in fruits] == [
        ("extra", "reject", "REST", True),
        *[("extra", "extra", "APL-EX-75", False)] * 3,
    ]
    tolerances = packing.get("lots/1/cartons", lang="zh").json()["tolerances"]
    extra = [one for one in tolerances if one["class"] == "extra" and one["passed"] is not None]
    assert {(one["inspected"], one["found"]) for one in extra} >= {(8, 1)}
    assert any(one["passed"] is False and "8 个中 1 个" in one["text"] for one in extra)


def test_from_cartons_to_a_pallet_and_back(packing: Packing) -> None:
    built = packing.post("pallets", cartons=["C1-0001", "C1-0002"], gross_weight_kg="2.50")
    assert built.status_code == 201, built.text
    sscc = built.json()["sscc"]
    assert (sscc, built.json()["built_by"]) == ("369012340000000017", "this computer")
    found = packing.get("trace", scan=WHOLE).json()
    assert (found["carton"]["lot"], found["carton"]["grower"]) == ("L1", "花果山")
    assert found["pallet"]["sscc"] == sscc
    (judge,) = found["carton"]["judged_by"]
    assert judge["sku_table_sha256"] == packing.judge.sku_table_sha256
    assert packing.get("trace", scan=f"(00){sscc}").json()["pallet"]["cartons"] == ["C1-0001", "C1-0002"]
    assert packing.get("lots/1/cartons").json()["summary"]["fruit"] == {"pallet": 8, "store": 5, "void": 0}
    again = packing.post("pallets", cartons=["C1-0002"])
    assert (
        told(again, 409, "conflict") == f"carton C1-0002: expected one on no pallet, it is on pallet {sscc}"
    )
    assert packing.get("pallets", lot_id=1).json()["pallets"] == [packing.get(f"pallets/{sscc}").json()]
    assert packing.post(f"pallets/{sscc}/void", why="fell").json()["void"]["why"] == "fell"
    assert told(packing.post(f"pallets/{sscc}/void", why="fell"), 409, "conflict").startswith(
        f"pallet {sscc}: expected"
    )
    assert packing.post("cartons/C1-0002/void", why="wet").json()["void"]["who"] == "this computer"
    assert told(packing.post("cartons/C1-0002/void", why="wet"), 409, "conflict").startswith(
        "carton C1-0002: expected"
    )


@needs_chinese_font
def test_labels_are_read_back_from_their_routes(packing: Packing) -> None:
    for size, lines in (
        ("100x70", {"]C10196901234000019"}),
        ("100x150", {"]C10196901234000019", "]C11326112210L1"}),
    ):
        answer = packing.get("cartons/C1-0001/label.png", size=size)
        assert answer.headers["content-type"] == "image/png"
        assert codes_in(Image.open(BytesIO(answer.content))) == {WHOLE, *lines}
    (code,) = [one for one in codes_in(Image.open(BytesIO(answer.content))) if one.startswith("]d2")]
    assert packing.get("trace", scan=code).json()["carton"]["code"] == "C1-0001"
    sscc = packing.post("pallets", cartons=["C1-0001"], gross_weight_kg="1.2").json()["sscc"]
    for answer in (
        packing.get(f"pallets/{sscc}/label.png", dpi="300"),
        packing.get(f"pallets/{sscc}/label.png"),
    ):
        codes = codes_in(Image.open(BytesIO(answer.content)))
        assert codes == {f"]C100{sscc}", "]C10296901234000019371", "]C1330100001210L1"}
    job = packing.get("labels.pdf", code=["C1-0003", "C1-0001"], lang="zh")
    document = pypdfium2.PdfDocument(job.content)
    texts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    assert ["C1-0003" in texts[0], "C1-0001" in texts[1], len(texts)] == [True, True, 2]
    assert "苹果 富士 Fuji" in texts[0]
    assert packing.get(f"pallets/{sscc}/label.pdf").content.startswith(b"%PDF")


@needs_chinese_font
def test_labels_that_cannot_be_made(packing: Packing) -> None:
    services = packing.service.services
    packing.fill("L-1234567890-1234567890", lane=2)
    assert told(packing.get("cartons/C2-0001/label.png"), 422, "invalid_label").startswith(
        "lot: expected 1 to 20 characters, got 23 in 'L-1234567890-1234567890'"
    )
    packing.fill("礼县 3", lane=3)
    assert "expected letters A-Z a-z" in told(packing.get("cartons/C3-0001/label.pdf"), 422, "invalid_label")
    packing.fill("L4", lane=4, variety="富士" * 31)
    assert told(packing.get("labels.pdf", code="C4-0001"), 422, "invalid_label").startswith(
        "variety: expected at most 60"
    )
    assert told(packing.get("cartons/C9-0001/label.png"), 404, "not_found") == "no carton 'C9-0001'"
    assert packing.get("cartons/9/label.png").status_code == 422
    fixed = COMPANY.replace('"96901234000040"', '"16901234000044"')
    (services.settings.data_dir / "company.toml").write_text(fixed, encoding="utf-8")
    packing.fill("L5", lane=5)
    add_fruit(services, packing.lot, packing.judge, ["I"])
    *_, last = pack(services, packing.lot, close=True)
    assert packing.get("cartons/C1-0003/label.png").status_code == 200
    assert told(packing.get(f"cartons/{last}/label.png"), 422, "invalid_label") == (
        f"gtin: carton {last} is underfilled: expected a GTIN that starts with 9 (cartons differ) for APL-I, "
        "got 16901234000044"
    )
    packing.post("cartons/C1-0003/void", why="wet")
    assert told(packing.get("cartons/C1-0003/label.png"), 409, "conflict").startswith(
        "carton C1-0003: expected one that"
    )


@pytest.mark.parametrize(
    ("scan", "status", "problem"),
    [
        ("C7-0001", 404, "no carton 'C7-0001'"),
        ("369012340000000017", 404, "no pallet '369012340000000017'"),
        (
            "369012340000000016",
            422,
            "sscc: expected 7 as the last (check) digit, got 6 in '369012340000000016'",
        ),
        (
            WHOLE.replace("96901234000019", "10614141543219"),
            422,
            "scan: expected a label of company prefix 6901234",
        ),
        (WHOLE.replace("10L1", "10L2"), 422, "scan: carton C1-0001: expected lot 'L1', the label says 'L2'"),
        ("apple", 422, "scan: expected a carton such as C12-0007"),
    ],
)
def test_scans_that_lead_nowhere(packing: Packing, scan: str, status: int, problem: str) -> None:
    answer = packing.get("trace", scan=scan)
    assert told(answer, status, "not_found" if status == 404 else "invalid_label").startswith(problem)


@pytest.mark.parametrize(
    ("company", "problem"), [(None, "found none"), (COMPANY[:60], "missing key 'site_gln'")]
)
def test_without_a_company_cartons_are_packed_and_labels_say_what_is_missing(
    tmp_path: Path, company: str | None, problem: str
) -> None:
    packing = Packing(tmp_path, company=company)
    with packing.service:
        packing.fill()
        assert len(packing.get("lots/1/cartons").json()["cartons"]) == 3
        for answer in (
            packing.get("cartons/C1-0001/label.png"),
            packing.post("pallets", cartons=["C1-0001"]),
        ):
            assert problem in told(answer, 409, "company_unknown")
        assert packing.get("trace", scan="C1-0001").json()["carton"]["pallet"] is None


def test_the_events_of_a_lot_follow_the_official_schema(packing: Packing) -> None:
    assert told(packing.get("lots/1/epcis"), 409, "conflict") == "lot L1: expected a closed lot, it is open"
    pack(packing.service.services, packing.lot, close=True)
    packing.post("pallets", cartons=["C1-0001", "C1-0002"])
    document = packing.get("lots/1/epcis").json()
    received, graded, packed = document["epcisBody"]["eventList"]
    assert received["sourceList"][0]["source"] == "https://id.gs1.org/417/4006381000017"
    assert [(one["epcClass"], one["quantity"]) for one in graded["outputQuantityList"]] == [
        ("urn:epc:class:lgtin:6901234.900001.L1", 1.8),
        ("urn:epc:class:lgtin:6901234.900004.L1", 1),
        ("urn:epc:class:lgtin:6901234.900002.L1", 37.2),
    ]
    assert received["eventTime"] == "2026-11-22T16:30:00.000+08:00"
    assert packed["childQuantityList"][0]["quantity"] == 2
    if SCHEMA.is_file():
        official = Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")), format_checker=formats())
        assert [error.message for error in official.iter_errors(document)] == []


@pytest.mark.parametrize(
    ("weight", "problem"),
    [
        (None, "net_weight_kg: lot L2: expected its weight as it came in, got none"),
        (1.5, "net_weight_kg: lot L2: expected at least the 2.800 kg in cartons, got 1.5"),
    ],
)
def test_a_lot_whose_weights_cannot_be_told(packing: Packing, weight: float | None, problem: str) -> None:
    packing.fill("L2", lane=2, net_weight_kg=weight)
    pack(packing.service.services, packing.lot, close=True)
    assert told(packing.get("lots/2/epcis"), 422, "invalid_label") == problem
