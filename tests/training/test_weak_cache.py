"""The converted files hold what the labels said, at the size training wants."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from grader.image_io import read_image, write_jpeg
from grader.types import Crop
from training.label_canvas import GROUND, BoxFact, WeakLabel
from training.manifest import Photograph
from training.weak_cache import convert, largest_square, shrink_label, thin_turntables, write_backgrounds


def photograph(
    path: Path, name: str, kind: str = "turntable_condition", label: str = "sound;axis=r;frame=0;"
) -> Photograph:
    return Photograph(
        path=path,
        name=name,
        split="train",
        group="g",
        dataset="set",
        crop=Crop.APPLE,
        label=label,
        label_kind=kind,
        label_file=None,
        licence="MIT",
    )


def painted(folder: Path, side: int) -> Path:
    """A red disc on paper with a black-and-white floor strip below it."""
    y, x = np.mgrid[:side, :side]
    rgb = np.full((side, side, 3), 248, np.uint8)
    rgb[(x - side / 2) ** 2 + (y - side / 2) ** 2 < (0.3 * side) ** 2] = (190, 40, 45)
    path = folder / f"{side}.jpg"
    write_jpeg(path, rgb, quality=95)
    return path


def test_convert_shrinks_keeps_small_and_resumes(tmp_path: Path) -> None:
    photographs = [photograph(painted(tmp_path, side), str(side)) for side in (100, 768)]
    out = tmp_path / "out"
    index = convert(photographs, out)
    assert [entry["size"] for entry in index] == [[100, 100], [384, 384]]
    assert json.loads((out / "index.json").read_text()) == index
    assert [entry["trusted_outlines"] for entry in index] == [1, 1]
    for entry in index:
        label = np.load(out / f"{entry['id']}.npz")
        assert list(label["surface_set"].shape) == entry["size"]
        assert read_image(out / f"{entry['id']}.jpg").rgb.shape[:2] == label["crop_set"].shape
        assert (label["surface_set"].dtype, label["crop_set"].dtype, label["instance"].dtype) == (
            "u4",
            "u1",
            "u1",
        )
        share = float((label["instance"] == 1).mean())
        assert share == pytest.approx(np.pi * 0.3**2, rel=0.08)
    assert all(0.9 < entry["known_fraction"] <= 1 for entry in index)
    before = (out / "768.npz").stat().st_mtime_ns
    assert convert(photographs, out) == index
    assert (out / "768.npz").stat().st_mtime_ns == before


def test_facts_shrink_outwards_with_the_picture() -> None:
    label = WeakLabel(
        surface_set=np.zeros((90, 120), np.uint32),
        crop_set=np.zeros((90, 120), np.uint8),
        instance=np.repeat(np.arange(90, dtype=np.uint8)[:, None], 120, axis=1),
        facts=(BoxFact(box_xyxy=(10, 20, 41, 62), kinds=16, fact="has_defect"),),
        trusted_outlines=1,
        fruit=2,
    )
    small = shrink_label(label, (30, 40))
    assert small.facts == (BoxFact(box_xyxy=(3, 6, 14, 21), kinds=16, fact="has_defect"),)
    assert small.instance[:, 0].tolist() == list(range(1, 90, 3))
    assert (small.trusted_outlines, small.fruit) == (1, 2)


def test_every_third_frame_of_each_turn_stays() -> None:
    frames = [
        photograph(Path("p"), f"{axis}{frame}", label=f"sound;axis={axis};frame={frame};")
        for axis in ("r0", "r1")
        for frame in (8, 0, 4, 12, 16)
    ]
    other = photograph(Path("p"), "other", kind="weight", label="weight_g=1")
    kept = [photo.name for photo in thin_turntables([*frames, other])]
    assert kept == ["other", "r00", "r012", "r10", "r112"]


def test_largest_square_is_free_of_fruit() -> None:
    ground = np.ones((100, 140), np.bool_)
    ground[50, 60] = False
    square = largest_square(ground, 40)
    assert square is not None
    x0, y0, x1, y1 = square
    assert (x1 - x0, y1 - y0) == (76, 76)
    assert ground[y0:y1, x0:x1].all()
    assert largest_square(ground, 90) is None


def test_backgrounds_leave_flat_paper_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    photographs = []
    for name, spread in (("paper", 1), ("gravel", 120)):
        rgb = rng.integers(100, 100 + spread, (400, 800, 3), np.uint8)
        write_jpeg(tmp_path / f"{name}.jpg", rgb, quality=95)
        ground = np.zeros((192, 384), np.uint32)
        ground[:, 150:] = GROUND
        np.savez(tmp_path / f"{name}.npz", surface_set=ground)
        photographs.append(photograph(tmp_path / f"{name}.jpg", name))
    assert write_backgrounds(photographs, tmp_path, tmp_path / "bg") == 1
    (only,) = (tmp_path / "bg").iterdir()
    assert only.name == "gravel.jpg"
    assert read_image(only).rgb.shape == (400, 400, 3)
