"""A running service with a line that a test sends fruit to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from websockets.sync.client import ClientConnection, connect

from service.app import create_app
from service.line.protocol import Decision, EncoderTick, FrameHeader, decode_answer, encode_frame
from service.settings import ServiceSettings
from tests.fakes import FakeGrader, FakeLineGrader, load_fake_grader, painted_line_picture

PATIENCE_S = 60.0


def live_app(folder: Path, **more: object) -> FastAPI:
    """Any name is a line; quick graders; previews of the priority of everything else."""
    settings = ServiceSettings.model_validate(
        {
            "data_dir": folder / "data",
            "samples_dir": folder / "none",
            "model_dir": folder / "fake",
            "line_workers": 1,
            "line_waiting_ms": 60_000,
            "line_waiting_views": 1000,
            "min_free_mb": 1,
            "preview_niceness": 0,
            **more,
        }
    )
    return create_app(
        settings,
        grader=FakeGrader(),
        load_for_lines=FakeLineGrader.load,
        load_for_previews=load_fake_grader,
    )


class Sender:
    """A client of a line: one view a fruit, and a tick with each."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.sent = 0

    def send(
        self,
        *,
        lane: int = 1,
        fruit_id: int | None = None,
        view: int = 0,
        last_view: bool = True,
        **orders: object,
    ) -> None:
        """One view: of a new fruit, whose id is its number, or of the one named."""
        number = self.sent if fruit_id is None else fruit_id
        encoder = 1000 + 50 * number
        header = FrameHeader(
            fruit_id=number,
            lane=lane,
            camera="top",
            view=view,
            encoder=encoder,
            captured_at=datetime.now(UTC),
            last_view=last_view,
        )
        self._socket.send(EncoderTick(encoder=encoder).to_json())
        self._socket.send(encode_frame(header, painted_line_picture(**orders)))
        self.sent += fruit_id is None

    def decision(self) -> Decision:
        """The next answer."""
        answer = decode_answer(str(self._socket.recv(timeout=PATIENCE_S)))
        assert isinstance(answer, Decision), answer
        return answer

    def decisions(self, count: int) -> list[Decision]:
        """The next answers."""
        return [self.decision() for _ in range(count)]


@contextmanager
def sending(address: str, line: str = "yard") -> Iterator[Sender]:
    """A client of a line."""
    url = f"{address.replace('http', 'ws')}/api/v1/lines/{line}/frames"
    with connect(url, open_timeout=120) as socket:
        yield Sender(socket)
