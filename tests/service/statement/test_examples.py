"""Pictures of fruit beside what decided them: on a statement, in its PDF, on the page of a fruit."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest

from service.app import create_app
from service.settings import ServiceSettings
from service.statement.examples import example_fruit
from service.statement.lot_statement import lot_statement
from service.statement.prices import Prices
from tests.fakes import FakeGrader
from tests.service.lot_fruit import open_lot
from tests.service.review.review_fruit import seen
from tests.service.running import RunningService

CLASSES = ("extra", "I", "I", "I", "II", "reject", "reject")


@pytest.fixture
def service(tmp_path: Path) -> RunningService:
    settings = ServiceSettings(data_dir=tmp_path / "data", samples_dir=tmp_path / "none", min_free_mb=1)
    return RunningService(create_app(settings, grader=FakeGrader()))


def test_some_fruit_of_each_lesser_class_are_shown(service: RunningService) -> None:
    with service:
        archive, judging = service.services.archive, service.services.judging
        lot = open_lot(archive.lots)
        fruit = [seen(archive, lot, n, grade_class=one, sku=f"APL-{one}") for n, one in enumerate(CLASSES)]
        numbers = archive.fruit.add(fruit)
        made = lot_statement(archive, judging, lot.lot_id, Prices())
        examples = example_fruit(archive, judging, made, "en")
        assert [one.lot_fruit_id for one in examples] == [
            numbers[6],
            numbers[5],
            numbers[4],
            numbers[3],
            numbers[2],
        ]
        assert [one.grade_class for one in examples] == ["Reject"] * 2 + ["Class II"] + ["Class I"] * 2
        address = f"/api/v1/evidence/{examples[0].picture}"
        for page in (f"/lots/{lot.lot_id}/statement", f"/lots/{lot.lot_id}/fruits/{numbers[6]}"):
            assert f'src="{address}"' in service.get(page).text
        assert service.get(address).headers["content-type"] == "image/jpeg"
        pdf = service.get(f"/api/v1/lots/{lot.lot_id}/statement.pdf?lang=zh").content
        document = pypdfium2.PdfDocument(BytesIO(pdf))
        pictures = [
            one
            for page in document
            for one in page.get_objects()
            if one.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE
        ]
        assert len(pictures) == len(examples)


def test_a_picture_whose_time_is_over_is_said_to_be_gone(service: RunningService) -> None:
    with service:
        archive, judging = service.services.archive, service.services.judging
        lot = open_lot(archive.lots)
        fruit = seen(archive, lot, 1, grade_class="II")
        (number,) = archive.fruit.add([fruit])
        archive.views.delete(fruit.pictures[0].picture_hash)
        page = service.get(f"/lots/{lot.lot_id}/fruits/{number}?lang=en").text
        assert "was kept for its time and is gone" in page
        made = lot_statement(archive, judging, lot.lot_id, Prices())
        assert example_fruit(archive, judging, made, "en") == ()
