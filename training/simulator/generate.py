"""Write many simulated pictures with their truth to a folder; an interrupted run is taken up where it stopped."""

from __future__ import annotations

import json
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from training.simulator.studio import render_scene

SEED_STRIDE = 1_000_003
FIRST_HELD_OUT_SEED, END_OF_HELD_OUT_SEEDS = 900_000_000, 1_000_000_000
"""Seeds of the pictures by which models are judged: never generated for training."""


def _png(path: Path, picture: NDArray[np.uint8]) -> None:
    done, coded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 4])
    if not done:
        raise OSError(f"{path}: PNG could not be encoded")
    path.write_bytes(coded.tobytes())


def write_one(out: Path, number: int, seed: int, preset: str, size_hw: tuple[int, int]) -> None:
    """Render picture `number` of a run and write its six files, the JSON last (its presence means: complete).

    The seed of a picture is seed * 1_000_003 + number. `_net.png` is net_cover times 255.
    """
    picture = render_scene(seed * SEED_STRIDE + number, preset, size_hw)
    stem = f"{number:06d}"
    quality = int(str(picture.truth["jpeg_quality"]))
    done, coded = cv2.imencode(
        ".jpg", np.ascontiguousarray(picture.rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise OSError(f"{out / stem}: JPEG could not be encoded")
    (out / f"{stem}.jpg").write_bytes(coded.tobytes())
    _png(out / f"{stem}_surface.png", picture.surface)
    _png(out / f"{stem}_instance.png", picture.instance)
    _png(out / f"{stem}_crop.png", picture.crop)
    _png(out / f"{stem}_net.png", np.asarray(picture.net_cover * 255 + 0.5, np.uint8))
    (out / f"{stem}.json").write_text(json.dumps(picture.truth), encoding="utf-8")


def generate(
    out: Path,
    count: int,
    seed: int = 0,
    preset: str = "mixed",
    size_hw: tuple[int, int] = (320, 320),
    jobs: int = 1,
) -> float:
    """Write pictures 0 to count - 1 to `out`, skipping those that are there; returns pictures per second (0 if none).

    Raises ValueError for a seed whose pictures models are judged by.

    Writes NNNNNN.jpg, _surface.png, _instance.png, _crop.png, _net.png and NNNNNN.json. Progress goes to stderr.
    """
    first, last = seed * SEED_STRIDE, seed * SEED_STRIDE + count - 1
    if first < END_OF_HELD_OUT_SEEDS and last >= FIRST_HELD_OUT_SEED:
        raise ValueError(
            f"seed: expected pictures of seeds outside {FIRST_HELD_OUT_SEED:,} to {END_OF_HELD_OUT_SEEDS - 1:,}, "
            f"by which models are judged, got {first:,} to {last:,}; take another seed"
        )
    out.mkdir(parents=True, exist_ok=True)
    missing = [n for n in range(count) if not (out / f"{n:06d}.json").exists()]
    console = Console(stderr=True)
    started = time.monotonic()
    columns = (
        "[progress.description]{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("pictures", total=len(missing))
        if jobs <= 1:
            cv2.setNumThreads(1)
            for number in missing:
                write_one(out, number, seed, preset, size_hw)
                progress.advance(task)
        else:
            with ProcessPoolExecutor(jobs, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
                waiting = [pool.submit(write_one, out, n, seed, preset, size_hw) for n in missing]
                for done in waiting:
                    done.result()
                    progress.advance(task)
    taken = time.monotonic() - started
    return len(missing) / taken if missing else 0.0
