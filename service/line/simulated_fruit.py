"""Simulated fruit to replay: a folder of rendered fruit, filled by the simulator in a process of its own.

The simulator belongs to training, which the service does not import; a service without it replays what is there.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from service.errors import ReplayError

RENDERER = "training.simulator.fruit_pool"


def render_missing(pool: Path, *, fruit: int, views: int, crop: str) -> None:
    """Let the simulator render until `pool` holds `fruit` fruit of `views` views; its progress bar goes to stderr.

    Raises:
        ReplayError: the simulator is not installed, or failed.
    """
    if len([folder for folder in pool.glob(f"{crop}_*") if _is_whole(folder, views)]) >= fruit:
        return
    if find_spec("training") is None or find_spec(RENDERER) is None:
        raise ReplayError(
            f"simulated: {pool} does not hold {fruit} fruit of {views} views yet, and the simulator (the package "
            f"`training` of this project) is not installed here; render where it is: "
            f"python -m {RENDERER} --out {pool} --fruit {fruit} --views {views} --crop {crop}"
        )
    command = [sys.executable, "-m", RENDERER, "--out", str(pool)]
    command += ["--fruit", str(fruit), "--views", str(views), "--crop", crop]
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise ReplayError(f"simulated: the simulator ended with {done.returncode}; see above")


def _is_whole(folder: Path, views: int) -> bool:
    return len(list(folder.glob("view_*.jpg"))) >= views
