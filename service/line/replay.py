"""Plays fruit past a line at real speed: belt, light barrier and cameras in one. Needs a running service."""

from __future__ import annotations

import asyncio
import heapq
import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from time import monotonic
from typing import Any

from service.errors import LineConnectionError, ReplayError
from service.line.fruit_pictures import FruitPictures
from service.line.protocol import Decision, EncoderTick, FrameHeader, Trigger
from service.line.stream_client import LineClient

TICK_S = 0.04
"""Between two encoder ticks."""
COUNTS_PER_S = 1000.0
"""Speed of the belt where nothing asks for more."""
VIEW_S = 0.05
"""Between two views of a line that does not know its cameras."""
SHARE_OF_WAIT = 0.5
"""All views of a fruit come within this share of the time that the line waits for them."""
REFUSALS_AFTER_S = 0.2
"""A line sends decisions before refusals: those on their way are waited for after the last decision."""
LAST_WAIT_S = 20.0
"""Longest wait for decisions after the last view."""
_STATE_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPlace:
    """Views of a camera: the first at `first_counts` from the trigger, then every `counts_per_view`. views: 0: any."""

    name: str
    views: int
    first_counts: int
    counts_per_view: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BeltPlan:
    """How a replay drives a line. start: encoder count. counts_per_s: speed. modulus: the counter wraps here."""

    cameras: tuple[CameraPlace, ...]
    start: int
    counts_per_s: float
    modulus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FruitResult:
    """What became of one fruit. decision: None when none came. wait_s: from its last view to its decision."""

    name: str
    lane: int
    decision: Decision | None
    wait_s: float | None


@dataclass(slots=True, kw_only=True)
class ReplayResult:
    """What became of all. refused: messages by code. unsent: messages without connection or room. doubles: decisions
    for fruit that had one, or were never sent. behind_s: the longest time by which the replay was late itself.
    """

    fruit: list[FruitResult] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    unsent: int = 0
    reconnects: int = 0
    doubles: int = 0
    seconds: float = 0.0
    behind_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The summary: counts that add up to `fruit`, times in ms."""
        decisions = [one.decision for one in self.fruit if one.decision is not None]
        waits = sorted(one.wait_s for one in self.fruit if one.wait_s is not None)
        return {
            "fruit": len(self.fruit),
            "decisions": len(decisions),
            "missing": len(self.fruit) - len(decisions),
            "late": sum(decision.late for decision in decisions),
            "outlets": _counted(decision.outlet for decision in decisions),
            "classes": _counted(decision.grade_class or "none" for decision in decisions),
            "reasons": _counted(decision.reason or "graded" for decision in decisions),
            "frames": self.frames,
            "refused": dict(sorted(self.refused.items())),
            "unsent": self.unsent,
            "reconnects": self.reconnects,
            "doubles": self.doubles,
            "seconds": round(self.seconds, 3),
            "fruit_per_s": round(len(self.fruit) / self.seconds, 3) if self.seconds else None,
            "p50_ms": _quantile_ms(waits, 0.5),
            "p99_ms": _quantile_ms(waits, 0.99),
            "behind_ms": round(1000 * self.behind_s, 1),
        }


def read_belt(
    base_url: str, line: str, *, views: int, camera: str | None = None, key: str | None = None
) -> BeltPlan:
    """Ask the service where the cameras of a line are and where its encoder stands.

    base_url: http://HOST:PORT. views: of each fruit, where the line does not know. camera: play this one only; else all
    but those that the service opens itself, for which the replay is only the PLC. A line without cameras takes any.
    key: API key, where the service asks for one.

    Raises:
        LineConnectionError: no service there. ReplayError: the line has no such camera.
    """
    state = _line_state(base_url, line, key)
    wait_s = float(state.get("wait_s", 2.0)) * SHARE_OF_WAIT
    own = {str(one["camera"]) for one in state.get("own_cameras", ())}
    known = tuple(
        CameraPlace(
            name=str(one["name"]),
            views=int(one["views"]),
            first_counts=int(one["first_view_counts"]),
            counts_per_view=float(one["counts_per_view"]),
        )
        for one in state.get("camera_places", ())
    )
    places = tuple(one for one in known if (one.name == camera if camera else one.name not in own))
    if known and camera and not places:
        names = ", ".join(one.name for one in known)
        raise ReplayError(f"--camera: expected a camera of line {line} ({names}), got {camera!r}")
    speed = COUNTS_PER_S
    if not known:
        between = COUNTS_PER_S * min(VIEW_S, wait_s / views)
        places = (CameraPlace(name=camera or "camera", views=0, first_counts=0, counts_per_view=between),)
    else:
        farthest = max(one.first_counts + one.counts_per_view * max(one.views, views) for one in known)
        speed = max(speed, farthest / wait_s)
    start = state.get("encoder")
    return BeltPlan(
        cameras=places,
        start=0 if start is None else int(start),
        counts_per_s=speed,
        modulus=int(state.get("encoder_modulus", 2**32)),
    )


async def replay(
    line: LineClient,
    fruit: Iterator[FruitPictures],
    plan: BeltPlan,
    *,
    lanes: tuple[int, ...],
    fruit_per_s: float,
    tell: Callable[[Decision], None] = lambda _decision: None,
) -> ReplayResult:
    """Send every fruit, `fruit_per_s` on each lane, and wait for its decision. tell: called with every decision.

    Raises:
        ReplayError: a picture cannot be read.
    """
    player = _Player(line, plan, tell)
    listening = asyncio.create_task(player.listen())
    try:
        await player.play(fruit, lanes, fruit_per_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WAIT_S):
                await player.all_decided()
        await asyncio.sleep(REFUSALS_AFTER_S)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return player.finish()


@dataclass(slots=True)
class _Sent:
    name: str
    lane: int
    last_s: float = 0.0
    decision: Decision | None = None
    wait_s: float | None = None


class _Player:
    def __init__(self, line: LineClient, plan: BeltPlan, tell: Callable[[Decision], None]) -> None:
        self._line, self._plan, self._tell = line, plan, tell
        self._result = ReplayResult()
        self._run = f"{int(datetime.now(UTC).timestamp() * 1000) % 36**6:x}"
        self._sent: dict[str, _Sent] = {}
        self._open = 0
        self._changed = asyncio.Event()
        self._begin_s = monotonic()
        self._todo: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()

    async def play(self, fruit: Iterator[FruitPictures], lanes: tuple[int, ...], fruit_per_s: float) -> None:
        """Fruit goes to the lanes in turn. The next one is read while the belt runs."""
        between_s = 1.0 / (fruit_per_s * len(lanes))
        number = 0
        async for one in _read_ahead(fruit):
            if number == 0:
                self._begin_s = monotonic()
                self._at(self._begin_s, lambda: self._tick(self._begin_s))
            due_s = self._begin_s + TICK_S + number * between_s
            self._put_on(one, lanes[number % len(lanes)], number, due_s)
            number += 1
            await self._run_until(due_s)
        await self._run_until(max((due_s for due_s, _, _ in self._todo), default=0.0))

    async def listen(self) -> None:
        """Take in decisions and refusals."""
        async for answer in self._line:
            now_s = monotonic()
            if not isinstance(answer, Decision):
                self._result.refused[answer.error.code] += 1
                continue
            sent = self._sent.get(str(answer.fruit_id))
            if sent is None or sent.decision is not None:
                self._result.doubles += 1
                continue
            sent.decision = answer
            sent.wait_s = max(0.0, now_s - sent.last_s) if sent.last_s else None
            self._open -= 1
            self._changed.set()
            self._tell(answer)

    async def all_decided(self) -> None:
        """Wait, with the belt running."""
        while self._open:
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._changed.wait()
            self._line.tick(EncoderTick(encoder=self._raw(self._count(monotonic()))))

    def finish(self) -> ReplayResult:
        """All there is to say now."""
        self._result.fruit = [
            FruitResult(name=one.name, lane=one.lane, decision=one.decision, wait_s=one.wait_s)
            for one in self._sent.values()
        ]
        self._result.seconds = monotonic() - self._begin_s
        self._result.unsent = self._line.state.unsent
        self._result.reconnects = self._line.state.reconnects
        return self._result

    def _put_on(self, fruit: FruitPictures, lane: int, number: int, due_s: float) -> None:
        fruit_id, trigger = f"{self._run}-{number}", self._count(due_s)
        sent = self._sent[fruit_id] = _Sent(fruit.name, lane)
        self._open += 1
        message = Trigger(fruit_id=fruit_id, lane=lane, encoder=self._raw(trigger))
        self._at(due_s, lambda: self._line.trigger(message))
        for camera in self._plan.cameras:
            views = fruit.views[: camera.views] if camera.views else fruit.views
            for view, picture in enumerate(views):
                counts = camera.first_counts + round(view * camera.counts_per_view)
                header = {
                    "fruit_id": fruit_id,
                    "lane": lane,
                    "camera": camera.name,
                    "view": view,
                    "encoder": self._raw(trigger + counts),
                    "last_view": view == len(views) - 1,
                }
                self._at(
                    due_s + counts / self._plan.counts_per_s,
                    lambda header=header, picture=picture: self._expose(sent, header, picture),  # type: ignore[misc]
                )

    def _expose(self, sent: _Sent, header: Mapping[str, Any], picture: bytes) -> None:
        self._line.frame(FrameHeader(**header, captured_at=datetime.now(UTC)), picture)
        self._result.frames += 1
        sent.last_s = monotonic()

    def _tick(self, due_s: float) -> None:
        """Of the time that it is due, so that the counts of a replay that falls behind still grow in order."""
        self._line.tick(EncoderTick(encoder=self._raw(self._count(due_s))))
        if self._todo:
            self._at(due_s + TICK_S, lambda: self._tick(due_s + TICK_S))

    def _at(self, due_s: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._todo, (due_s, next(self._order), act))

    async def _run_until(self, end_s: float) -> None:
        while self._todo and self._todo[0][0] <= end_s:
            due_s = self._todo[0][0]
            await asyncio.sleep(max(0.0, due_s - monotonic()))
            self._result.behind_s = max(self._result.behind_s, monotonic() - due_s)
            heapq.heappop(self._todo)[2]()

    def _count(self, at_s: float) -> int:
        return self._plan.start + round((at_s - self._begin_s) * self._plan.counts_per_s)

    def _raw(self, position: int) -> int:
        return position % self._plan.modulus


async def _read_ahead(fruit: Iterator[FruitPictures]) -> AsyncIterator[FruitPictures]:
    """Read the next fruit in a thread while this one is played."""
    reading = asyncio.create_task(asyncio.to_thread(next, fruit, None))
    while (one := await reading) is not None:
        reading = asyncio.create_task(asyncio.to_thread(next, fruit, None))
        yield one


def _line_state(base_url: str, line: str, key: str | None) -> dict[str, Any]:
    url = f"{base_url}/api/v1/lines/{line}"
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        with opener.open(urllib.request.Request(url, headers=headers), timeout=_STATE_TIMEOUT_S) as answer:
            state: dict[str, Any] = json.load(answer)
            return state
    except urllib.error.HTTPError as error:
        if error.code == 404:  # not open yet: the connection says whether there is such a line
            return {}
        raise LineConnectionError(f"{url}: expected the state of a line, got status {error.code}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise LineConnectionError(f"{url}: no service there: {reason}") from error


def _counted(names: Iterator[str] | Any) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _quantile_ms(waits_s: list[float], share: float) -> float | None:
    """The nearest-rank quantile, ms, of sorted times in s; None of none."""
    if not waits_s:
        return None
    rank = max(0, -(-len(waits_s) * share // 1) - 1)
    return round(1000 * waits_s[int(rank)], 1)
