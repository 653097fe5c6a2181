"""What a run is never shown: the kind itself, and photographs that may show it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from grader.types import SurfaceClass
from training.dataset import photograph_sources, simulated_source
from training.label_canvas import ANY_DEFECT, GROUND, SOUND, surface_bits
from training.withheld import without


def simulated(folder: Path, *kinds_of_fruit: list[str]) -> str:
    """One picture's truth; returns its stem."""
    folder.mkdir(exist_ok=True)
    stem = folder / f"{len(list(folder.glob('*.json'))):06d}"
    fruits = [{"defects": [{"kind": kind} for kind in kinds]} for kinds in kinds_of_fruit]
    stem.with_suffix(".json").write_text(json.dumps({"fruits": fruits}))
    return str(stem)


def photograph(folder: Path, name: str, *sets: int) -> str:
    np.savez_compressed(folder / f"{name}.npz", surface_set=np.array([[*sets, SOUND, GROUND, 0]], np.uint32))
    return str(folder / name)


def test_a_simulated_picture_with_the_kind_on_any_fruit_is_left_out(tmp_path: Path) -> None:
    sound, rot = simulated(tmp_path, []), simulated(tmp_path, ["rot"], ["bruise"])
    second, last = simulated(tmp_path, ["rot"], ["bruise", "scald"]), simulated(tmp_path, ["scald"])
    assert without([sound, rot, second, last], ["scald"], simulated=True) == (sound, rot)
    assert without([sound, last], [], simulated=True) == (sound, last)
    assert simulated_source(str(tmp_path), 1.0, ["scald"]).stems == (sound, rot)
    only = simulated(tmp_path / "only", ["scald"])
    with pytest.raises(FileNotFoundError, match="only: expected simulated pictures"):
        simulated_source(str(Path(only).parent), 1.0, ["scald"])


def test_a_photograph_that_may_show_the_kind_is_left_out_unless_any_defect_may_be_there(
    tmp_path: Path,
) -> None:
    rot = photograph(tmp_path, "rot", surface_bits(SurfaceClass.ROT))
    scab = photograph(tmp_path, "scab", surface_bits(SurfaceClass.SCAB))
    blotch = photograph(tmp_path, "blotch", SOUND | surface_bits(SurfaceClass.SCAB, SurfaceClass.SOOTY))
    rotten = photograph(tmp_path, "rotten", ANY_DEFECT, SOUND | ANY_DEFECT)
    shown = without([rot, scab, blotch, rotten], ["scab"], simulated=False)
    assert shown == (rot, rotten)


def test_a_set_of_which_nothing_is_left_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "set"  # sets that lie beside it are looked at too
    folder.mkdir()
    photograph(folder, "one", surface_bits(SurfaceClass.SCAB))
    photograph(folder, "two", surface_bits(SurfaceClass.ROT))
    entries = [
        {"id": name, "dataset": dataset, "split": "train", "licence": "MIT", "group": name, "facts": []}
        for name, dataset in (("one", "scabby"), ("two", "rotten"))
    ]
    (folder / "index.json").write_text(json.dumps(entries))
    shares = {"scabby": 1.0, "rotten": 1.0}
    sources = photograph_sources([folder], shares, withheld=["scab"])
    assert [source.name for source in sources] == ["rotten"]
    assert [source.name for source in photograph_sources([folder], shares)] == ["rotten", "scabby"]
