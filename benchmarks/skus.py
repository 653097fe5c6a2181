"""Re-grade stored fruit: what-if on 100,000 and re-grading of a million, on one core, without pictures.

`--json` prints one object: fruit, threads, processor, and for each figure the median and the worst of the runs, in s of
wall clock and of processor time. `standard` and `table` are what the fruit are moved to.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Annotated, Any

import numpy as np
import typer

from grader.fruit_columns import KIND_ORDER, FruitColumns
from grader.rules import Standard
from grader.simulate import compare, regrade, simulate
from grader.sku import load_sku_table
from grader.standard import load_standard

VARIETIES = ("fuji", "gala", "golden_delicious", "huaniu")
DEFECTS_PER_FRUIT = 1.7
MOST_DEFECTS = 5


def made_columns(count: int, seed: int = 7) -> FruitColumns:
    """Random apples as a camera would hand them over: 1.7 defects each (5 at most), a tenth without a scale."""
    random = np.random.default_rng(seed)
    scale = random.random(count) >= 0.1
    diameter = np.round(random.normal(78.0, 7.0, count), 2).clip(45.0, 110.0)
    weight = np.round(0.000_45 * diameter**3 * random.normal(1.0, 0.04, count), 1)
    found = np.minimum(random.poisson(DEFECTS_PER_FRUIT, count), MOST_DEFECTS)
    there = np.arange(MOST_DEFECTS)[None, :] < found[:, None]
    fraction = np.where(there, np.round(random.lognormal(-7.0, 1.3, there.shape), 6), 0.0)
    seen = np.round(random.uniform(0.88, 1.0, count), 4)
    length = np.round(np.sqrt(fraction) * 1.6, 4)
    area = np.round(fraction * seen[:, None] * np.pi * diameter[:, None] ** 2, 1)
    blush = np.round(random.beta(3.0, 1.5, count), 4)
    nothing = np.zeros(count, dtype=np.bool_)
    return FruitColumns(
        crop="apple",
        varieties=VARIETIES,
        variety_index=random.integers(-1, len(VARIETIES), count),
        is_crop=~nothing,
        is_usable=~nothing,
        is_limited=random.random(count) < 0.05,
        touches_edge=random.random(count) < 0.01,
        crop_confidence=np.round(random.uniform(0.9, 1.0, count), 4),
        surface_seen=seen,
        diameter_mm=_with_interval(diameter, 0.6, scale),
        ring_mm=np.full((count, 3), np.nan),
        length_mm=_with_interval(diameter * 0.9, 0.8, scale),
        weight_g=_with_interval(weight, 10.0, scale),
        shape_index=np.full(count, 0.9),
        blush=blush,
        light_red=np.round((1.0 - blush) * 0.2, 4),
        net_cover=np.full(count, np.nan),
        defect_kind=np.where(there, random.integers(0, len(KIND_ORDER), there.shape), -1),
        defect_elongated=there & (random.random(there.shape) < 0.2),
        defect_area_mm2=np.where(there & ~scale[:, None], np.nan, area),
        defect_fraction=fraction,
        defect_length_mm=np.where(there & ~scale[:, None], np.nan, length * diameter[:, None]),
        defect_diameters=length,
        defect_confidence=-np.sort(-np.where(there, random.uniform(0.4, 1.0, there.shape), 0.0), axis=1),
        crops=("apple",),
        crop_index=np.zeros(count, dtype=np.int64),
    )


def _with_interval(value: np.ndarray, half: float, known: np.ndarray) -> np.ndarray:
    rows = np.stack([value, value - half, value + half], axis=1)
    rows[~known] = np.nan
    return rows


def moved_limit(standard: Standard, key: str, class_id: str, limit: float) -> Standard:
    """The standard with one limit moved, as the slider of the editor does it."""
    place = standard.class_ids.index(class_id)
    rules = []
    for rule in standard.rules:
        if rule.key == key:
            limits = list(rule.tests[0].limits)
            limits[place] = limit
            rule = replace(rule, tests=(replace(rule.tests[0], limits=tuple(limits)), *rule.tests[1:]))
        rules.append(rule)
    return replace(standard, rules=tuple(rules), sha256="moved")


def timed(runs: int, work: Any) -> dict[str, float]:
    """Median and worst of some runs after a first one that does not count."""
    work()
    wall, processor = [], []
    for _ in range(runs):
        started, used = perf_counter(), process_time()
        work()
        wall.append(perf_counter() - started)
        processor.append(process_time() - used)
    return {
        "median_s": round(median(wall), 4),
        "worst_s": round(max(wall), 4),
        "median_cpu_s": round(median(processor), 4),
        "worst_cpu_s": round(max(processor), 4),
    }


def measure(fruit: int = 100_000, many: int = 1_000_000, runs: int = 5) -> dict[str, object]:
    """All figures. what_if: both sides of `fruit`; slider: only the moved side, the other kept; other_standard: from
    EU to 7 CFR 51 limits; regrade: `many` fruit under another standard and table."""
    table = load_sku_table("default")
    eu, us = load_standard("apple_eu_2023_2429"), load_standard("apple_us_7cfr51")
    moved = moved_limit(eu, "bruise", "I", 0.5)
    columns = made_columns(fruit)
    kept = regrade(columns, eu, table)
    found = simulate(columns, eu, table, moved, table)
    result: dict[str, object] = {
        "fruit": fruit,
        "regraded_fruit": many,
        "runs": runs,
        "cpus_usable": len(os.sched_getaffinity(0)),
        "load_average_1min": round(os.getloadavg()[0], 2),
        "processor": processor(),
        "changed_fruit": len(found.changed),
        "what_if": timed(runs, lambda: simulate(columns, eu, table, moved, table)),
        "slider": timed(runs, lambda: compare(kept, regrade(columns, moved, table))),
        "other_standard": timed(runs, lambda: simulate(columns, eu, table, us, table)),
    }
    million = made_columns(many)
    result["regrade"] = timed(max(runs // 2, 1), lambda: regrade(million, us, table))
    return result


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if os.name == "posix" else []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def main(
    fruit: Annotated[int, typer.Option(min=1, help="Fruit of the lot of the what-if.")] = 100_000,
    many: Annotated[int, typer.Option(min=1, help="Fruit that are re-graded.")] = 1_000_000,
    runs: Annotated[int, typer.Option(min=1)] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """What-if and re-grading, timed on one core."""
    result = measure(fruit, many, runs)
    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")
        return
    for name, value in result.items():
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    typer.run(main)
