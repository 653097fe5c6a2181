"""`grader serve --demo` as a newcomer starts it: a process of its own, the real network."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx

from tests.service.sample.demo_process import demo, fill_pool


def test_it_says_what_to_open_and_ends_while_it_renders(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with demo(data, tmp_path / "none") as (process, said):
        address = said[0].split()[1]
        assert said[0].startswith("Open http://127.0.0.1:")
        for page in ("lines/sample", "lots", "review"):
            assert f"{address}{page}" in said[1]
        while not (data / "sample_fruit").exists():
            assert httpx.get(f"{address}healthz").status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert not _children_at(data / "sample_fruit")


def test_real_fruit_come_into_the_first_lot(tmp_path: Path, samples: Path) -> None:
    fill_pool(tmp_path / "data", samples)
    with demo(tmp_path / "data", tmp_path / "none") as (_, said):
        api = f"{said[0].split()[1]}api/v1"
        packout = {"fruit": 0}
        for _ in range(5000):
            if packout["fruit"] >= 2:
                break
            answer = httpx.get(f"{api}/lots/1")
            packout = answer.json()["packout"] if answer.status_code == 200 else packout
        assert packout["fruit"] >= 2
        lot = httpx.get(f"{api}/lots/1").json()
        (fruit, *_) = httpx.get(f"{api}/lots/1/fruits").json()["fruits"]
    assert (lot["code"], lot["variety"], lot["origin"]) == ("SAMPLE-1", "fuji", "Sample · 示例")
    assert "Sample orchard" in lot["grower"]
    assert fruit["record"]["view_count"] == 8
    assert fruit["record"]["size"]["equatorial_diameter_mm"]["value"] > 60
    assert fruit["record"]["model_id"].startswith("fruitnet/")


def _children_at(folder: Path) -> list[str]:
    """Command lines of running processes that name the folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words:
            found.append(words)
    return found
