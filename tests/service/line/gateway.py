"""A client of a line over a real WebSocket: sends fruit of three views, takes answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.sync.client import connect

from service.line.protocol import (
    Decision,
    EncoderTick,
    FrameHeader,
    Heartbeat,
    Notice,
    decode_answer,
    encode_frame,
)
from tests.fakes import line_picture
from tests.service.line.lines import write_line

VIEWS, CUP = 3, 100
LINE = """\
schema = "line/1"
id = "NAME"
lanes = [1, 2]
recirculate = "again"
triggers = "TRIGGERS"
min_views = 2
open_fruit_per_lane = 64

[grading]
crop = "apple"
mm_per_px = 0.2

[encoder]
modulus = 65536
max_jump_counts = 1000
same_cup_counts = 40

[deadline]
wait_counts = 4000
last_use_counts = 5000
wait_s = 40
last_use_s = 60

[frames]
max_age_s = 60

[[cameras]]
name = "top"
views = 3
counts_per_view = 10

[[outlets]]
name = "pack_first"
counts = 6000

[[outlets]]
name = "again"
counts = 7000
"""
"""Nothing here ends by time while a test runs."""


def write_patient_line(folder: Path, name: str, *, triggers: str = "frames") -> None:
    """A line that waits for minutes."""
    write_line(folder, LINE.replace("NAME", name).replace("TRIGGERS", triggers), f"{name}.toml")


def frame_of(
    number: int,
    view: int,
    *,
    lane: int = 1,
    encoder: int | None = None,
    age_s: float = 0.0,
    **orders: object,
) -> bytes:
    """One frame message. encoder: at the trigger."""
    place = 1000 + CUP * number if encoder is None else encoder
    header = FrameHeader(
        fruit_id=number,
        lane=lane,
        camera="top",
        view=view,
        encoder=(place + 10 * view) % 65_536,
        captured_at=datetime.now(UTC) - timedelta(seconds=age_s),
        last_view=view == VIEWS - 1,
    )
    return encode_frame(header, line_picture(**orders))


class Gateway:
    """Fruit `number` is at the trigger at 1000 + 100 x number."""

    def __init__(self, address: str, line: str, *, lane: int = 1) -> None:
        self.address, self.line, self.lane = address, line, lane
        where = f"{address.replace('http', 'ws')}/api/v1/lines/{line}/frames"
        self.socket = connect(where, open_timeout=120, legacy=True)
        self.decisions: list[Decision] = []
        self.notices: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def view(self, number: int, view: int, **more: Any) -> bytes:
        """One frame message."""
        return frame_of(number, view, lane=self.lane, **more)

    def send_fruit(self, number: int, **more: Any) -> None:
        """All its views."""
        for view in range(VIEWS):
            self.socket.send(self.view(number, view, **more))

    def tick(self, encoder: int) -> None:
        """Where the belt is."""
        self.socket.send(EncoderTick(encoder=encoder).to_json())

    def decision(self) -> Decision:
        """The next one; refusals before it are noted."""
        while True:
            answer = decode_answer(str(self.socket.recv(timeout=60)))
            if isinstance(answer, Decision):
                self.decisions.append(answer)
                return answer
            assert isinstance(answer, Notice), answer
            self.notices.append(answer.error.code)

    def settle(self) -> None:
        """Until the line has taken in all that was sent before."""
        self.socket.send(Heartbeat(number=7).to_json())
        while not isinstance(answer := decode_answer(str(self.socket.recv(timeout=60))), Heartbeat):
            if isinstance(answer, Notice):
                self.notices.append(answer.error.code)
            else:
                self.decisions.append(answer)

    def state(self) -> dict[str, Any]:
        """What the service says of the line."""
        found: dict[str, Any] = httpx.get(f"{self.address}/api/v1/lines/{self.line}").json()
        return found

    def counts(self, lane: int | None = None) -> dict[str, Any]:
        """Counts of a lane; its sums add up."""
        lanes = {one["lane"]: one for one in self.state()["lanes"]}
        found: dict[str, Any] = lanes[self.lane if lane is None else lane]
        assert found["problems"] == []
        assert found["triggers"] == found["graded"] + found["abstained"] + found["no_read"] + found["open"]
        return found
