"""What Prometheus reads at `/metrics`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.registry import Collector

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters of one running service; times in seconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "grader_requests_total",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            "grader_request_seconds", "Time to answer.", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self._grading_seconds = Histogram(
            "grader_grading_seconds", "Time to grade one upload.", buckets=_SECONDS, registry=self.registry
        )
        self._fruits = Counter(
            "grader_fruits_total", "Fruits graded.", ["crop", "grade_class"], registry=self.registry
        )
        self._places = Gauge(
            "grader_grading_places_taken", "Uploads running or waiting.", registry=self.registry
        )
        self._ready = Gauge("grader_model_ready", "1 when the model is loaded.", registry=self.registry)

    def watch(self, *, places_taken: Callable[[], int], model_ready: Callable[[], bool]) -> None:
        """Read these two at every scrape."""
        self._places.set_function(places_taken)
        self._ready.set_function(model_ready)

    def add(self, collector: Collector) -> None:
        """Counters that are kept elsewhere and read at every scrape."""
        self.registry.register(collector)

    def count_request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """One answered request."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def count_grading(self, *, seconds: float, records: Iterable[Mapping[str, object]]) -> None:
        """One graded upload."""
        self._grading_seconds.observe(seconds)
        for record in records:
            grade = record["grade"]
            grade_class = grade["class"] if isinstance(grade, Mapping) else "unknown"
            self._fruits.labels(str(record["crop"]), str(grade_class)).inc()

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
