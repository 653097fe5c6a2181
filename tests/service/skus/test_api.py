"""Rule files over HTTP: check, simulate, publish, roll back; faults and conflicts leave everything as it was."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from grader.grade import decide_grade
from grader.record import record_to_json
from grader.sku import assign_sku, load_sku_table
from grader.standard import STANDARDS_FOLDER, load_standard
from grader.types import FruitMeasurement, FruitRecord
from tests.grader.made_fruit import make_defect, make_fruit
from tests.grader.test_sku_faults import SIZES, TABLE
from tests.service.running import RunningService, error_code

EU_TEXT = (STANDARDS_FOLDER / "apple_eu_2023_2429.toml").read_text(encoding="utf-8")
STRICTER = EU_TEXT.replace("extra = 0, I = 1.0, II = 1.5", "extra = 0, I = 0.5, II = 1.5")
DRAFT = {"text": TABLE, "sizes": {"site_sizes": SIZES}}
SAID = {"who": "li", "reason": "ours"}


def record(fruit: FruitMeasurement) -> dict[str, Any]:
    grade = decide_grade(fruit, load_standard("apple_eu_2023_2429"))
    sku = assign_sku(fruit, grade, load_sku_table("default"))
    return record_to_json(FruitRecord(measurement=fruit, grade=grade, sku=sku))


def post(service: RunningService, path: str, **body: Any) -> Any:
    answer = service.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_draft_is_checked_and_compared(service: RunningService) -> None:
    good = post(service, "skus/check", **DRAFT)
    assert (good["faults"], good["name"], good["in_force"], good["differences"]) == ([], "site", None, [])
    bad = post(service, "skus/check", text=TABLE.replace('"apple"]', '"aple"]'), sizes=DRAFT["sizes"])
    assert bad["faults"][0].startswith(
        "sku_table.toml:31: crops: expected crop known to the standards, got aple"
    )
    assert post(service, "skus/check", text=TABLE[:100], sizes={})["faults"] != []
    changed = post(service, "standards/check", text=STRICTER)
    assert [one["where"] for one in changed["differences"]] == ["rules/bruise/I"]
    assert changed["differences"][0]["zh"] == "一级，碰压伤总面积，上限：1 cm² → 0.5 cm²（更严）"
    assert post(service, "standards/check", text=EU_TEXT.replace("I = 0.5,", "I = 50,"))["faults"] != []
    assert service.get("/api/v1/skus/versions").json() == {"versions": {}}


def test_publish_compare_and_roll_back(service: RunningService) -> None:
    first = post(service, "skus/publish", draft=DRAFT, **SAID)
    assert (first["number"], first["replaced"]) == (1, None)
    moved = {"text": TABLE.replace('outlet = "b"', 'outlet = "a"'), "sizes": DRAFT["sizes"]}
    checked = post(service, "skus/check", **moved)
    assert checked["in_force"] == first["sha256"]
    assert checked["differences"][0]["en"] == "row 2 ({crop}-{class}-{pack}), outlet: b → a"
    late = service.post("/api/v1/skus/publish", json={"draft": moved, **SAID})
    assert error_code(late, 409) == "version_conflict"
    second = post(service, "skus/publish", draft=moved, replaces=first["sha256"], **SAID)
    assert second["sha256"] == checked["sha256"]
    back = post(service, "skus/rollback", name="site", replaces=second["sha256"], **SAID)
    assert (back["action"], back["sha256"]) == ("rolled_back", first["sha256"])
    listed = service.get("/api/v1/skus/versions/site").json()
    assert [one["number"] for one in listed] == [3, 2, 1]
    assert service.get("/api/v1/skus/versions").json() == {"versions": {"site": listed}}


def test_a_standard_the_same_way(service: RunningService) -> None:
    first = post(service, "standards/publish", draft={"text": STRICTER}, **SAID)
    assert service.get("/api/v1/standards/versions/apple_eu_2023_2429").json()[0]["sha256"] == first["sha256"]
    assert set(service.get("/api/v1/standards/versions").json()["versions"]) == {"apple_eu_2023_2429"}
    assert post(service, "standards/check", text=STRICTER)["differences"] == []
    back = post(
        service,
        "standards/rollback",
        name="apple_eu_2023_2429",
        replaces=first["sha256"],
        reason="too strict",
    )
    assert back["sha256"] == load_standard("apple_eu_2023_2429").sha256  # what was installed is a version too
    assert back["who"] == "this computer"
    further = {"name": "apple_eu_2023_2429", "replaces": back["sha256"], "reason": "further"}
    assert error_code(service.post("/api/v1/standards/rollback", json=further), 404) == "unknown_version"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("skus/publish", {"draft": {"text": TABLE[:200]}, **SAID}, 422, "invalid_sku_table"),
        ("skus/publish", {"draft": {"text": TABLE}, **SAID}, 422, "invalid_sku_table"),
        ("skus/publish", {"draft": DRAFT, "who": " ", "reason": "x"}, 422, "invalid_parameter"),
        ("skus/publish", {"draft": DRAFT, "who": "li"}, 422, "invalid_parameter"),
        ("skus/check", {"text": 'size_codes = ["/etc/a.toml"]'}, 422, "invalid_sku_table"),
        ("skus/check", {"text": TABLE, "sizes": {"../x": SIZES}}, 422, "invalid_parameter"),
        ("standards/publish", {"draft": {"text": "x"}, **SAID}, 422, "invalid_standard"),
        ("skus/rollback", {"name": "site", **SAID}, 404, "unknown_version"),
    ],
)
def test_what_is_refused_leaves_nothing(
    service: RunningService, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    assert error_code(service.post(f"/api/v1/{path}", json=body), status) == code
    assert service.get("/api/v1/skus/versions").json() == {"versions": {}}
    assert error_code(service.get("/api/v1/skus/versions/site"), 404) == "unknown_version"


def test_simulate_a_draft_against_what_is_installed(service: RunningService) -> None:
    fruits = [record(make_fruit(make_defect("bruise", area_mm2=area))) for area in (50.0, 50.1, 80.0)]
    before = {"standard": {"name": "unece_ffv50"}, "table": {"name": "default"}}
    after = {"standard": {"draft": {"text": STRICTER}}, "table": {"name": "default"}}
    found = post(service, "skus/simulate", fruits=fruits, before=before, after=after, rows=True)
    assert (found["changed"], found["rows"]) == (2, [1, 2])
    (move,) = found["moves"]
    assert (move["class_before"], move["class_after"], move["count"], move["first_row"]) == ("I", "II", 2, 1)
    assert [one["count"] for one in found["before"]["by_class"]] == [0, 3, 0, 0, 0]
    assert sum(one["count"] for one in found["after"]["by_sku"]) == found["after"]["count"] == 3
    published = post(service, "skus/publish", draft=DRAFT, **SAID)
    side = {"standard": {"name": "apple_eu_2023_2429"}, "table": {"name": "site"}}
    by_name = post(service, "skus/simulate", fruits=fruits, before=before, after=side)
    assert by_name["after"]["table_sha256"] == published["sha256"]
    assert by_name["rows"] == []


def test_simulate_names_what_is_wrong(service: RunningService) -> None:
    side = {"standard": {"name": "apple_eu_2023_2429"}, "table": {"name": "default"}}
    good = {"fruits": [], "before": side, "after": side}
    assert post(service, "skus/simulate", **good)["changed"] == 0
    for change, status, code in (
        ({"fruits": [{"schema": "fruit/9"}]}, 422, "invalid_fruit"),
        ({"fruits": [{}] * 20_001}, 422, "invalid_fruit"),
        ({"after": side | {"standard": {"name": "mars"}}}, 422, "invalid_standard"),
        ({"after": side | {"table": {"name": "mars"}}}, 422, "invalid_sku_table"),
        ({"after": side | {"table": {"name": "default", "sha256": "0" * 64}}}, 404, "unknown_version"),
        ({"after": side | {"table": {}}}, 422, "invalid_parameter"),
        ({"more": 1}, 422, "invalid_parameter"),
    ):
        answer = service.post("/api/v1/skus/simulate", json=good | change)
        assert error_code(answer, status) == code
    bad = service.post("/api/v1/skus/simulate", json=good | {"fruits": [record(make_fruit()), {}]})
    assert "fruits[1]" in bad.json()["error"]["message"]


def test_a_body_over_the_limit_is_refused(service: RunningService) -> None:
    text = "#" + os.urandom(600_000).hex()  # 1.2 MB, the limit of these tests is 1 MB
    answer = service.post("/api/v1/skus/check", json={"text": text})
    assert error_code(answer, 413) == "upload_too_large"


def test_listed_tables_and_standards_say_their_hash(service: RunningService) -> None:
    tables = {one["name"]: one["sha256"] for one in service.get("/api/v1/skus").json()["tables"]}
    assert tables["default"] == load_sku_table("default").sha256
    hashes = {
        one["standard_id"]: one["sha256"] for one in service.get("/api/v1/standards").json()["standards"]
    }
    assert hashes["apple_eu_2023_2429"] == load_standard("apple_eu_2023_2429").sha256


def test_versions_lie_in_the_data_folder(service: RunningService) -> None:
    first = post(service, "skus/publish", draft=DRAFT, **SAID)
    home: Path = service.services.settings.data_dir / "versions" / "sku_table" / "site"
    assert (home / first["sha256"] / "site_sizes.toml").read_text(encoding="utf-8") == SIZES
