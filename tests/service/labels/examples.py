"""A carton and a pallet that the tests of labels share, and what scanners send for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from grader.label_card import find_fonts
from service.labels.carton_content import CartonContent
from service.labels.pallet_content import PalletContent

CARTON = CartonContent(
    gtin="96901234000019",
    lot="2611-L7",
    packed_on=date(2026, 11, 22),
    produce="苹果 Apples",
    variety="富士 Fuji",
    grade_class="一级 I",
    size="80-85",
    origin="CN",
    packer="礼县果业合作社 Lixian Fruit Co-op",
    net_weight_kg=Decimal("10.00"),
    count=48,
    serial="000123",
)
FIXED_CARTON = replace(CARTON, gtin="16901234000013", net_weight_kg=None, count=None, serial=None)
LONGEST_CARTON = replace(
    CARTON,
    lot="A%_b/c(d)e;f:g<h>i?j",
    serial="!\"%&'()*+,-./:;<=>?_",
    net_weight_kg=Decimal("9.99999"),
    count=99_999_999,
)
PALLET = PalletContent(
    sscc="369012340000000017",
    gtin="96901234000019",
    carton_count=56,
    lot="2611-L7",
    produce="苹果 Apples",
    variety="富士 Fuji",
    grade_class="一级 I",
    size="80-85",
    packer="礼县果业合作社 Lixian Fruit Co-op",
    gross_weight_kg=Decimal("612.5"),
)

needs_chinese_font = pytest.mark.skipif(
    find_fonts("zh").language != "zh", reason="no font for Chinese on this computer (fonts-noto-cjk)"
)
DATA = Path(__file__).parents[4] / "shared" / "data"
