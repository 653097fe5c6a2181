"""`python -m training.make_samples --out sample_images`: render the sample pictures and what must be found in them.

`expected.json` holds, per picture, the truth of the simulator with the tolerance that a good grader keeps:

    pictures.NAME.mm_per_px   scale in the plane of the fruit's outline, as for `--mm-per-px`
    pictures.NAME.fruits      one entry per fruit: crop, box_xyxy_px, touches_edge, equatorial_diameter_mm and
                              blush_fraction (apples) as {value, tolerance}, defects, class_in (may be absent)
    ...defects                kind, box_xyxy_px, area_mm2 {value, tolerance}; kind_exact: the kind must be named right,
                              else any defect at that place will do. No entry: the fruit is sound, and no defect may
                              cover more than `sound_defect_fraction` of the surface seen
    turning_apple             one fruit in `views` pictures `folder`/view_00.jpg and on; its blush and its bruise are
                              those of the whole fruit

Same code, same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from grader.image_io import encode_jpeg, write_bytes
from grader.types import DefectKind
from training.sample_pictures import (
    TURNING_MM_PER_PX,
    TURNING_VIEWS,
    SamplePicture,
    sample_pictures,
    turning_apple,
)
from training.simulator import SIMULATOR_VERSION, Rendered

EXPECTED = "expected.json"
TURNING_FOLDER = "turning_apple"
JPEG_QUALITY = 92
# One view of a fruit of unknown pose: apples differ by some 4 % of width between directions. A neighbour that hides
# a part of the outline doubles it. Many views average it out.
DIAMETER_TOLERANCE = 0.04
TOUCHING_DIAMETER_TOLERANCE = 0.08
TURNING_DIAMETER_TOLERANCE = 0.025
BLUSH_TOLERANCE = 0.1
AREA_TOLERANCE = 0.5
SOUND_DEFECT_FRACTION = 0.005
LEAST_SEEN_OF_TURNING = 0.9


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and write all samples."""
    parser = argparse.ArgumentParser(
        prog="python -m training.make_samples", description="Render the sample pictures."
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    given = parser.parse_args(arguments)
    size = make_samples(given.out)
    sys.stdout.write(f"{given.out}: {size / 1e6:.1f} MB\n")
    return 0


def make_samples(folder: Path) -> int:
    """Write all pictures and `expected.json` to `folder`; returns the bytes written. Raises OutputError."""
    files: dict[str, bytes] = {}
    pictures = {}
    for sample in sample_pictures():
        rendered = sample.render()
        files[sample.name] = encode_sample(rendered)
        pictures[sample.name] = expected_of(sample, rendered)
    views = turning_apple()
    for number, view in enumerate(views):
        files[f"{TURNING_FOLDER}/view_{number:02d}.jpg"] = encode_sample(view)
    expected = {
        "simulator_version": SIMULATOR_VERSION,
        "sound_defect_fraction": SOUND_DEFECT_FRACTION,
        "pictures": pictures,
        TURNING_FOLDER: expected_of_turning(views),
    }
    files[EXPECTED] = (json.dumps(expected, indent=1) + "\n").encode()
    for name, data in files.items():
        write_bytes(folder / name, data)
    return sum(map(len, files.values()))


def encode_sample(rendered: Rendered) -> bytes:
    """The JPEG of a sample; the same bytes for the same picture."""
    return encode_jpeg(rendered.rgb, quality=JPEG_QUALITY)


def expected_of(sample: SamplePicture, rendered: Rendered) -> dict[str, object]:
    """What must be found in one picture."""
    fruits = [_expected_fruit(truth, rendered, sample) for truth in _fruits(rendered)]
    return {"mm_per_px": sample.mm_per_px, "fruits": fruits}


def expected_of_turning(views: Sequence[Rendered]) -> dict[str, object]:
    """What must be found of the one fruit in all views together."""
    truth = _fruits(views[0])[0]
    return {
        "folder": TURNING_FOLDER,
        "views": TURNING_VIEWS,
        "mm_per_px": TURNING_MM_PER_PX,
        "crop": truth["crop"],
        "least_surface_seen_fraction": LEAST_SEEN_OF_TURNING,
        "equatorial_diameter_mm": _share(truth["equatorial_diameter_mm"], TURNING_DIAMETER_TOLERANCE),
        "blush_fraction": _about(truth["blush_fraction_whole"], BLUSH_TOLERANCE),
        "defects": [
            {
                "kind": defect["kind"],
                "kind_exact": True,
                "area_mm2": _share(defect["area_mm2"], AREA_TOLERANCE),
            }
            for defect in _list(truth["defects"])
        ],
    }


def _expected_fruit(
    truth: Mapping[str, object], rendered: Rendered, sample: SamplePicture
) -> dict[str, object]:
    mine = rendered.instance == truth["instance"]
    crowded = len(_fruits(rendered)) > 1
    fruit: dict[str, object] = {
        "crop": truth["crop"],
        "variety": truth["variety"],
        "box_xyxy_px": _box(mine),
        "touches_edge": truth["touches_edge"],
        "equatorial_diameter_mm": _share(
            truth["equatorial_diameter_mm"], TOUCHING_DIAMETER_TOLERANCE if crowded else DIAMETER_TOLERANCE
        ),
    }
    if truth["crop"] == "apple":
        fruit["blush_fraction"] = _about(truth["blush_fraction_seen"], BLUSH_TOLERANCE)
    fruit["defects"] = [
        {
            "kind": defect["kind"],
            "kind_exact": sample.kind_exact,
            "box_xyxy_px": _box(mine & (rendered.surface == DefectKind(str(defect["kind"])).surface_class)),
            "area_mm2": _share(defect["area_seen_mm2"], AREA_TOLERANCE),
        }
        for defect in _list(truth["defects"])
    ]
    if sample.classes:
        fruit["class_in"] = list(sample.classes)
    return fruit


def _fruits(rendered: Rendered) -> list[Mapping[str, object]]:
    return _list(rendered.truth["fruits"])


def _list(value: object) -> list[Mapping[str, object]]:
    return cast("list[Mapping[str, object]]", value)


def _about(value: object, tolerance: float) -> dict[str, float]:
    return {"value": round(float(cast(float, value)), 3), "tolerance": tolerance}


def _share(value: object, share: float) -> dict[str, float]:
    """A value with a tolerance that is a share of it."""
    return _about(value, round(share * float(cast(float, value)), 1))


def _box(mask: np.ndarray) -> list[int]:
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [int(cols[0]), int(rows[0]), int(cols[-1] + 1), int(rows[-1] + 1)]


if __name__ == "__main__":
    raise SystemExit(main())
