"""`python -m training.simulator.fruit_pool --out DIR`: fruit that turn under a camera, a folder of views each.

    DIR/apple_0000/view_00.jpg ...     what `grader stream` replays

A folder appears when its fruit is whole; those that are there with enough views are kept.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from grader.errors import OutputError
from grader.image_io import encode_jpeg, write_bytes
from training.simulator.studio import render_views

JPEG_QUALITY = 92
FIRST_SEED = 41_000_000
"""Far from the seeds of training and judging: the same fruit in every pool."""


def render_pool(
    out: Path,
    *,
    fruit: int,
    views: int,
    crop: str,
    variety: str | None = None,
    flawed_one_in: int = 1,
    size_hw: tuple[int, int] = (480, 640),
) -> int:
    """Render what is missing; returns how many fruit were rendered. The same bytes for the same request.

    variety: of all; None: drawn. flawed_one_in: of so many fruit the last may have defects, the others are sound.

    Raises:
        ValueError: a number below 1, an unknown crop or variety. OutputError: the folder cannot be written.
    """
    for name, value in (("fruit", fruit), ("views", views), ("flawed_one_in", flawed_one_in)):
        if value < 1:
            raise ValueError(f"{name}: expected at least 1, got {value}")
    folders = {number: out / f"{crop}_{number:04d}" for number in range(fruit)}
    missing = [number for number, folder in folders.items() if len([*folder.glob("view_*.jpg")]) < views]
    overrides: dict[str, Any] = {} if variety is None else {"variety": variety}
    console = Console(stderr=True)
    for number in track(missing, "rendering fruit", console=console, disable=not console.is_terminal):
        unfinished = out / f".{crop}_{number:04d}.part"
        _make(unfinished)
        sound = number % flawed_one_in != flawed_one_in - 1
        pictures = render_views(FIRST_SEED + number, views, size_hw, crop, sound=sound, **overrides)
        for view, picture in enumerate(pictures):
            write_bytes(unfinished / f"view_{view:02d}.jpg", encode_jpeg(picture.rgb, quality=JPEG_QUALITY))
        try:
            shutil.rmtree(folders[number], ignore_errors=True)
            unfinished.rename(folders[number])
        except OSError as error:
            raise OutputError(f"{folders[number]}: could not be written: {error.strerror}") from error
    return len(missing)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: could not be written: {error.strerror}") from error


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and render."""
    parser = argparse.ArgumentParser(
        prog="python -m training.simulator.fruit_pool",
        description="Render fruit turning under a camera, to be replayed with `grader stream`.",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the fruit")
    parser.add_argument("--fruit", type=int, default=8, help="fruit in all")
    parser.add_argument("--views", type=int, default=10, help="views of each")
    parser.add_argument("--crop", choices=("apple", "melon"), default="apple")
    parser.add_argument("--variety", help="of all fruit; left out: drawn for each")
    parser.add_argument("--flawed-one-in", type=int, default=1, help="the others are sound")
    given = parser.parse_args(arguments)
    try:
        rendered = render_pool(**vars(given))
    except (ValueError, OutputError) as error:
        parser.error(str(error))
    sys.stderr.write(f"{given.out}: {rendered} fruit rendered, {given.fruit} there\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
