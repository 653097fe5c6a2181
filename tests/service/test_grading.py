"""POST /api/v1/grade and what it stores."""

from __future__ import annotations

from concurrent.futures import wait
from threading import Event

import httpx
import pytest

from grader.image_io import decode_image
from grader.types import Frame
from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader
from tests.service.running import RunningService, error_code, painted_png

PNG = {"Content-Type": "image/png"}


def without_numbers(fruits: list[dict[str, object]]) -> list[dict[str, object]]:
    """The fruits without what belongs to the request: numbers, time, name of the picture."""
    return [
        {
            key: value
            for key, value in fruit.items()
            if key not in {"fruit_id", "grading_id", "graded_at", "frame"}
        }
        for fruit in fruits
    ]


def test_a_raw_picture_gives_its_fruits_in_order(service: RunningService) -> None:
    answer = service.grade(painted_png(fruits=3), mm_per_px="0.5", frame="cup12.png")
    assert answer.status_code == 200
    body = answer.json()
    assert [fruit["grade"]["class"] for fruit in body["fruits"]] == ["extra", "I", "II"]
    assert [fruit["fruit_index"] for fruit in body["fruits"]] == [0, 1, 2]
    assert {fruit["schema"] for fruit in body["fruits"]} == {"fruit/1"}
    assert {fruit["frame"] for fruit in body["fruits"]} == {"cup12.png"}
    assert body["fruits"][0]["size"]["equatorial_diameter_mm"]["value"] == pytest.approx(50.5, abs=0.5)
    assert body["pictures"][0]["width_px"] == 480
    assert body["pictures"][0]["overlay_url"] is None


def test_without_a_scale_sizes_are_null(service: RunningService) -> None:
    fruit = service.grade(painted_png(fruits=1)).json()["fruits"][0]
    assert fruit["size"]["equatorial_diameter_mm"] is None
    assert fruit["quality_flags"] == ["no_scale"]


def test_no_fruit_is_an_answer_with_a_note(service: RunningService) -> None:
    body = service.grade(painted_png(fruits=0)).json()
    assert body["fruits"] == []
    assert body["notes"] == ["no_fruit"]


def test_form_and_raw_body_give_the_same_records(service: RunningService) -> None:
    picture = painted_png(fruits=2)
    raw = service.grade(picture).json()["fruits"]
    form = service.post("/api/v1/grade", files={"file": ("a.png", picture, "image/png")}).json()["fruits"]
    assert without_numbers(raw) == without_numbers(form)


def test_a_form_with_several_files_keeps_their_order_and_names_them_apart(service: RunningService) -> None:
    files = [
        ("file", (f"C:\\x\\{name}", painted_png(fruits=count), "image/png"))
        for name, count in [("a.png", 1), ("a.png", 2)]
    ]
    body = service.post("/api/v1/grade", files=files).json()
    assert [picture["frame"] for picture in body["pictures"]] == ["a.png", "a.png (2)"]
    assert [fruit["frame"] for fruit in body["fruits"]] == ["a.png", "a.png (2)", "a.png (2)"]


def test_views_of_one_fruit_become_one_record(service: RunningService) -> None:
    files = [
        ("file", (name, painted_png(fruits=1, shade=shade), "image/png"))
        for name, shade in [("a", 0), ("b", 9)]
    ]
    body = service.post("/api/v1/grade", files=files, params={"one_fruit": "true", "overlay": "true"}).json()
    assert [fruit["view_count"] for fruit in body["fruits"]] == [2]
    assert len(body["pictures"]) == 2
    assert all(picture["overlay_url"] for picture in body["pictures"])


def test_views_without_a_fruit_give_no_record(service: RunningService) -> None:
    body = service.post(
        "/api/v1/grade",
        files={"file": ("a", painted_png(fruits=0), "image/png")},
        params={"one_fruit": "true"},
    ).json()
    assert body["fruits"] == []
    assert body["notes"] == ["no_fruit"]


def test_picture_and_overlay_can_be_fetched(service: RunningService) -> None:
    sent = painted_png(fruits=1)
    picture = service.grade(sent, overlay="true").json()["pictures"][0]
    original = service.get(picture["url"])
    assert original.content == sent
    assert original.headers["content-type"] == "image/png"
    overlay = service.get(picture["overlay_url"])
    assert overlay.headers["content-type"] == "image/jpeg"
    drawn = decode_image(overlay.content, "overlay").rgb
    assert drawn.shape == (160, 480, 3)
    assert (drawn != decode_image(sent, "sent").rgb).any()


def test_texts_follow_the_language(service: RunningService) -> None:
    english = service.grade(painted_png(fruits=2), lang="en").json()["fruits"][1]["texts"]
    chinese = service.grade(painted_png(fruits=2), lang="zh").json()["fruits"][1]["texts"]
    assert english["class"] == "Class I"
    assert english["reasons"][0].startswith("Class I denied: bruising")
    assert chinese["class"] == "一级"
    assert chinese["reasons"][0].startswith("一级不符合：")
    assert (english["class_set"], chinese["class_set"]) == (["Extra Class", "Class I"], ["特级", "一级"])


def test_a_stored_grading_answers_like_the_upload(service: RunningService) -> None:
    uploaded = service.grade(painted_png(fruits=2), overlay="true", mm_per_px="0.5").json()
    assert service.get(f"/api/v1/gradings/{uploaded['grading_id']}").json() == uploaded


def test_records_survive_a_restart(settings: ServiceSettings) -> None:
    with RunningService(create_app(settings, grader=FakeGrader())) as first:
        uploaded = first.grade(painted_png(fruits=2)).json()
    with RunningService(create_app(settings, grader=FakeGrader())) as second:
        assert second.get(f"/api/v1/gradings/{uploaded['grading_id']}").json() == uploaded
        assert second.get(uploaded["pictures"][0]["url"]).status_code == 200
        assert second.get("/api/v1/fruits").json()["total"] == 2


def test_concurrent_uploads_are_all_answered_and_stored_once(service: RunningService) -> None:
    pictures = [painted_png(fruits=1 + index % 3, shade=index) for index in range(12)]
    sent = [service.start("POST", "/api/v1/grade", content=picture, headers=PNG) for picture in pictures]
    done, pending = wait(sent, timeout=60)
    assert not pending
    answers = [future.result().json() for future in sent]
    assert [len(answer["fruits"]) for answer in answers] == [1 + index % 3 for index in range(12)]
    ids = [fruit["fruit_id"] for answer in answers for fruit in answer["fruits"]]
    assert len(set(ids)) == len(ids) == 24
    assert service.get("/api/v1/fruits").json()["total"] == 24
    assert service.services.pool.taken == 0
    assert len(done) == 12


def test_the_same_picture_gives_the_same_record(service: RunningService) -> None:
    first, second = (service.grade(painted_png(fruits=3)).json() for _ in range(2))
    assert without_numbers(first["fruits"]) == without_numbers(second["fruits"])
    assert first["pictures"][0]["picture_id"] == second["pictures"][0]["picture_id"]


def test_a_full_pool_refuses_with_a_time_and_loses_nothing(settings: ServiceSettings) -> None:
    started, go_on = Event(), Event()

    def hold(_frame: Frame) -> None:
        started.set()
        assert go_on.wait(timeout=30)

    small = settings.model_copy(update={"grading_workers": 1, "queue_limit": 0})
    with RunningService(create_app(small, grader=FakeGrader(hold))) as service:
        first = service.start("POST", "/api/v1/grade", content=painted_png(fruits=1), headers=PNG)
        assert started.wait(timeout=30)
        refused = service.grade(painted_png(fruits=1))
        assert error_code(refused, 503) == "busy"
        assert int(refused.headers["retry-after"]) >= 1
        assert service.get("/healthz").status_code == 200
        go_on.set()
        assert first.result(timeout=30).status_code == 200
        assert service.grade(painted_png(fruits=1)).status_code == 200
        assert service.get("/api/v1/fruits").json()["total"] == 2


def test_the_end_waits_for_running_gradings(settings: ServiceSettings) -> None:
    started, go_on = Event(), Event()

    def hold(_frame: Frame) -> None:
        started.set()
        assert go_on.wait(timeout=30)

    with RunningService(create_app(settings, grader=FakeGrader(hold))) as service:
        running = service.start("POST", "/api/v1/grade", content=painted_png(fruits=1), headers=PNG)
        assert started.wait(timeout=30)
        go_on.set()
        answer: httpx.Response = running.result(timeout=30)
    assert answer.status_code == 200
    with RunningService(create_app(settings, grader=FakeGrader())) as service:
        assert service.get(f"/api/v1/gradings/{answer.json()['grading_id']}").status_code == 200


def test_a_grading_that_is_cancelled_keeps_its_place_until_it_ends(settings: ServiceSettings) -> None:
    started, go_on, ended = Event(), Event(), Event()

    def hold(_frame: Frame) -> None:
        started.set()
        assert go_on.wait(timeout=30)
        ended.set()

    small = settings.model_copy(update={"grading_workers": 1, "queue_limit": 0})
    with RunningService(create_app(small, grader=FakeGrader(hold))) as service:
        gone = service.start("POST", "/api/v1/grade", content=painted_png(fruits=1), headers=PNG)
        assert started.wait(timeout=30)
        gone.cancel()
        assert error_code(service.grade(painted_png(fruits=1)), 503) == "busy"
        go_on.set()
        assert ended.wait(timeout=30)
    assert service.services.pool.taken == 0
