"""The same picture in both splits is found, mirrored, smaller, and as a poor JPEG; a like one is not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from grader.image_io import write_jpeg, write_png
from grader.types import UInt8Array
from tests.synthetic import paint_fruit
from tests.training.planted import DataFolder
from tests.training.test_training_cli import run
from training.leaks import SAME_BITS, difference_hash, find_twins, hashes_of
from training.manifest import load_manifest


def apple(seed: int, diameter_mm: float = 75.0) -> UInt8Array:
    """An uneven apple on an uneven ground."""
    rgb = paint_fruit(diameter_mm=diameter_mm, seed=seed, noise=3.0).rgb
    cloud = cv2.resize(
        np.random.default_rng(seed).normal(0, 60, (6, 6)), rgb.shape[1::-1], interpolation=cv2.INTER_CUBIC
    )
    return np.clip(rgb + cloud[..., np.newaxis], 0, 255).astype(np.uint8)


def folder(tmp_path: Path, judged: UInt8Array, learned: UInt8Array, *, quality: int | None = None) -> Path:
    data = DataFolder(tmp_path)
    name = "b.png" if quality is None else "b.jpg"
    data.add("apples/varieties_kayseri/images/Gala/a.png", label="Gala", kind="cultivar_sound")
    data.add(
        f"apples/varieties_kayseri/images/Gala/{name}", label="Gala", kind="cultivar_sound", split="train"
    )
    images = tmp_path / "apples/varieties_kayseri/images/Gala"
    write_png(images / "a.png", judged)
    if quality is None:
        write_png(images / name, learned)
    else:
        write_jpeg(images / name, learned, quality=quality)
    return tmp_path


@pytest.mark.parametrize("change", ["none", "mirror", "half", "jpeg", "darker"])
def test_the_same_picture_is_found(change: str, tmp_path: Path) -> None:
    judged = apple(1)
    learned = {
        "mirror": judged[:, ::-1].copy(),
        "half": cv2.resize(judged, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        "darker": (judged * 0.8).astype(np.uint8),
    }.get(change, judged)
    data = folder(tmp_path, judged, learned, quality=30 if change == "jpeg" else None)
    code, out, err = run("leaks", "--data", data)
    assert code == 1
    assert "looks like" in out
    assert "a.png" in out
    assert "2 pictures, 1 pairs" in err


def test_another_apple_of_the_same_size_is_no_twin(tmp_path: Path) -> None:
    code, out, err = run("leaks", "--data", folder(tmp_path, apple(1), apple(2)))
    assert (code, out) == (0, "")
    assert "2 pictures, 0 pairs" in err


def test_the_limit_is_within(tmp_path: Path) -> None:
    photographs = load_manifest(folder(tmp_path, apple(1), apple(1)))
    hashes = [hashes_of(photo) for photo in photographs]
    train = next(n for n, photo in enumerate(photographs) if photo.split == "train")
    for bits, found in ((SAME_BITS, 1), (SAME_BITS + 1, 0)):
        changed = [each.copy() for each in hashes]
        changed[train][0] ^= np.packbits(np.arange(256) < bits)
        assert len(find_twins(photographs, changed)) == found


def test_a_hash_is_256_bits() -> None:
    assert difference_hash(apple(1)).shape == (32,)
