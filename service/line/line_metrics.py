"""The counts of all lines for Prometheus, read from the ledgers at every scrape: nothing is counted twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.line.ledger import LaneCounts
from service.line.sources.camera_source import OwnCameraState

LaneRow = tuple[str, str, LaneCounts]
"""Line, lane, counts."""

CameraRow = tuple[str, OwnCameraState]
"""Line, state."""

_RESULTS = ("graded", "abstained", "no_read")


class LineMetrics(Collector):
    """Gives the counts of every lane, and of every camera that the service opened. lanes, cameras: read them."""

    def __init__(
        self,
        lanes: Callable[[], Iterable[LaneRow]],
        cameras: Callable[[], Iterable[CameraRow]] = tuple,
    ) -> None:
        self._lanes = lanes
        self._cameras = cameras

    def collect(self) -> Iterator[Metric]:
        """All families; `grader_line_wrong_sums` is 0 as long as every fruit and every frame is accounted for."""
        where = ("line", "lane")
        triggers = CounterMetricFamily("grader_line_triggers", "Fruit that passed.", labels=where)
        fruits = CounterMetricFamily("grader_line_fruits", "Fruit by result.", labels=(*where, "result"))
        late = CounterMetricFamily("grader_line_late", "Fruit decided too late.", labels=where)
        undelivered = CounterMetricFamily(
            "grader_line_undelivered", "Decisions that reached nobody.", labels=where
        )
        outlets = CounterMetricFamily("grader_line_outlets", "Fruit by outlet.", labels=(*where, "outlet"))
        again = CounterMetricFamily(
            "grader_line_recirculated", "Fruit without an outlet of its own.", labels=(*where, "reason")
        )
        frames = CounterMetricFamily(
            "grader_line_frames", "Frames: used, or why not.", labels=(*where, "outcome")
        )
        views = CounterMetricFamily(
            "grader_line_views", "Frames used, by what they showed.", labels=(*where, "outcome")
        )
        waiting = GaugeMetricFamily("grader_line_open_fruit", "Fruit not decided yet.", labels=where)
        wrong = GaugeMetricFamily("grader_line_wrong_sums", "Sums that do not add up.", labels=where)
        for line, lane, counts in self._lanes():
            at = (line, lane)
            triggers.add_metric(at, counts.triggers)
            late.add_metric(at, counts.late)
            undelivered.add_metric(at, counts.undelivered)
            waiting.add_metric(at, counts.open)
            wrong.add_metric(at, len(counts.problems()))
            for result in _RESULTS:
                fruits.add_metric((*at, result), getattr(counts, result))
            for family, numbers in (
                (outlets, counts.outlets),
                (again, counts.recirculated),
                (frames, {"used": counts.used, **counts.refused}),
                (views, counts.views),
            ):
                for name, count in numbers.items():
                    family.add_metric((*at, name), count)
        yield from (triggers, fruits, late, undelivered, outlets, again, frames, views, waiting, wrong)
        yield from self._of_cameras()

    def _of_cameras(self) -> Iterator[Metric]:
        where = ("line", "camera")
        connected = GaugeMetricFamily("grader_line_camera_connected", "1: the camera is open.", labels=where)
        reconnects = CounterMetricFamily(
            "grader_line_camera_reconnects", "Times that a camera was opened again.", labels=where
        )
        frames = CounterMetricFamily(
            "grader_line_camera_frames",
            "Frames of own cameras by what became of them.",
            labels=(*where, "outcome"),
        )
        for line, state in self._cameras():
            at = (line, state.camera)
            connected.add_metric(at, state.connected)
            reconnects.add_metric(at, state.reconnects)
            for outcome, count in {"sent": state.sent, "replaced": state.replaced, **state.refused}.items():
                frames.add_metric((*at, outcome), count)
        yield from (connected, reconnects, frames)
