"""A company, a SKU table with packs and lots of judged fruit for tests of packing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader.sku_file import load_sku_table
from grader.standard import list_standards, load_standard
from service.judging_rules import JudgingRules
from service.store.fruit_store import NewLotFruit
from service.store.judges import JudgedBy
from service.store.lot_store import StoredLot
from service.store.regrade_store import MeasuredRows, NewDecisions
from tests.grader.made_fruit import exactly, make_defect, make_fruit
from tests.service.lot_fruit import judged

STANDARD = load_standard("apple_eu_2023_2429")
COMPANY = """\
schema = "company/1"
company_prefix = "6901234"
sscc_extension = 3
site_gln = "6901234000016"
packer = "礼县果业合作社 Lixian Fruit Co-op"
address = "甘肃省礼县 Lixian, Gansu"
origin = "CN"
time_zone = "Asia/Shanghai"

[gtin]
"APL-EX-75" = "96901234000019"
"APL-I" = "96901234000040"

[goods_gtin]
apple = "96901234000033"

[culls_gtin]
apple = "96901234000026"

[grower_gln]
"花果山" = "4006381000017"
"""
TABLE = """\
schema = "sku-table/1"
id = "packing"
size_codes = ["size_apple_5mm"]
other_variety = "OTH"
outlets = ["first", "second", "cull"]

[crop_codes]
apple = "APL"

[class_codes]
extra = "EX"

[packs.T4]
name_en = "4 in a layer"
name_zh = "单层4只"
arrangement = "layered"
count = {count}

[packs.L1]
name_en = "1 kg loose"
name_zh = "散装1公斤"
arrangement = "loose"
net_weight_g = {net_weight_g}
fruit_weight_g = 180

[[rules]]
crops = ["apple"]
classes = ["extra"]
code = "{{crop}}-{{class}}-{{size}}"
outlet = "first"
pack = "T4"

[[rules]]
crops = ["apple"]
classes = ["I", "II"]
code = "{{crop}}-{{class}}"
outlet = "second"
pack = "L1"

[[rules]]
code = "REST"
outlet = "cull"
"""
SKU_OF = {"extra": "APL-EX-75", "I": "APL-I", "II": "APL-II", "reject": "REST"}


def write_table(folder: Path, *, count: int = 4, net_weight_g: int = 1000) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "packing.toml"
    path.write_text(TABLE.format(count=count, net_weight_g=net_weight_g), encoding="utf-8")
    return path


def judge_of(path: Path) -> JudgedBy:
    return JudgedBy(
        model_id="fruitnet/1.5.0",
        standard_id=STANDARD.standard_id,
        standard_sha256=STANDARD.sha256,
        sku_table_id="packing",
        sku_table_sha256=load_sku_table(path).sha256,
    )


def rules_with(*paths: Path) -> JudgingRules:
    """Rules of a line with these tables; nothing was published."""
    folder = paths[0].parent / "versions"
    return JudgingRules(folder, list_standards, tables=lambda: [str(path) for path in paths])


def graded(
    lot: StoredLot,
    number: int,
    judge: JudgedBy,
    *,
    grade_class: str = "extra",
    weight_g: float | None = 200.0,
    diameter_mm: float = 77.0,
    reason: str | None = None,
    rot: bool = False,
) -> NewLotFruit:
    """A fruit that left for the outlet of its SKU, or went round again for a reason."""
    fruit = make_fruit(
        *([make_defect("rot", confidence=0.9)] if rot else []), diameter_mm=exactly(diameter_mm)
    )
    new = judged(
        lot,
        number,
        grade_class=grade_class,
        sku=SKU_OF[grade_class],
        size_code="75",
        weight_g=weight_g,
        reason=reason,
        measurement=fruit,
    )
    return replace(new, judged_by=judge)


def decided_as(rows: MeasuredRows, classes: Sequence[str]) -> NewDecisions:
    """Another class for every stored fruit."""
    kinds = [(name, SKU_OF[name], "75", False) for name in dict.fromkeys(classes)]
    places = {kind[0]: place for place, kind in enumerate(kinds)}
    return NewDecisions(
        kinds=kinds, kind_index=[places[one] for one in classes], confidences=[1.0] * len(classes)
    )
