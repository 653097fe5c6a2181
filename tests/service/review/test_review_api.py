"""The review over HTTP: from a fruit on the line to an answer, what stays hidden, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from tests.fakes import painted_line_picture
from tests.service.line.live.live_line import Sender, live_app, sending
from tests.service.review.review_fruit import fill, open_archive
from tests.service.running import error_code, listening

LOT = {"code": "L1", "grower": "Wang", "crop": "apple", "line": "yard", "lanes": [1]}


def get(address: str, path: str, **query: object) -> Any:
    answer = httpx.get(f"{address}/api/v1/{path}", params=query, timeout=60)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


def say(
    address: str, number: int, answer: str, seen: int = 0, *, key: str = "", **more: object
) -> httpx.Response:
    body = {"key": key or f"answer-{number}-{seen}", "answer": answer, "seen": seen, **more}
    return httpx.post(f"{address}/api/v1/review/{number}", json=body, timeout=60)


def waiting(address: str, count: int) -> Any:
    """The queue once so many fruit wait."""
    for _ in range(600):
        queue = get(address, "review", limit=20)
        if queue["waiting"]["all"] >= count:
            return queue
    raise AssertionError(queue["waiting"])


def stored(address: str, count: int) -> None:
    """Wait until so many fruit of the lot are in the database."""
    for _ in range(600):
        if (found := get(address, "lots/1")["packout"]["stored"]) == count:
            return
    raise AssertionError(found)


def pass_fruit(address: str, **orders: object) -> None:
    """A lot with three fruit of two views."""
    with sending(address) as sender:
        one_fruit(sender, 0)
        assert httpx.post(f"{address}/api/v1/lots", json=LOT, timeout=30).status_code == 201
        for shade in (1, 2, 3):
            one_fruit(sender, shade, **orders)


def one_fruit(sender: Sender, shade: int, **orders: object) -> None:
    number = sender.sent
    sender.send(shade=shade, last_view=False, **orders)
    sender.send(fruit_id=number, view=1, shade=10 + shade, **orders)
    sender.decision()


def test_a_doubtful_fruit_from_the_line_to_its_answer(tmp_path: Path) -> None:
    with listening(live_app(tmp_path, audit_fraction=0.0)) as address:
        pass_fruit(address, grade_class="I")  # which the fake grader is in doubt of
        queue = waiting(address, 3)
        assert queue["waiting"] == {"doubtful": 3, "audit": 0, "all": 3}
        assert queue["evidence"] == {"kept": 3, "missed": 0, "problem": None}
        first = queue["fruits"][0]
        assert (first["lot"], first["fruit"], first["kind"], first["blind"]) == ("L1", "1", "doubtful", False)
        assert [one["class"] for one in first["classes"]] == ["extra", "I", "II", "reject"]
        assert [(view["camera"], view["view"]) for view in first["views"]] == [("top", 0), ("top", 1)]
        picture = httpx.get(address + first["views"][1]["url"])
        assert picture.content == painted_line_picture(shade=11, grade_class="I")
        drawn = httpx.get(address + first["views"][1]["overlay_url"], timeout=60)
        assert drawn.status_code == 200, drawn.text
        decoded = cv2.imdecode(np.frombuffer(drawn.content, np.uint8), cv2.IMREAD_COLOR)
        assert decoded.shape == (120, 160, 3)
        assert drawn.content != picture.content
        told = say(address, first["lot_fruit_id"], "change", **{"class": "II"}, lot="L1")
        assert told.status_code == 200, told.text
        answered = told.json()
        assert (answered["agrees"], answered["answer"]["who"]) == (False, "this computer")
        assert (answered["fruit"]["current"]["class"], answered["fruit"]["corrections"]) == ("II", 1)
        assert "-II-" in answered["fruit"]["current"]["sku"]
        assert get(address, "review")["waiting"]["doubtful"] == 2


def test_sound_fruit_keep_no_pictures(tmp_path: Path) -> None:
    with listening(live_app(tmp_path, audit_fraction=0.0)) as address:
        pass_fruit(address, grade_class="extra")
        stored(address, 3)
        assert list((tmp_path / "data" / "evidence").iterdir()) == []


def test_a_full_disk_costs_pictures_only(tmp_path: Path) -> None:
    full = live_app(tmp_path, audit_fraction=0.0, min_free_mb=1_000_000_000)
    with listening(full) as address:
        pass_fruit(address, grade_class="I")
        stored(address, 3)
        queue = get(address, "review", limit=3)
        assert queue["waiting"]["doubtful"] == 3
        assert (queue["evidence"]["kept"], queue["evidence"]["missed"]) == (0, 3)
        assert "free disk space" in queue["evidence"]["problem"]
        assert [fruit["views"] for fruit in queue["fruits"]] == [[], [], []]


def test_of_the_random_sample_nothing_is_told_until_it_is_answered(tmp_path: Path) -> None:
    with listening(live_app(tmp_path, audit_fraction=1.0)) as address:
        pass_fruit(address, grade_class="II")
        queue = waiting(address, 3)
        assert queue["waiting"] == {"doubtful": 0, "audit": 3, "all": 3}
        fruit = queue["fruits"][0]
        assert (fruit["kind"], fruit["blind"]) == ("audit", True)
        assert (fruit["current"], fruit["record"], fruit["answers"]) == (None, None, [])
        assert [view["overlay_url"] for view in fruit["views"]] == [None, None]
        number = fruit["lot_fruit_id"]
        hidden = httpx.get(f"{address}/api/v1/review/{number}/views/0/overlay")
        assert error_code(hidden, 409) == "conflict"
        answered = say(address, number, "change", **{"class": "II"}).json()
        assert answered["agrees"] is True
        assert answered["answer"]["blind"] is True
        assert answered["fruit"]["current"]["class"] == "II"
        assert answered["fruit"]["record"]["texts"]["reasons"]
        other = queue["fruits"][1]["lot_fruit_id"]
        assert say(address, other, "change", **{"class": "extra"}).json()["agrees"] is False
        assert get(address, "qa") == {
            "fruit": 2,
            "agreed": 1,
            "differed": 1,
            "cannot_tell": 0,
            "rows": [
                {"machine_class": "II", "person_class": "II", "fruit": 1},
                {"machine_class": "II", "person_class": "extra", "fruit": 1},
            ],
        }


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with nine doubtful fruit, numbers 1 to 9, and one that nobody doubts, 10."""
    folder = tmp_path_factory.mktemp("stocked")
    archive = open_archive(folder / "data")
    assert fill(archive, doubtful=9, sound=1) == list(range(1, 11))
    archive.close()
    with listening(live_app(folder)) as address:
        yield address


def numbers(queue: Any) -> list[int]:
    return [fruit["lot_fruit_id"] for fruit in queue["fruits"]]


def test_two_people_get_different_fruit(stocked: str) -> None:
    assert numbers(get(stocked, "review", limit=2, station="left")) == [1, 2]
    assert numbers(get(stocked, "review", limit=2, station="right")) == [3, 4]
    assert numbers(get(stocked, "review", limit=3, station="left")) == [1, 2, 5]
    assert numbers(get(stocked, "review", limit=2, after=2, station="right")) == [3, 4]
    assert numbers(get(stocked, "review", limit=2)) == [1, 2]
    assert numbers(get(stocked, "review", limit=2, kind="audit")) == []


def test_the_same_answer_twice_another_one_not(stocked: str) -> None:
    first = say(stocked, 9, "confirm", key="same-key-1")
    again = say(stocked, 9, "confirm", key="same-key-1")
    assert (first.status_code, again.json()) == (200, first.json())
    late = say(stocked, 9, "change", key="other-key", **{"class": "II"})
    assert error_code(late, 409) == "conflict"
    assert "this computer answered I" in late.json()["error"]["message"]
    back = say(stocked, 9, "undo", 1)
    assert (back.json()["fruit"]["current"]["class"], back.json()["fruit"]["kind"]) == ("I", "doubtful")


def test_a_picture_that_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "data")
    (number,) = fill(archive, doubtful=1)
    name = archive.evidence.pictures([number])[number][0].picture_hash
    archive.views.delete(name)
    archive.close()
    with listening(live_app(tmp_path)) as address:
        (fruit,) = get(address, "review")["fruits"]
        assert [(view["url"], view["overlay_url"]) for view in fruit["views"]] == [(None, None)]
        gone = httpx.get(f"{address}/api/v1/evidence/{name}")
        assert error_code(gone, 404) == "not_found"


BRUSH = {"view": 0, "kind": "rot", "shape": "brush", "points": [[10, 10]], "width_px": 8}


@pytest.mark.parametrize(
    ("number", "change", "status", "code", "message"),
    [
        (
            8,
            {"answer": "change", "class": "Fancy"},
            422,
            "invalid_review",
            "class: expected one of extra, I, II",
        ),
        (8, {"answer": "change"}, 422, "invalid_parameter", "class: expected for change"),
        (8, {"class": "II"}, 422, "invalid_parameter", "class: expected for change"),
        (8, {"lot": "L2"}, 409, "conflict", "fruit 8: expected one of lot L2, it belongs to lot L1"),
        (8, {"seen": 3}, 409, "conflict", "fruit 8: expected 3 answers before this one, there are 0"),
        (8, {"answer": "undo"}, 409, "conflict", "expected an answer to take back, there is none"),
        (8, {"key": "short"}, 422, "invalid_parameter", "body.key"),
        (8, {"colour": "red"}, 422, "invalid_parameter", "body.colour"),
        (
            8,
            {"marks": [{**BRUSH, "view": 3}]},
            422,
            "invalid_review",
            "marks.0.view: expected one of the 1 views",
        ),
        (8, {"marks": [{**BRUSH, "kind": "worm"}]}, 422, "invalid_parameter", "body.marks.0.kind"),
        (8, {"marks": [{**BRUSH, "erase": True}]}, 422, "invalid_parameter", "expected a kind, or erase"),
        (
            8,
            {"marks": [{**BRUSH, "shape": "polygon"}]},
            422,
            "invalid_parameter",
            "width_px: expected for a brush",
        ),
        (4711, {}, 404, "not_found", "no judged fruit 4711 here"),
    ],
)
def test_answers_that_are_refused(
    stocked: str, number: int, change: dict[str, object], status: int, code: str, message: str
) -> None:
    answer = say(stocked, number, **{"answer": "confirm", **change})  # type: ignore[arg-type]
    assert error_code(answer, status) == code
    assert message in answer.json()["error"]["message"]
    assert get(stocked, "review/8")["corrections"] == 0


def test_an_answer_of_many_megabytes_is_refused_unread(tmp_path: Path) -> None:
    with listening(live_app(tmp_path, max_upload_mb=1)) as address:
        answer = httpx.post(f"{address}/api/v1/review/1", content=b"[" * 1_000_001, timeout=60)
        assert error_code(answer, 413) == "upload_too_large"
