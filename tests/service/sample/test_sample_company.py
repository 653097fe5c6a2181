"""A demo can print every carton that its line packs, and makes way for a company of one's own."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from grader.sku_file import load_sku_table
from service.packing.company import COMPANY_FILE, read_company
from service.sample.sample_company import company_folder
from service.settings import ServiceSettings


def test_every_packed_sku_of_the_sample_line_has_a_gtin(tmp_path: Path) -> None:
    company = read_company(company_folder(ServiceSettings(data_dir=tmp_path, demo=True)))
    sizes = [band.code for band in load_sku_table("apple_cartons").size_codes[0].bands]
    packed = [f"APL-FUJI-{name}-{size}" for name, size in product(("EX", "I", "II"), [*sizes, "NS"])]
    assert len({company.gtin_of(sku) for sku in packed}) == len(packed) == len(company.gtin)
    assert company.company_prefix.startswith("952")  # kept by GS1 for examples


def test_it_makes_way(tmp_path: Path) -> None:
    demo = ServiceSettings(data_dir=tmp_path, demo=True)
    assert company_folder(demo) != tmp_path
    assert company_folder(ServiceSettings(data_dir=tmp_path)) == tmp_path
    (tmp_path / COMPANY_FILE).write_text("")
    assert company_folder(demo) == tmp_path
