"""`python -m training.simulator --out DIR --count N`: write simulated pictures with their truth."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.simulator.generate import generate
from training.simulator.scene import PRESETS


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, write the pictures, say how fast it went."""
    parser = argparse.ArgumentParser(
        prog="python -m training.simulator", description="Write simulated pictures with truth."
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to write to; pictures already there are kept"
    )
    parser.add_argument("--count", type=int, required=True, help="number of pictures in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--preset", choices=PRESETS, default="mixed")
    parser.add_argument("--size", default="320x320", help="height x width, pixels")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    given = parser.parse_args(arguments)
    try:
        height, width = (int(part) for part in given.size.lower().split("x"))
    except ValueError:
        parser.error(f"--size: expected HEIGHTxWIDTH such as 320x320, got {given.size!r}")
    try:
        speed = generate(given.out, given.count, given.seed, given.preset, (height, width), given.jobs)
    except ValueError as error:
        parser.error(str(error))
    sys.stdout.write(f"{given.count} pictures in {given.out}, {speed:.2f} pictures/s\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
