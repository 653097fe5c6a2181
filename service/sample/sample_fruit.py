"""Pictures of the sample fruit: rendered once into the data folder, each fruit turned another way every time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from service.errors import ReplayError
from service.line.fruit_pictures import FruitPictures, read_fruit
from service.line.simulated_fruit import is_whole, render_command

CROP, VARIETY = "apple", "fuji"
ORCHARD = ("--variety", VARIETY, "--flawed-one-in", "4")
"""One fruit in four may have defects: a packout with every class."""
RENDERED_VIEWS, SHOWN_VIEWS = 10, 8
"""Of one turn; a line that sees eight of ten from another start measures another part of the skin."""
LOWEST_PRIORITY = 19


async def render(pool: Path, fruit: int) -> None:
    """Let the simulator render what is missing, at the lowest priority. Cancelled, it ends the simulator.

    Raises:
        ReplayError: the simulator is not installed, or failed.
    """
    command = render_command(pool, fruit=fruit, views=RENDERED_VIEWS, crop=CROP, more=ORCHARD)
    if command is None:
        return
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdin=quiet, stdout=quiet, stderr=quiet)
    with suppress(OSError):  # it may have ended
        os.setpriority(os.PRIO_PROCESS, process.pid, LOWEST_PRIORITY)
    try:
        if await process.wait() != 0:
            raise ReplayError(
                f"sample lot: the simulator ended with {process.returncode}: {' '.join(command)}"
            )
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def rendered(pool: Path, kinds: range) -> bool:
    """Whether all fruit of these numbers are there."""
    return all(is_whole(_folder(pool, kind), RENDERED_VIEWS) for kind in kinds)


def turning(pool: Path, kinds: range, fruit: int) -> Iterator[FruitPictures]:
    """So many fruit: the kinds one after the other, again and again, each time from the next view on.

    Raises:
        ReplayError: pictures cannot be read.
    """
    for number in range(fruit):
        turn, kind = divmod(number, len(kinds))
        (pictures,) = read_fruit(_folder(pool, kinds[kind]), RENDERED_VIEWS)
        start = (3 * turn) % RENDERED_VIEWS
        views = (pictures.views * 2)[start : start + SHOWN_VIEWS]
        yield FruitPictures(f"{pictures.name}+{start}", views)


def _folder(pool: Path, kind: int) -> Path:
    return pool / f"{CROP}_{kind:04d}"
