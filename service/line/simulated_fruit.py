"""Simulated fruit to replay: a folder of rendered fruit, filled by the simulator in a process of its own.

The simulator belongs to training, which the service does not import; a service without it replays what is there.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from service.errors import ReplayError

RENDERER = "training.simulator.fruit_pool"


def render_missing(pool: Path, *, fruit: int, views: int, crop: str) -> None:
    """Let the simulator render until `pool` holds `fruit` fruit of `views` views; its progress bar goes to stderr.

    Raises:
        ReplayError: the simulator is not installed, or failed.
    """
    command = render_command(pool, fruit=fruit, views=views, crop=crop)
    if command is None:
        return
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise ReplayError(f"simulated: the simulator ended with {done.returncode}; see above")


def render_command(
    pool: Path, *, fruit: int, views: int, crop: str, more: Sequence[str] = ()
) -> list[str] | None:
    """The command that renders what `pool` does not hold yet; None: it holds all. more: arguments of the simulator.

    Raises:
        ReplayError: the simulator is not installed.
    """
    if len([folder for folder in pool.glob(f"{crop}_*") if is_whole(folder, views)]) >= fruit:
        return None
    if find_spec("training") is None or find_spec(RENDERER) is None:
        raise ReplayError(
            f"simulated: {pool} does not hold {fruit} fruit of {views} views yet, and the simulator (the package "
            f"`training` of this project) is not installed here; render where it is: "
            f"python -m {RENDERER} --out {pool} --fruit {fruit} --views {views} --crop {crop}"
        )
    command = [sys.executable, "-m", RENDERER, "--out", str(pool)]
    return [*command, "--fruit", str(fruit), "--views", str(views), "--crop", crop, *more]


def is_whole(folder: Path, views: int) -> bool:
    """Whether a fruit has all its views."""
    return len(list(folder.glob("view_*.jpg"))) >= views
