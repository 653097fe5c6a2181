"""The benchmark of the warehouse, with lots that are made in a second."""

from __future__ import annotations

import json
from pathlib import Path

from tests.benchmarks.test_programs import run

NEEDED = {"regrade_1m_s", "whatif_100k_s", "open_lot_s", "next_review_ms", "decisions_per_s"}


def test_it_prints_its_figures_and_leaves_the_lots(benchmarks: Path, tmp_path: Path) -> None:
    said = run(
        benchmarks / "warehouse.py",
        *("--json", "--fruit", 300, "--lot", 200, "--runs", 1, "--seconds", 0.5, "--folder", tmp_path),
    )
    found = json.loads(said)
    assert set(found) >= NEEDED
    assert (found["fruit"], found["lot_fruit"]) == (300, 200)
    for name in NEEDED - {"next_review_ms"}:
        assert found[name] > 0, name
    assert found["regrade_1m_read_s"] < found["row_by_row_1m_s"]
    left = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert {"lot_300_bare_v1", "lot_200_whole_v1"} <= left
    assert "scratch" not in left
