"""`grader stream`: replay pictures, a video or simulated fruit on a line of a running service, at real speed."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from service.line.fruit_pictures import FruitPictures
    from service.line.protocol import Decision
    from service.line.replay import ReplayResult

WRONG_USE = 2
NOT_ALL_DECIDED = 1
SIMULATED = "simulated"
SIMULATED_FRUIT = 100
SIMULATED_VIEWS = 10


class CropChoice(StrEnum):
    """`--crop`."""

    APPLE = "apple"
    MELON = "melon"


def stream(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder (one folder a fruit, or NAME_v0.jpg, NAME_v1.jpg ...), a video, or the word simulated."
        ),
    ],
    url: Annotated[str, typer.Option(help="Where the service is.")] = "ws://127.0.0.1:8000",
    line: Annotated[str, typer.Option(help="Name of the line.")] = "yard",
    key: Annotated[
        str | None, typer.Option(envvar="GRADER_KEY", help="API key, where the service asks for one.")
    ] = None,
    lane: Annotated[list[int] | None, typer.Option(help="Lane; again for more lanes. [default: 1]")] = None,
    views: Annotated[
        int | None,
        typer.Option(min=1, max=999, help="Most views of a fruit; of a video: frames in a row of one fruit."),
    ] = None,
    fruit_per_s: Annotated[
        float, typer.Option(min=0.01, max=1000, help="Fruit a second on each lane.")
    ] = 1.0,
    fruit: Annotated[
        int | None,
        typer.Option(
            min=1, help="So many fruit, again from the start if need be. [default: each once; 100 simulated]"
        ),
    ] = None,
    camera: Annotated[
        str | None, typer.Option(help="Play this camera only. [default: every camera of the line]")
    ] = None,
    pool: Annotated[
        Path | None,
        typer.Option(help="Folder of rendered fruit for `simulated`; filled where it is not full."),
    ] = None,
    pool_fruit: Annotated[int, typer.Option(min=1, help="Different fruit in the pool.")] = 8,
    crop: Annotated[CropChoice, typer.Option(help="Of simulated fruit.")] = CropChoice.APPLE,
    out: Annotated[Path | None, typer.Option(help="Write one JSON line a fruit with its decision.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The summary as one JSON object on stdout.")
    ] = False,
) -> None:
    """Replay fruit on a line of a running service at real speed, and say what was decided.

    Sends encoder ticks, triggers and frames as a PLC and its cameras do. Exit 0: one decision for every fruit;
    1: some fruit got none, or the service or the pictures failed; 2: wrong use.
    """
    # Imported here, so that `grader grade` does not wait for the messages of lines.
    from service.errors import ServiceError

    base = urlsplit(url)
    if base.scheme not in ("ws", "wss", "http", "https") or not base.netloc or base.path.strip("/"):
        _stop(f"--url: expected an address such as ws://127.0.0.1:8000, got {url!r}", WRONG_USE)
    if source == SIMULATED and pool is None:
        _stop("simulated: expected --pool DIR, a folder for the rendered fruit", WRONG_USE)
    lanes = tuple(lane or [1])
    if len(set(lanes)) != len(lanes) or min(lanes) < 0:
        _stop(f"--lane: expected different lanes from 0 on, got {', '.join(map(str, lanes))}", WRONG_USE)
    try:
        folder = Path(source)
        if source == SIMULATED:
            from service.line.simulated_fruit import render_missing

            assert pool is not None
            folder, views, fruit = pool, views or SIMULATED_VIEWS, fruit or SIMULATED_FRUIT
            render_missing(pool, fruit=pool_fruit, views=views, crop=crop.value)
        result = asyncio.run(
            _play(folder, (base.scheme, base.netloc), line, key, lanes, views, fruit_per_s, fruit, camera)
        )
        if out is not None:
            _write_decisions(out, result)
    except (ServiceError, OSError) as error:
        _stop(f"error: {error}", NOT_ALL_DECIDED)
    summary = result.to_json()
    if as_json:
        print(json.dumps(summary))  # noqa: T201
    else:
        _print_summary(summary)
    if summary["missing"] or summary["doubles"]:
        raise typer.Exit(NOT_ALL_DECIDED)


async def _play(
    source: Path,
    server: tuple[str, str],
    line: str,
    key: str | None,
    lanes: tuple[int, ...],
    views: int | None,
    fruit_per_s: float,
    wanted: int | None,
    camera: str | None,
) -> ReplayResult:
    from service.line.fruit_pictures import count_fruit
    from service.line.replay import read_belt, replay
    from service.line.stream_client import LineClient

    scheme, netloc = server
    secure = "s" if scheme in ("wss", "https") else ""
    there = count_fruit(source, views)
    async with LineClient(f"ws{secure}://{netloc}/api/v1/lines/{line}/frames", key=key) as client:
        plan = await asyncio.to_thread(
            read_belt,
            f"http{secure}://{netloc}",
            line,
            views=views or SIMULATED_VIEWS,
            camera=camera,
            key=key,
        )
        with _Bar(wanted or there) as bar:
            return await replay(
                client,
                _repeated(source, views, wanted),
                plan,
                lanes=lanes,
                fruit_per_s=fruit_per_s,
                tell=bar.decided,
            )


def _repeated(source: Path, views: int | None, wanted: int | None) -> Iterator[FruitPictures]:
    """The fruit of a source: each once, or `wanted` of them, from the start again."""
    from service.line.fruit_pictures import read_fruit

    if wanted is None:
        return read_fruit(source, views)
    again = itertools.chain.from_iterable(read_fruit(source, views) for _ in itertools.count())
    return itertools.islice(again, wanted)


class _Bar:
    """A progress bar on stderr: decisions, late ones, those that recirculate."""

    def __init__(self, total: int | None) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("fruit decided"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("late {task.fields[late]}, without a class {task.fields[unjudged]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("fruit", total=total, late=0, unjudged=0)
        self._late = self._unjudged = 0

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def decided(self, decision: Decision) -> None:
        """One more."""
        self._late += decision.late
        self._unjudged += decision.grade_class is None
        self._progress.update(self._task, advance=1, late=self._late, unjudged=self._unjudged)


def _write_decisions(path: Path, result: ReplayResult) -> None:
    """One line a fruit, in the order in which they were sent. Raises OSError."""
    with path.open("w", encoding="utf-8") as file:
        for one in result.fruit:
            decision = None if one.decision is None else one.decision.model_dump(mode="json", by_alias=True)
            file.write(json.dumps({"fruit": one.name, "lane": one.lane, "decision": decision}) + "\n")


def _print_summary(summary: dict[str, Any]) -> None:
    table = Table("", "", "fruit", title=f"{summary['fruit']} fruit in {summary['seconds']:.1f} s")
    for heading, key in (("outlet", "outlets"), ("class", "classes"), ("reason", "reasons")):
        for number, (name, fruit) in enumerate(summary[key].items()):
            table.add_row("" if number else heading, name, str(fruit))
        table.add_section()
    for name in ("late", "missing", "doubles"):
        table.add_row(name, "", str(summary[name]))
    table.add_section()
    for code, messages in summary["refused"].items():
        table.add_row("messages refused", code, str(messages))
    table.add_row("messages not sent", "", str(summary["unsent"]))
    console = Console()
    console.print(table)
    if summary["p50_ms"] is not None:
        console.print(
            f"last view to decision: median {summary['p50_ms']:.0f} ms, 99 % within {summary['p99_ms']:.0f} ms; "
            f"the replay itself was at most {summary['behind_ms']:.0f} ms late"
        )


def _stop(message: str, code: int) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(code)
