"""A whole sorting line under load: how many fruit a second, how soon each is decided, and what it costs.

    python benchmarks/line.py [--seconds N] [--json] [--lanes N] [--workers N] [--model DIR] [--pictures DIR]
    python benchmarks/line.py --overload --seconds 300     twice as much as can be held
    python benchmarks/line.py --soak 30                    memory over 30 minutes, another model in the middle

A real `grader serve`, its real grading processes and a real WebSocket on this computer; the sender runs beside it and
is not counted. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event, Thread

from line_load import Load, Outcome, offer, quantile
from line_pictures import line_pictures
from line_service import LINE, BenchService, cpu_between

from grader.production import production_model

VIEWS = 10
STEP_S = 8.0
"""Length of the tries while the rate is searched."""
FINEST = 0.05
"""The search ends when the rate is known to this share."""
SHARE_OF_HELD = 0.7
PICTURES = Path(tempfile.gettempdir()) / "grader_line_pictures"


@dataclass(slots=True)
class Bench:
    """One service under one load after the other; encoder and fruit go on from run to run."""

    service: BenchService
    pictures: list[list[bytes]]
    lanes: int
    fruit: int = 0
    count: int = 1_000_000

    def offer(self, fruit_per_s: float, seconds: float) -> tuple[Outcome, float]:
        """What became of a load, and the processor time of the service, s."""
        load = Load(fruit_per_s=fruit_per_s, lanes=self.lanes, views=VIEWS, seconds=seconds)
        before = self.service.cpu_s()
        outcome = offer(
            self.service.address, LINE, self.pictures, load, first_fruit=self.fruit, first_count=self.count
        )
        spent_s = cpu_between(before, self.service.cpu_s())
        self.fruit += outcome.sent
        self.count += int(1000 * (seconds + 20))
        why = Counter(str(one.reason) for one in outcome.answers.values() if one.reason is not None)
        late = "" if outcome.kept_schedule else "; THE SENDER WAS TOO SLOW"
        say(
            f"  {fruit_per_s:6.1f} fruit/s for {seconds:.0f} s: {outcome.missed} of {outcome.sent} not graded in time "
            f"{dict(why)}, "
            f"p99 {outcome.latency_ms(0.99):.0f} ms, late by {1e3 * quantile(outcome.behind_s, 0.99):.0f} ms{late}"
        )
        return outcome, spent_s


def say(text: str) -> None:
    """Progress goes to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, run one mode, print its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the runs that count")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2, help="grading processes")
    parser.add_argument("--model", type=Path, default=None, help="default: the one in production")
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="folder where the views are kept")
    parser.add_argument(
        "--fixed-ms", type=float, default=None, help="a grader of this cost a view: the way alone"
    )
    parser.add_argument("--rate", type=float, default=None, help="fruit/s that is held: not searched for")
    parser.add_argument("--overload", action="store_true")
    parser.add_argument("--soak", type=float, default=None, metavar="MINUTES")
    asked = parser.parse_args(arguments)
    say(f"views: {asked.pictures}")
    pictures = line_pictures(asked.pictures, VIEWS)
    with tempfile.TemporaryDirectory() as folder:
        models = _models(Path(folder), asked)
        with BenchService(
            Path(folder),
            lanes=asked.lanes,
            views=VIEWS,
            environment={"GRADER_LINE_WORKERS": str(asked.workers), "GRADER_MODEL_DIR": str(models / "now")},
            fixed=asked.fixed_ms is not None,
        ) as service:
            service.wait_ready(asked.workers)
            bench = Bench(service, pictures, asked.lanes)
            bench.offer(2.0, 3.0)  # warms up
            if asked.soak is not None:
                figures = soak(bench, asked, models)
            elif asked.overload:
                figures = overload(bench, asked)
            else:
                figures = speed(bench, asked)
    _print(figures, asked.json)
    return 0


def speed(bench: Bench, asked: argparse.Namespace) -> dict[str, object]:
    """The table of docs: held rate, latencies at 70 % of it, cost, floor, the other route."""
    held, outcome, spent_s = hold(bench, asked)
    say(f"latency at {SHARE_OF_HELD:.0%} of {held:.1f} fruit/s")
    calm, _ = bench.offer(SHARE_OF_HELD * held, asked.seconds)
    rss_mb = bench.service.pss_mb()
    core_ms = 1e3 * spent_s / max(1, outcome.sent)
    figures: dict[str, object] = {
        "fruit_per_s": round(held, 2),
        "late": outcome.missed,
        "p50_ms": round(calm.latency_ms(0.5), 1),
        "p99_ms": round(calm.latency_ms(0.99), 1),
        "p999_ms": round(calm.latency_ms(0.999), 1),
        "core_ms_per_fruit": round(core_ms, 2),
    }
    say("floor and the other route, on this computer now")
    side = _beside(asked)
    figures |= {
        "floor_ratio": round(core_ms / side["floor_ms"], 3),
        "yolo_route_ratio": round(side["yolo_ms"] / core_ms, 2),
        "rss_mb": round(rss_mb, 1),
        "late_at_70_percent": calm.missed,
        "sender_kept_schedule": outcome.kept_schedule and calm.kept_schedule,
        "grading_alone_ms_per_fruit": round(side["whole_ms"], 2),
        "floor_ms_per_fruit": round(side["floor_ms"], 2),
        "close_looks_per_fruit": round(side["close_looks"], 2),
        "yolo_ms_per_fruit": round(side["yolo_ms"], 1),
        "yolo_network_ms_per_fruit": round(side["yolo_network_ms"], 1),
        "yolo_parameters_m": round(side["yolo_parameters_m"], 2),
        "yolo_gflop": round(side["yolo_gflop"], 2),
    }
    return figures


def hold(bench: Bench, asked: argparse.Namespace) -> tuple[float, Outcome, float]:
    """The highest rate that is held for the whole time with nothing late: found by short runs, then proved."""
    good, bad = 0.0, float("inf")
    rate = asked.rate or 8.0
    while asked.rate is None and bad - good > FINEST * max(good, 1.0):
        outcome, _ = bench.offer(rate, STEP_S)
        if outcome.missed:
            bad = rate
        else:
            good = rate
        rate = 2 * good if bad == float("inf") else (good + bad) / 2
        if bad < 0.5:
            break
    rate = asked.rate or max(good, 0.5)
    while True:
        say(f"{rate:.1f} fruit/s for the whole time")
        outcome, spent_s = bench.offer(rate, asked.seconds)
        if not outcome.missed or asked.rate is not None or rate < 0.6:
            return rate, outcome, spent_s
        rate *= 0.9


def overload(bench: Bench, asked: argparse.Namespace) -> dict[str, object]:
    """Twice the held rate: what is too much goes round again, memory stays, the others are decided as soon."""
    held = asked.rate or hold(bench, argparse.Namespace(rate=None, seconds=STEP_S))[0]
    before_mb = bench.service.pss_mb()
    with _Memory(bench.service) as memory:
        outcome, _ = bench.offer(2 * held, asked.seconds)
    reasons = Counter(str(one.reason) for one in outcome.answers.values() if one.reason is not None)
    lanes = bench.service.state()["lanes"]
    assert isinstance(lanes, list)
    return {
        "held_fruit_per_s": round(held, 2),
        "offered_fruit_per_s": round(2 * held, 2),
        "sent": outcome.sent,
        "graded": len(outcome.graded),
        "recirculated": dict(reasons),
        "unanswered": outcome.sent - len(outcome.answers),
        "answered_twice": outcome.doubles,
        "p50_ms": round(outcome.latency_ms(0.5), 1),
        "p99_ms": round(outcome.latency_ms(0.99), 1),
        "p999_ms": round(outcome.latency_ms(0.999), 1),
        "rss_mb_before": round(before_mb, 1),
        "rss_mb_most": round(memory.most_mb, 1),
        "rss_mb_after": round(bench.service.pss_mb(), 1),
        "wrong_sums": sum(len(lane["problems"]) for lane in lanes),
        "sender_kept_schedule": outcome.kept_schedule,
    }


def soak(bench: Bench, asked: argparse.Namespace, models: Path) -> dict[str, object]:
    """Memory over a long time at the full rate; another model in the middle: nothing is lost, one version a fruit."""
    held = asked.rate or hold(bench, argparse.Namespace(rate=None, seconds=STEP_S))[0]
    bench.offer(held, 20.0)
    swap = Thread(target=_swap_after, args=(models, 30.0 * asked.soak))
    begin_mb = bench.service.pss_mb()
    swap.start()
    with _Memory(bench.service) as memory:
        outcome, _ = bench.offer(held, 60.0 * asked.soak)
    swap.join()
    time.sleep(1)
    by_model = Counter(str(one.model_id) for one in outcome.graded)
    lanes = bench.service.state()["lanes"]
    assert isinstance(lanes, list)
    return {
        "fruit_per_s": round(held, 2),
        "minutes": asked.soak,
        "sent": outcome.sent,
        "lost": outcome.sent - len(outcome.answers),
        "answered_twice": outcome.doubles,
        "not_graded_in_time": outcome.missed,
        "by_model": dict(by_model),
        "fewer_than_all_views": sum(one.view_count < VIEWS for one in outcome.graded),
        "rss_mb_begin": round(begin_mb, 1),
        "rss_mb_most": round(memory.most_mb, 1),
        "grown_mb_before_the_change": round(memory.grown_mb(0.0, 0.5), 1),
        "grown_mb_after_the_change": round(memory.grown_mb(0.6, 1.0), 1),
        "rss_mb_end": round(bench.service.pss_mb(), 1),
        "wrong_sums": sum(len(lane["problems"]) for lane in lanes),
    }


class _Memory:
    """Looks at the memory once a second."""

    def __init__(self, service: BenchService) -> None:
        self._service, self._over = service, Event()
        self._seen_mb: list[float] = []
        self._thread = Thread(target=self._look)

    @property
    def most_mb(self) -> float:
        """The most that was seen."""
        return max(self._seen_mb, default=0.0)

    def grown_mb(self, begin: float, end: float) -> float:
        """From the first to the last fifth of a part of the time, shares 0-1 of it: medians."""
        part = self._seen_mb[int(begin * len(self._seen_mb)) : int(end * len(self._seen_mb))]
        fifth = max(1, len(part) // 5)
        return median(part[-fifth:]) - median(part[:fifth]) if part else 0.0

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(1.0):
            self._seen_mb.append(self._service.pss_mb())


def _models(folder: Path, asked: argparse.Namespace) -> Path:
    """A folder with `now`, a link to the model: the service follows where it leads."""
    models = folder / "models"
    models.mkdir()
    if asked.fixed_ms is not None:
        for name in ("a", "b"):
            (models / f"fixed_{asked.fixed_ms}_{name}").mkdir()
        first = models / f"fixed_{asked.fixed_ms}_a"
    else:
        first = asked.model or production_model()
        for name in ("a", "b"):
            shutil.copytree(first, models / name / first.name)
        first = models / "a" / first.name
    (models / "now").symlink_to(first)
    return models


def _swap_after(models: Path, seconds: float) -> None:
    time.sleep(seconds)
    now = (models / "now").readlink()
    other = now.with_name(now.name[:-1] + "b") if now.name.startswith("fixed") else models / "b" / now.name
    (models / "next").symlink_to(other)
    (models / "next").rename(models / "now")
    say("another model")


def _beside(asked: argparse.Namespace) -> dict[str, float]:
    """Floor and other route, each in a process of its own, while the service idles."""
    model = asked.model or production_model()
    program = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from line_pictures import line_pictures
from line_floor import floor_ms
from yolo_route import NanoSegmenter, count, yolo_ms
folder = Path({str(asked.pictures)!r})
pictures = line_pictures(folder, {VIEWS})
floor, whole, looks = floor_ms(Path({str(model)!r}), pictures)
yolo, network = yolo_ms(folder / "yolo_nano_640.onnx", pictures[0])
parameters, gflop = count(NanoSegmenter().eval())
print(json.dumps(dict(floor_ms=floor, whole_ms=whole, close_looks=looks, yolo_ms=yolo, yolo_network_ms=network,
                      yolo_parameters_m=parameters, yolo_gflop=gflop)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _print(figures: dict[str, object], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    for name, value in figures.items():
        sys.stdout.write(f"{name:28} {value}\n")


if __name__ == "__main__":
    raise SystemExit(main())
