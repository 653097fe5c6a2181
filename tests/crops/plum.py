"""A crop that nobody has heard of, made of text: a standard, a size table, a SKU table; and pictures of its fruit."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from grader.types import UInt8Array

STANDARD = """\
schema = "grading-rules/1"
id = "plum_house"
crop = "plum"
name_en = "House classes for plums"
name_zh = "李子企业分级"
source = "made for a test"
edition = "1"
clause = "all"
evidence = "D"
checked_by = "nobody"
checked_on = 2026-11-22
status = "enabled"
default_for_crop = true
minimum_surface_seen_fraction = 0.4
diameter_range_mm = { from = 20, to = 80 }

[[classes]]
id = "large"
name_en = "Large"
name_zh = "大果"

[[classes]]
id = "small"
name_en = "Small"
name_zh = "小果"

[[rules]]
key = "rot"
name_en = "rot"
name_zh = "腐烂"
measure = "count"
kinds = ["rot"]
maximum = { large = 0, small = 0 }
evidence = "D"
clause = "1"

[[rules]]
key = "size"
name_en = "minimum size"
name_zh = "最小规格"
measure = "equatorial_diameter_mm"
minimum = { large = 40, small = 25 } # a comment that stays
evidence = "D"
clause = "2"
"""

SIZES = """\
schema = "grading-sizes/1"
id = "plum_sizes"
crop = "plum"
measure = "equatorial_diameter_mm"
source = "made for a test"
evidence = "D"
codes = [{ code = "S", from = 20, to = 45 }, { code = "L", from = 45 }]
"""

TABLE = """\
schema = "sku-table/1"
id = "plums"
size_codes = ["plum_sizes"]
other_variety = "OTH"
outlets = ["cull", "again", "packed", "rest"]

[crop_codes]
plum = "PLM"

[[rules]]
classes = ["reject"]
code = "{crop}-{class}"
outlet = "cull"

[[rules]]
classes = ["ungraded"]
code = "{crop}-{class}"
outlet = "again"

[[rules]]
crops = ["plum"]
classes = ["large", "small"]
code = "{crop}-{class}-{size}"
outlet = "packed"

[[rules]]
code = "{crop}-{class}-{size}"
outlet = "rest"
"""


def write_plum(folder: Path) -> tuple[Path, Path]:
    """Files of the standard and of the SKU table."""
    standard, table = folder / "plum_house.toml", folder / "plums.toml"
    standard.write_text(STANDARD, encoding="utf-8")
    table.write_text(TABLE, encoding="utf-8")
    (folder / "plum_sizes.toml").write_text(SIZES, encoding="utf-8")
    return standard, table


def painted_plum(*, across_px: int = 200, along_px: int = 250) -> UInt8Array:
    """uint8 (480, 640, 3): one long purple fruit on a dark belt, shaded towards its rim."""
    size = (along_px // 2, across_px // 2)
    mask = np.zeros((480, 640), np.uint8)
    cv2.ellipse(mask, (320, 240), size, 30, 0, 360, 255, -1)
    deep = cv2.distanceTransform(mask, cv2.DIST_L2, 5) / size[1]
    shade = 0.55 + 0.45 * np.sqrt(np.clip(deep, 0, 1))
    skin = np.array((90, 60, 120)) * shade[:, :, None]
    picture = np.where(mask[:, :, None] > 0, skin, np.array((60, 60, 65)))
    picture += np.random.default_rng(0).normal(0, 2, picture.shape)
    return np.asarray(cv2.GaussianBlur(np.clip(picture, 0, 255).astype(np.uint8), (0, 0), 0.8), np.uint8)
