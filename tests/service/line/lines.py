"""Lines for tests: a small belt whose counts can be worked out by head."""

from __future__ import annotations

from pathlib import Path

from service.line.line_config import LineConfig
from service.line.line_file import load_line

SMALL = """\
schema = "line/1"
id = "small"
lanes = [1, 2]
recirculate = "again"
min_views = 2
open_fruit_per_lane = 3
max_views = 8

[grading]
crop = "apple"
mm_per_px = 0.2

[encoder]
modulus = 65536
max_jump_counts = 1000
same_cup_counts = 40

[deadline]
wait_counts = 400
last_use_counts = 600
wait_s = 0.5
last_use_s = 1.0

[frames]
max_age_s = 1.0
max_age_counts = 200

[[cameras]]
name = "top"
views = 3
counts_per_view = 50

[[cameras]]
name = "side"
views = 2
first_view_counts = 20
counts_per_view = 50
mm_per_px = 0.3
size_px = [640, 480]

[[outlets]]
name = "pack_first"
counts = 1000

[[outlets]]
name = "juice"
counts = 1200

[[outlets]]
name = "again"
counts = 1500

[[routes]]
lanes = [2]
skus = ["APL-*-I-*"]
below_mm = 70
outlet = "juice"

[[routes]]
table_outlets = ["pack_premium"]
outlet = "pack_first"
"""
ONE_CAMERA = SMALL.replace(SMALL[SMALL.index('[[cameras]]\nname = "side"') : SMALL.index("[[outlets]]")], "")

PATIENT = """\
schema = "line/1"
id = "small"
lanes = [1, 2]
recirculate = "again"

[encoder]
modulus = 4194304
max_jump_counts = 60000
same_cup_counts = 40

[deadline]
wait_counts = 50000
last_use_counts = 60000
wait_s = 5
last_use_s = 60

[frames]
max_age_s = 60

[[cameras]]
name = "top"
views = 3
counts_per_view = 50

[[cameras]]
name = "side"
views = 2
first_view_counts = 20
counts_per_view = 50

[[outlets]]
name = "juice"
counts = 61200

[[outlets]]
name = "again"
counts = 61500
"""
"""The small line, for real time on a computer that may be busy: nothing is late for a minute."""


def write_line(folder: Path, text: str = SMALL, name: str = "small.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def small_line(folder: Path, text: str = SMALL) -> LineConfig:
    return load_line(write_line(folder, text))
