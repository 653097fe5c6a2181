"""Standards, SKU tables, models, sample pictures, health, metrics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.image_io import decode_image
from grader.production import newest_model
from service.app import create_app
from service.model_list import list_models
from service.samples import find_samples
from service.settings import ServiceSettings
from tests.fakes import FakeGrader
from tests.service.running import RunningService, error_code, painted_png


def test_standards_in_both_languages(service: RunningService) -> None:
    english = service.get("/api/v1/standards").json()["standards"]
    chinese = service.get("/api/v1/standards", params={"lang": "zh"}).json()["standards"]
    apple = next(one for one in english if one["standard_id"] == "apple_eu_2023_2429")
    assert [one["class_id"] for one in apple["classes"]] == ["extra", "I", "II"]
    assert apple["status"] == "enabled"
    assert [one["standard_id"] for one in chinese] == [one["standard_id"] for one in english]
    assert "苹果" in next(one for one in chinese if one["standard_id"] == "apple_eu_2023_2429")["title"]


def test_the_default_sku_table_ends_with_a_rule_for_everything(service: RunningService) -> None:
    tables = service.get("/api/v1/skus").json()["tables"]
    default = next(table for table in tables if table["name"] == "default")
    last = default["rules"][-1]
    assert (last["crops"], last["varieties"], last["classes"], last["sizes"]) == ([], [], [], [])
    assert {rule["outlet"] for rule in default["rules"]} <= set(default["outlets"])


def test_models_are_listed_and_the_one_in_use_is_marked(tmp_path: Path) -> None:
    for version in ("1.9.0", "1.10.0"):
        folder = tmp_path / "fruitnet" / version
        folder.mkdir(parents=True)
        (folder / "card.json").write_text(
            json.dumps({"name": "fruitnet", "version": version, "sha256": "ab" * 32})
        )
    (tmp_path / "broken" / "1").mkdir(parents=True)
    (tmp_path / "broken" / "1" / "card.json").write_text("{")
    listed = list_models(tmp_path / "fruitnet" / "1.9.0", tmp_path)
    assert {model.version: model.in_use for model in listed} == {"1.9.0": True, "1.10.0": False}
    assert listed[0].model_id == f"fruitnet/{listed[0].version}+sha256:{'ab' * 6}"


def test_a_model_says_the_coverage_on_its_card(tmp_path: Path) -> None:
    shipped = newest_model()
    trust = json.loads((shipped / "card.json").read_text())["trust"]
    for version, measured in (("1", {"trust": trust | {"coverage": 0.85}}), ("2", {}), ("3", {"trust": {}})):
        folder = tmp_path / "fruitnet" / version
        folder.mkdir(parents=True)
        card = {"name": "fruitnet", "version": version, "sha256": "ab" * 32, **measured}
        (folder / "card.json").write_text(json.dumps(card))
    listed = list_models(None, tmp_path)
    assert {model.version: model.coverage for model in listed} == {"1": 0.85, "2": None}  # 3 is faulty


def test_no_model_at_all_is_an_empty_list(tmp_path: Path) -> None:
    assert list_models(None, tmp_path) == []


def test_health_and_readiness(service: RunningService) -> None:
    assert service.get("/healthz").json() == {"status": "ok"}
    assert service.get("/readyz").json() == {"status": "ok"}
    models = service.get("/api/v1/models").json()
    assert (models["ready"], models["problem"]) == (True, None)


def test_metrics_count_requests_fruits_and_errors(service: RunningService) -> None:
    service.grade(painted_png(fruits=3))
    service.grade(b"no picture")
    service.get("/nothing/1")
    service.get("/nothing/2")
    text = service.get("/metrics").text
    assert 'grader_fruits_total{crop="apple",grade_class="extra"} 1.0' in text
    assert 'grader_requests_total{method="POST",route="/api/v1/grade",status="200"} 1.0' in text
    assert 'grader_requests_total{method="POST",route="/api/v1/grade",status="422"} 1.0' in text
    assert 'grader_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert "grader_grading_seconds_count 1.0" in text
    assert "grader_grading_places_taken 0.0" in text
    assert "grader_model_ready 1.0" in text


def test_two_services_in_one_process_count_apart(
    service: RunningService, settings: ServiceSettings, tmp_path: Path
) -> None:
    other_settings = settings.model_copy(update={"data_dir": tmp_path / "other"})
    with RunningService(create_app(other_settings, grader=FakeGrader())) as other:
        other.grade(painted_png(fruits=1))
        assert "grader_fruits_total{" not in service.get("/metrics").text


@pytest.fixture
def samples(settings: ServiceSettings) -> Path:
    settings.samples_dir.mkdir()
    (settings.samples_dir / "two_apples.png").write_bytes(painted_png(fruits=2))
    (settings.samples_dir / "a_broken.png").write_bytes(b"no picture")
    (settings.samples_dir / "notes.txt").write_text("not a picture")
    return settings.samples_dir


def graded_samples(service: RunningService, lang: str = "en") -> list[dict[str, object]]:
    service.services.samples.wait()
    answer = service.get("/api/v1/samples", params={"lang": lang}).json()
    assert answer["pending"] is False
    found: list[dict[str, object]] = answer["samples"]
    return found


def test_samples_are_graded_at_the_start_and_not_stored(settings: ServiceSettings, samples: Path) -> None:
    with RunningService(create_app(settings, grader=FakeGrader())) as service:
        broken, good = graded_samples(service)
        assert (broken["name"], broken["grading"]) == ("a_broken.png", None)
        assert "a_broken.png" in str(broken["problem"])
        grading = good["grading"]
        assert isinstance(grading, dict)
        assert [fruit["grade"]["class"] for fruit in grading["fruits"]] == ["extra", "I"]
        assert grading["grading_id"] is None
        picture = grading["pictures"][0]
        assert service.get(picture["url"]).content == painted_png(fruits=2)
        overlay = service.get(picture["overlay_url"])
        assert decode_image(overlay.content, "overlay").rgb.shape == (160, 480, 3)
        assert service.get("/api/v1/fruits").json()["total"] == 0
        assert error_code(service.get("/api/v1/samples/a_broken.png/overlays/0"), 404) == "not_found"


def test_samples_speak_the_language_asked_for(settings: ServiceSettings, samples: Path) -> None:
    with RunningService(create_app(settings, grader=FakeGrader())) as service:
        grading = graded_samples(service, "zh")[1]["grading"]
        assert isinstance(grading, dict)
        assert grading["fruits"][1]["texts"]["class"] == "一级"
        assert grading["pictures"][0]["overlay_url"].endswith("lang=zh")
        english = service.get(grading["pictures"][0]["overlay_url"].replace("lang=zh", "lang=en")).content
        assert service.get(grading["pictures"][0]["overlay_url"]).content != english


def test_a_folder_of_samples_is_one_fruit_and_scales_come_from_expected(
    settings: ServiceSettings, samples: Path
) -> None:
    (samples / "a_broken.png").unlink()
    (samples / "turning").mkdir()
    for view in range(2):
        (samples / "turning" / f"view_{view}.png").write_bytes(painted_png(fruits=1, shade=view))
    expected = {
        "pictures": {"two_apples.png": {"mm_per_px": 0.5}},
        "turning": {"mm_per_px": 0.25},
        "other": 1,
    }
    (samples / "expected.json").write_text(json.dumps(expected))
    with RunningService(create_app(settings, grader=FakeGrader())) as service:
        gradings = [one["grading"] for one in graded_samples(service)]
        turning, two = ({} if not isinstance(one, dict) else one for one in gradings)
        assert [fruit["view_count"] for fruit in turning["fruits"]] == [2]
        diameters = [
            fruit["size"]["equatorial_diameter_mm"]["value"] for fruit in turning["fruits"] + two["fruits"]
        ]
        assert diameters == pytest.approx([25.25, 50.5, 50.5], abs=0.5)
        assert service.get(turning["pictures"][1]["url"]).content == painted_png(fruits=1, shade=1)
        assert service.get(turning["pictures"][1]["overlay_url"]).status_code == 200
        assert error_code(service.get("/api/v1/samples/turning/pictures/2"), 404) == "not_found"


@pytest.mark.parametrize("content", [None, "no json", "[]", '{"pictures": 3}'])
def test_samples_do_not_need_expected(tmp_path: Path, content: str | None) -> None:
    (tmp_path / "a.png").write_bytes(painted_png(fruits=1))
    if content is not None:
        (tmp_path / "expected.json").write_text(content)
    assert [(sample.title, sample.mm_per_px) for sample in find_samples(tmp_path)] == [("a", None)]


def test_demo_stores_the_samples_once(settings: ServiceSettings, samples: Path) -> None:
    demo = settings.model_copy(update={"demo": True})
    for _ in range(2):
        with RunningService(create_app(demo, grader=FakeGrader())) as service:
            service.services.samples.wait()
        with RunningService(create_app(settings, grader=FakeGrader())) as service:
            assert service.get("/api/v1/fruits").json()["total"] == 2


def test_no_sample_folder_is_an_empty_list(service: RunningService) -> None:
    assert service.get("/api/v1/samples").json() == {"samples": [], "pending": False}
    assert find_samples(Path("/does/not/exist")) == ()
