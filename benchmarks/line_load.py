"""Open-loop load for a sorting line: every view has its instant, fixed before, and is sent whether answers come or not.

The answer to a fruit counts from the instant its last view was *scheduled*: a service that holds up the sender makes
its own latencies worse, and cannot hide them (no coordinated omission).
"""

from __future__ import annotations

import base64
import json
import os
import random
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock, Thread
from urllib.parse import urlsplit

VIEW_GAP_S = 0.03
"""Between two views of one fruit: ten views while it turns before the camera, some 33 pictures a second."""
TICK_GAP_S = 0.05
COUNTS_PER_S = 1000
"""Of the encoder: one count is one millisecond of belt."""
LEAD_S = 0.2
"""From the start of the run to the first view."""
PATIENCE_S = 5.0
"""How long answers are waited for after the last view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """fruit_per_s: of all lanes together. The lanes are out of step with each other, by a fixed seed."""

    fruit_per_s: float
    lanes: int
    views: int
    seconds: float


@dataclass(frozen=True, slots=True, order=True)
class Shot:
    """One view. at_s: from the start."""

    at_s: float
    fruit: int
    lane: int
    view: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back for one fruit. latency_s: from the scheduled instant of its last view."""

    latency_s: float
    outlet: str
    grade_class: str | None
    reason: str | None
    late: bool
    model_id: str | None
    view_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a load.

    answers: by fruit. sent: fruit offered. doubles: answers to fruit that were answered already. notices: refusals.
    behind_s: by how much views were sent after their instant, sorted. blocked_s: time the service did not take bytes.
    """

    answers: Mapping[int, Answered]
    sent: int
    doubles: int
    notices: int
    behind_s: Sequence[float]
    blocked_s: float
    seconds: float

    @property
    def graded(self) -> list[Answered]:
        """Got a class in time."""
        return [one for one in self.answers.values() if one.reason is None and not one.late]

    @property
    def missed(self) -> int:
        """Fruit that were not graded in time: late, sent round again, or never answered."""
        return self.sent - len(self.graded)

    def latency_ms(self, share: float) -> float:
        """Quantile, by rank, over the graded fruit; infinite when there is none."""
        return 1e3 * quantile([one.latency_s for one in self.graded], share)

    @property
    def kept_schedule(self) -> bool:
        """False when the sender itself was slow: more than one view in a hundred over 10 ms late, and not because the
        service took no bytes (for more than 2 % of the time).
        """
        return quantile(self.behind_s, 0.99) <= 0.01 or self.blocked_s > 0.02 * self.seconds


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed; infinite without values.

    >>> quantile([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    ordered = sorted(values)
    if not ordered:
        return float("inf")
    return ordered[max(0, min(len(ordered), -int(-share * len(ordered) // 1)) - 1)]


def schedule(load: Load) -> list[Shot]:
    """Every view of a load in the order of sending."""
    dice = random.Random(1)
    phases = [dice.random() for _ in range(load.lanes)]
    gap_s = load.lanes / load.fruit_per_s
    shots = []
    for number in range(round(load.fruit_per_s * load.seconds)):
        lane = number % load.lanes
        begin_s = LEAD_S + (number // load.lanes + phases[lane]) * gap_s
        shots += [Shot(begin_s + view * VIEW_GAP_S, number, lane + 1, view) for view in range(load.views)]
    return sorted(shots)


def offer(
    address: str,
    line: str,
    pictures: Sequence[Sequence[bytes]],
    load: Load,
    *,
    first_fruit: int = 0,
    first_count: int = 1_000_000,
) -> Outcome:
    """Send a load to a line of a service at `address`, and gather what comes back.

    pictures: by fruit and view; fruit take turns. first_fruit, first_count: of names and encoder, so that one run
    can follow another.
    """
    shots = schedule(load)
    wire = LineSocket(address, line)
    started = time.perf_counter()
    zero = time.time() - started
    last_view_s = {shot.fruit: shot.at_s for shot in shots if shot.view == load.views - 1}
    hearing = _Hearing(wire, started, last_view_s, first_fruit)
    behind, blocked_s, ticked_s = [], 0.0, 0.0
    for shot in shots:
        now_s = time.perf_counter() - started
        while shot.at_s - now_s > 0:
            wake_s = min(shot.at_s, ticked_s + TICK_GAP_S)
            if wake_s > now_s:
                time.sleep(wake_s - now_s)
                now_s = time.perf_counter() - started
            if now_s >= ticked_s + TICK_GAP_S:
                wire.text(f'{{"type":"encoder","encoder":{first_count + int(now_s * COUNTS_PER_S)}}}')
                ticked_s = now_s
                now_s = time.perf_counter() - started
        behind.append(now_s - shot.at_s)
        header = (
            f'{{"fruit_id":{first_fruit + shot.fruit},"lane":{shot.lane},"camera":"top","view":{shot.view},'
            f'"encoder":{first_count + int(shot.at_s * COUNTS_PER_S)},"captured_at":{zero + started + shot.at_s:.3f},'
            f'"last_view":{"true" if shot.view == load.views - 1 else "false"}}}'
        ).encode()
        wire.binary(len(header).to_bytes(4, "big") + header, pictures[shot.fruit % len(pictures)][shot.view])
        blocked_s += max(0.0, time.perf_counter() - started - now_s - 0.002)
    end_s = (shots[-1].at_s if shots else 0.0) + PATIENCE_S
    while len(hearing.answers) < len(last_view_s) and time.perf_counter() - started < end_s:
        time.sleep(TICK_GAP_S)
        now_s = time.perf_counter() - started
        wire.text(f'{{"type":"encoder","encoder":{first_count + int(now_s * COUNTS_PER_S)}}}')
    wire.say_goodbye()
    hearing.thread.join()
    wire.close()
    return Outcome(
        answers=hearing.answers,
        sent=len(last_view_s),
        doubles=hearing.doubles,
        notices=hearing.notices,
        behind_s=sorted(behind),
        blocked_s=blocked_s,
        seconds=load.seconds,
    )


class _Hearing:
    """Takes answers in a thread of its own."""

    def __init__(
        self, wire: LineSocket, started: float, last_view_s: Mapping[int, float], first_fruit: int
    ) -> None:
        self.answers: dict[int, Answered] = {}
        self.doubles = self.notices = 0
        self._wire, self._started, self._last_view_s = wire, started, last_view_s
        self._first_fruit = first_fruit
        self.thread = Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        while (text := self._wire.receive()) is not None:
            heard_s = time.perf_counter() - self._started
            message = json.loads(text)
            if "fruit_id" not in message:
                self.notices += 1
                continue
            fruit = message["fruit_id"] - self._first_fruit
            if fruit in self.answers:
                self.doubles += 1
                continue
            self.answers[fruit] = Answered(
                latency_s=heard_s - self._last_view_s[fruit],
                outlet=message["outlet"],
                grade_class=message["class"],
                reason=message["reason"],
                late=message["late"],
                model_id=message["model_id"],
                view_count=message["view_count"],
            )


class LineSocket:
    """The cheapest client that speaks WebSocket (RFC 6455): pictures go to the kernel as they are.

    The masking key is zero: masking changes nothing, and costs the sender nothing; the service unmasks all the same.
    """

    def __init__(self, address: str, line: str) -> None:
        parts = urlsplit(address)
        self._socket = socket.create_connection((parts.hostname, parts.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sending = Lock()
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            (
                f"GET /api/v1/lines/{line}/frames HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )
        self._file = self._socket.makefile("rb")
        status = self._file.readline()
        if b" 101 " not in status:
            self.close()
            raise ConnectionError(f"{address}: expected 101 Switching Protocols, got {status!r}")
        while self._file.readline() not in (b"\r\n", b""):
            pass

    def binary(self, beginning: bytes, rest: bytes) -> None:
        """One binary message of two parts."""
        self._send(2, beginning, rest)

    def text(self, text: str) -> None:
        """One text message."""
        self._send(1, text.encode())

    def receive(self) -> bytes | None:
        """The next text message; None when the connection has ended. Pings are answered."""
        while True:
            try:
                head = self._file.read(2)
                if len(head) < 2:
                    return None
                opcode, length = head[0] & 15, head[1] & 127
                if length >= 126:
                    length = int.from_bytes(self._file.read(2 if length == 126 else 8), "big")
                data = self._file.read(length)
            except (OSError, ValueError):
                return None
            if opcode == 1:
                return data
            if opcode == 8:
                return None
            if opcode == 9:
                self._send(10, data)

    def say_goodbye(self) -> None:
        """Nothing more is sent; `receive` goes on until the service has ended too."""
        try:
            self._send(8, struct.pack("!H", 1000))
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self) -> None:
        """Let go of the connection."""
        self._file.close()
        self._socket.close()

    def _send(self, opcode: int, *parts: bytes) -> None:
        length = sum(map(len, parts))
        head = bytes((0x80 | opcode,))
        if length < 126:
            head += bytes((0x80 | length,))
        elif length < 65_536:
            head += struct.pack("!BH", 0x80 | 126, length)
        else:
            head += struct.pack("!BQ", 0x80 | 127, length)
        with self._sending:
            buffers = [memoryview(part) for part in (head + b"\0\0\0\0", *parts)]
            while buffers:
                sent = self._socket.sendmsg(buffers)
                while buffers and sent >= len(buffers[0]):
                    sent -= len(buffers.pop(0))
                if buffers and sent:
                    buffers[0] = buffers[0][sent:]
