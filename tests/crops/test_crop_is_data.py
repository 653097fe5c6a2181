"""A crop is data: a plum made of three text files is measured, graded, packed and simulated; no code knows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import pytest
from typer.testing import CliRunner

from grader.image_io import encode_png
from grader.pipeline import GradeOptions, Grader
from grader.standard import list_standards
from grader.types import Crop, Frame
from service.app import create_app
from service.cli import app as command
from service.settings import ServiceSettings
from tests.crops.plum import SIZES, STANDARD, TABLE, painted_plum, write_plum
from tests.fakes import FakeLineGrader, load_fake_grader
from tests.service.line.live.live_line import sending
from tests.service.running import listening
from tests.service.skus.rule_lot import fill_lot

ROOT = Path(__file__).parents[2]
MM_PER_PX = 0.25


def test_no_code_names_a_crop_beyond_those_of_the_network() -> None:
    others = {standard.crop for standard in list_standards()} - {crop.value for crop in Crop}
    assert others, "a third crop ships as an example"
    named = re.compile(rf"\b({'|'.join(sorted(others | {'plum'}))})s?(_|\b)")
    files = [path for part in ("grader", "service") for path in (ROOT / part).rglob("*.py")]
    said = [path.name for path in files if named.search(re.sub(r'Crop\("plum"\)', "", path.read_text()))]
    assert said == []


def test_the_command_measures_and_decides_what_can_be(tmp_path: Path) -> None:
    standard, table = write_plum(tmp_path)
    picture = tmp_path / "plum.png"
    cv2.imwrite(str(picture), painted_plum()[:, :, ::-1])
    asked = ["grade", str(picture), "--crop", "plum", "--standard", str(standard), "--sku-table", str(table)]
    done = CliRunner().invoke(command, [*asked, "--mm-per-px", str(MM_PER_PX), "--format", "jsonl"])
    assert done.exit_code == 0, done.output
    (fruit,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert fruit["crop"] == "plum"
    assert fruit["size"]["equatorial_diameter_mm"]["value"] == pytest.approx(200 * MM_PER_PX, rel=0.03)
    assert fruit["size"]["length_mm"]["value"] == pytest.approx(250 * MM_PER_PX, rel=0.04)
    assert fruit["size"]["weight_g"] is None  # its density is not known, and not guessed
    assert fruit["quality_flags"] == ["crop_unknown_to_network"]
    assert (fruit["grade"]["class"], fruit["grade"]["review"]) == ("large", True)
    assert {"rule": "picture", "value": "crop_unknown_to_network"}.items() <= fruit["grade"]["reasons"][
        -1
    ].items()
    assert fruit["sku"]["code"] == "PLM-LARGE-L"
    assert fruit["sku"]["outlet"] == "packed"


def test_a_crop_that_nobody_knows_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        command, ["grade", str(ROOT / "sample_images/bench_apple.jpg"), "--crop", "plum"]
    )
    assert done.exit_code == 2
    assert (
        "expected one default standard for crop 'plum', found 0; crops with one are apple, melon"
        in done.output
    )
    wrong = CliRunner().invoke(
        command, ["grade", str(ROOT / "sample_images/bench_apple.jpg"), "--crop", "A plum"]
    )
    assert wrong.exit_code == 2


def test_what_the_network_knows_is_not_flagged(shipped_grader: Grader) -> None:
    frame = Frame(frame_id="plum", rgb=painted_plum())
    graded = shipped_grader.grade_frame(frame, GradeOptions(crop=Crop.APPLE))
    assert "crop_unknown_to_network" not in {
        flag for one in graded.records for flag in one.measurement.quality_flags
    }
    assert "crop_unknown_to_network" not in graded.notes


@pytest.fixture
def address(tmp_path: Path, shipped_grader: Grader) -> Iterator[tuple[str, Any]]:
    settings = ServiceSettings(
        data_dir=tmp_path / "data",
        samples_dir=tmp_path / "none",
        model_dir=tmp_path / "fake",
        line_workers=1,
        min_free_mb=1,
    )
    app = create_app(
        settings,
        grader=shipped_grader,
        load_for_lines=FakeLineGrader.load,
        load_for_previews=load_fake_grader,
    )
    with listening(app) as where:
        yield where, app.state.services


def test_the_service_takes_it_as_data_too(address: tuple[str, Any]) -> None:
    where, services = address

    def post(path: str, **body: Any) -> Any:
        answer = httpx.post(f"{where}/api/v1/{path}", json=body, timeout=60)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    standard = post("standards/publish", draft={"text": STANDARD}, reason="plums begin")
    table = post("skus/publish", draft={"text": TABLE, "sizes": {"plum_sizes": SIZES}}, reason="plums begin")
    query = {"crop": "plum", "sku_table": "plums", "mm_per_px": str(MM_PER_PX)}
    graded = httpx.post(
        f"{where}/api/v1/grade",
        params=query,
        content=encode_png(painted_plum()),
        headers={"Content-Type": "image/png"},
        timeout=60,
    ).json()
    (fruit,) = graded["fruits"]
    assert (fruit["crop"], fruit["grade"]["class"], fruit["sku"]["outlet"]) == ("plum", "large", "packed")
    judged = (fruit["grade"]["standard_sha256"], fruit["sku"]["table_sha256"])
    assert judged == (standard["sha256"], table["sha256"])

    lot = fill_lot(services.archive, "PLUMS-1", 50, crop="plum", rules=services.rules.current, table="plums")
    side = {"standard": {"name": "plum_house"}, "table": {"name": "plums"}}
    larger = {
        "standard": {"draft": {"text": STANDARD.replace("large = 40", "large = 70")}},
        "table": side["table"],
    }
    found = post("skus/simulate", lot_id=lot.lot_id, before=side, after=larger, rows=True)
    assert found["before"]["by_outlet"][0]["name"] in ("cull", "packed")
    assert (found["before"]["count"], len(found["lot_fruit_ids"])) == (50, found["changed"])
    assert found["changed"] > 0
    moved = {(move["class_before"], move["class_after"]) for move in found["moves"]}
    assert moved == {("large", "small")}
    again = post(f"lots/{lot.lot_id}/regrade", standard="plum_house", sku_table="plums")
    assert (again["fruit"], again["standard_sha256"]) == (50, standard["sha256"])
    httpx.get(f"{where}/rules/standards/plum_house").raise_for_status()
    with sending(where) as sender:
        sender.send()
        sender.decision()
        opened = post("lots", code="PLUMS-2", grower="李家", crop="plum", line="yard", lanes=[1])
    assert (opened["crop"], opened["state"]) == ("plum", "open")
