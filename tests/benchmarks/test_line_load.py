"""The open load: its instants, what it counts, and its WebSocket against a real server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from itertools import pairwise
from threading import Thread
from typing import Any

import pytest
from line_load import (
    LEAD_S,
    VIEW_GAP_S,
    Answered,
    LineSocket,
    Load,
    Outcome,
    Shot,
    offer,
    quantile,
    schedule,
)
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from service.line.protocol import MessageLimits, decode_frame

FIRST_PHASE, SECOND_PHASE = 0.13436424411240122, 0.8474337369372327
"""Of two lanes, in gaps of their fruit: what Python's generator gives for seed 1."""


def test_every_view_has_its_instant() -> None:
    shots = schedule(Load(fruit_per_s=4, lanes=2, views=2, seconds=1))
    one, two = LEAD_S + 0.5 * FIRST_PHASE, LEAD_S + 0.5 * SECOND_PHASE  # each lane: a fruit every half second
    assert shots == [
        Shot(one, 0, 1, 0),
        Shot(one + VIEW_GAP_S, 0, 1, 1),
        Shot(two, 1, 2, 0),
        Shot(two + VIEW_GAP_S, 1, 2, 1),
        Shot(LEAD_S + 0.5 * (1 + FIRST_PHASE), 2, 1, 0),
        Shot(LEAD_S + 0.5 * (1 + FIRST_PHASE) + VIEW_GAP_S, 2, 1, 1),
        Shot(LEAD_S + 0.5 * (1 + SECOND_PHASE), 3, 2, 0),
        Shot(LEAD_S + 0.5 * (1 + SECOND_PHASE) + VIEW_GAP_S, 3, 2, 1),
    ]


def test_lanes_are_out_of_step_and_each_keeps_its_own() -> None:
    load = Load(fruit_per_s=30, lanes=4, views=10, seconds=20)
    shots = schedule(load)
    assert shots == sorted(shots)
    assert len(shots) == 30 * 20 * 10
    assert {(shot.fruit, shot.view) for shot in shots} == {(f, v) for f in range(600) for v in range(10)}
    first = [shot for shot in shots if shot.view == 0]
    for lane in range(1, 5):
        begins = [shot.at_s for shot in first if shot.lane == lane]
        assert len(begins) == 150
        gaps = [later - earlier for earlier, later in pairwise(begins)]
        assert gaps == pytest.approx([4 / 30] * 149)
    assert len({round(shot.at_s % (4 / 30), 6) for shot in first}) == 4
    assert schedule(load) == shots


@pytest.mark.parametrize(
    ("rate", "seconds", "fruit"), [(2.0, 0.2, 0), (2.0, 0.3, 1), (0.5, 3.0, 2), (7.3, 3, 22)]
)
def test_as_many_fruit_as_pass_in_that_time(rate: float, seconds: float, fruit: int) -> None:
    assert len(schedule(Load(fruit_per_s=rate, lanes=3, views=1, seconds=seconds))) == fruit


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, float("inf")),
        ([7.0], 0.0, 7.0),
        ([7.0], 1.0, 7.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([4.0, 1.0, 3.0, 2.0], 0.51, 3.0),
        (list(range(1, 101)), 0.99, 99),
        (list(range(1, 102)), 0.99, 100),
        (list(range(1, 1001)), 0.999, 999),
        (list(range(1, 1002)), 0.999, 1000),
    ],
)
def test_a_quantile_is_a_rank(values: list[float], share: float, expected: float) -> None:
    assert quantile(values, share) == expected


GRADED = Answered(
    latency_s=0.05,
    outlet="pack_first",
    grade_class="I",
    reason=None,
    late=False,
    model_id="m",
    view_count=2,
)
OUTCOME = Outcome(answers={}, sent=0, doubles=0, notices=0, behind_s=[0.0] * 100, blocked_s=0.0, seconds=10.0)


def test_what_is_not_graded_in_time_is_missed() -> None:
    answers = {
        0: GRADED,
        1: replace(GRADED, latency_s=0.07),
        2: replace(GRADED, late=True, latency_s=9.0),
        3: replace(GRADED, reason="overload", grade_class=None, latency_s=0.001),
    }
    outcome = replace(OUTCOME, answers=answers, sent=5)  # the fifth was never answered
    assert outcome.graded == [answers[0], answers[1]]
    assert outcome.missed == 3
    assert (outcome.latency_ms(0.5), outcome.latency_ms(1.0)) == (50.0, pytest.approx(70.0))
    assert OUTCOME.latency_ms(0.5) == float("inf")


@pytest.mark.parametrize(
    ("behind_s", "blocked_s", "kept"),
    [
        ([0.01] * 100, 0.0, True),
        ([0.0] * 99 + [1.0], 0.0, True),
        ([0.0] * 98 + [0.0101] * 2, 0.0, False),
        ([1.0] * 100, 0.2, False),
        ([1.0] * 100, 0.2001, True),  # the service took no bytes
    ],
)
def test_whether_the_sender_kept_its_schedule(behind_s: list[float], blocked_s: float, kept: bool) -> None:
    assert replace(OUTCOME, behind_s=behind_s, blocked_s=blocked_s).kept_schedule is kept


@contextmanager
def server(handle: Callable[[ServerConnection], None], **more: Any) -> Iterator[str]:
    with serve(handle, "127.0.0.1", 0, max_size=None, **more) as running:
        thread = Thread(target=running.serve_forever)
        thread.start()
        host, port = running.socket.getsockname()
        yield f"http://{host}:{port}"
        running.shutdown()
    thread.join()


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 3_000_000])
def test_messages_of_every_length_arrive_whole(length: int) -> None:
    got: list[tuple[str, str | bytes]] = []

    def handle(socket: ServerConnection) -> None:
        assert socket.request
        got.append((socket.request.path, socket.recv()))
        got.append(("text", socket.recv()))
        socket.send("é" * length)

    beginning, rest = b"\x00\x01", bytes(index % 251 for index in range(length))
    with server(handle) as address:
        wire = LineSocket(address, "yard")
        wire.binary(beginning, rest)
        wire.text("x" * length)
        answer = wire.receive()
        assert wire.receive() is None  # the server has closed
        wire.close()
    assert got == [("/api/v1/lines/yard/frames", beginning + rest), ("text", "x" * length)]
    assert answer == ("é" * length).encode()


def test_a_ping_is_answered() -> None:
    answered: list[bool] = []

    def handle(socket: ServerConnection) -> None:
        answered.append(socket.ping(b"there?").wait(30))
        socket.send("done")

    with server(handle, ping_interval=None) as address:
        wire = LineSocket(address, "yard")
        assert wire.receive() == b"done"
        wire.close()
    assert answered == [True]


def test_a_service_that_refuses_is_named() -> None:
    with (
        server(
            lambda _: None, process_request=lambda socket, _: socket.respond(HTTPStatus.NOT_FOUND, "")
        ) as address,
        pytest.raises(
            ConnectionError, match=f"{address}: expected 101 Switching Protocols, got b'HTTP/1.1 404"
        ),
    ):
        LineSocket(address, "yard")


def answer(fruit: int, **more: object) -> str:
    told = {
        "fruit_id": fruit,
        "outlet": "pack_first",
        "class": "I",
        "reason": None,
        "late": False,
        "model_id": "m",
        "view_count": 2,
    }
    return json.dumps(told | more)


def test_a_load_is_sent_as_scheduled_and_every_answer_has_its_place() -> None:
    """Of five fruit one is graded, one late, one answered twice, one refused and sent round, one never answered."""
    load = Load(fruit_per_s=20, lanes=2, views=2, seconds=0.25)
    first, count = 100, 5000
    frames: list[tuple[Any, bytes]] = []
    ticks: list[int] = []
    answers = {
        0: [answer(first)],
        1: [answer(first + 1, late=True, reason="late")],
        2: [answer(first + 2), answer(first + 2, outlet="again")],
        3: [
            json.dumps({"error": {"code": "duplicate", "message": "", "fruit_id": first + 3}}),
            answer(first + 3, reason="overload", outlet="again", **{"class": None}),
        ],
        4: [],
    }

    def handle(socket: ServerConnection) -> None:
        try:
            while True:
                message = socket.recv()
                if isinstance(message, str):
                    ticks.append(json.loads(message)["encoder"])
                    continue
                header, picture = decode_frame(message, MessageLimits())
                frames.append((header, picture))
                if header.last_view:
                    for one in answers[int(header.fruit_id) - first]:
                        socket.send(one)
        except ConnectionClosed:
            return

    pictures = [[jpeg(f"{fruit}{view}") for view in range(2)] for fruit in range(3)]
    with server(handle) as address:
        outcome = offer(address, "yard", pictures, load, first_fruit=first, first_count=count)
    shots = schedule(load)
    assert len(shots) == 10
    assert [(header.fruit_id - first, header.lane, header.view) for header, _ in frames] == [
        (shot.fruit, shot.lane, shot.view) for shot in shots
    ]
    assert [header.encoder for header, _ in frames] == [count + int(1000 * shot.at_s) for shot in shots]
    assert [header.last_view for header, _ in frames] == [shot.view == 1 for shot in shots]
    assert [picture for _, picture in frames] == [pictures[shot.fruit % 3][shot.view] for shot in shots]
    moments = [header.captured_at.timestamp() for header, _ in frames]
    assert [moment - moments[0] for moment in moments] == pytest.approx(
        [shot.at_s - shots[0].at_s for shot in shots], abs=0.0011
    )
    assert ticks == sorted(ticks)
    assert ticks[0] >= count
    assert (outcome.sent, outcome.doubles, outcome.notices, outcome.seconds) == (5, 1, 1, 0.25)
    assert sorted(outcome.answers) == [0, 1, 2, 3]
    assert outcome.answers[2].outlet == "pack_first"  # the first one counts
    assert [(one.reason, one.late) for _, one in sorted(outcome.answers.items())] == [
        (None, False),
        ("late", True),
        (None, False),
        ("overload", False),
    ]
    assert (len(outcome.graded), outcome.missed, len(outcome.behind_s)) == (2, 3, 10)
    assert outcome.behind_s == sorted(outcome.behind_s)
    assert all(one.latency_s >= 0 for one in outcome.answers.values())


def jpeg(text: str) -> bytes:
    """What looks like one: nobody decodes it."""
    return b"\xff\xd8\xff" + text.encode() + b"\xff\xd9"
