"""Labels become bits, licences and shares are honoured, the stream depends on seed and position alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from grader.types import SurfaceClass
from tests.training.converted import write_photographs, write_plain, write_simulated
from training.augment import choose_window, warp
from training.dataset import (
    TrainingStream,
    licence_allowed,
    photograph_sources,
    read_sample,
    simulated_source,
)
from training.labelled_picture import SetError
from training.manifest import ManifestError
from training.weak_labels import SURFACE_CLASSES

BOX = (20, 30, 80, 90)


def test_simulated_classes_become_bits(tmp_path: Path) -> None:
    surface = np.tile(np.array(list(SurfaceClass), np.uint8), (8, 1))
    crop = np.zeros_like(surface)
    crop[:, :4] = (0, 1, 2, 3)
    instance = np.full_like(surface, 5)
    net = np.full_like(surface, 255)
    net[:, 2] = 128
    stem = write_simulated(tmp_path, 0, surface=surface, crop=crop, instance=instance, net=net)
    sample = read_sample(simulated_source(str(tmp_path), 1.0), stem)
    assert sample.surface_set[0].tolist() == [1 << SURFACE_CLASSES.index(c) for c in SurfaceClass]
    assert sample.crop_set[0, :4].tolist() == [1, 2, 4, 8]
    assert sample.instance[0, :5].tolist() == [5, 5, 5, 0, 5]  # an object is no fruit
    assert sample.net[0, :5].tolist() == [255, 254, 127, 254, 255]  # off the fruit unknown
    assert not sample.some_defect.any()
    assert (sample.rgb.shape, sample.rgb.dtype) == ((8, len(SurfaceClass), 3), np.uint8)
    assert (sample.surface_set.dtype, sample.crop_set.dtype) == (np.uint32, np.uint8)


def test_simulated_pictures_of_every_folder_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("one_2", "one_1", "two_1"):
        write_plain(tmp_path / folder, 3, 1)
    (tmp_path / "one_1" / "notes.json").write_text("{}")
    wanted = ["one_1/000003", "one_2/000003"]
    source = simulated_source(str(tmp_path / "one_*"), 2.5)
    assert [Path(stem).relative_to(tmp_path).as_posix() for stem in source.stems] == wanted
    assert (source.weight, source.simulated) == (2.5, True)
    monkeypatch.chdir(tmp_path)
    assert list(simulated_source("one_*", 1.0).stems) == wanted
    with pytest.raises(FileNotFoundError, match=r"three_\*: expected simulated pictures"):
        simulated_source("three_*", 1.0)


@pytest.mark.parametrize("missing", [".jpg", "_net.png"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    stem = write_plain(tmp_path, 0, 1)
    Path(stem + missing).unlink()
    with pytest.raises(FileNotFoundError, match=f"000000{missing}: expected"):
        read_sample(simulated_source(str(tmp_path), 1.0), stem)


def test_photograph_labels(tmp_path: Path) -> None:
    folder = write_photographs(tmp_path, [("a", "plates", "MIT")], BOX)
    (source,) = photograph_sources([folder], {"plates": 1.0})
    sample = read_sample(source, source.stems[0])
    assert source.facts == {source.stems[0]: [BOX]}  # `no_defect` asks for nothing
    rows, cols = np.nonzero(sample.some_defect)
    assert (cols.min(), rows.min(), cols.max() + 1, rows.max() + 1) == BOX
    assert sample.some_defect.sum() == 60 * 60
    assert (sample.net[:, :50] == 0).all()  # apples have no net
    assert (sample.net[:, 50:] == 255).all()  # of melons it is not known
    assert (sample.surface_set == 2).all()
    assert sample.surface_set.dtype == np.uint32


@pytest.mark.parametrize(
    ("stated", "licences", "allowed"),
    [
        ("MIT", ["MIT"], True),
        ("MIT (repo code)", ["MIT"], True),
        ("MITX", ["MIT"], False),
        ("CC BY 4.0 (someone)", ["CC BY 4.0"], True),
        ("CC BY 4.0", ["CC BY"], True),
        ("CC BY-SA 4.0", ["CC BY"], False),
        ("CC BY-NC 4.0", ["CC BY"], False),
        ("CC BY-SA 4.0", ["MIT", "CC BY-SA 4.0"], True),
        ("none stated", ["MIT"], False),
        ("none stated", None, True),
        ("MIT", [], False),
    ],
)
def test_licence_names_are_whole_words(stated: str, licences: list[str] | None, allowed: bool) -> None:
    assert licence_allowed(stated, licences) is allowed


def test_photographs_that_models_are_judged_by_are_refused(tmp_path: Path) -> None:
    folder = write_photographs(tmp_path, [("a", "plates", "MIT"), ("b", "vines", "MIT")], BOX)
    index = json.loads((folder / "index.json").read_text())
    index[1]["split"] = "val"
    (folder / "index.json").write_text(json.dumps(index))
    with pytest.raises(
        SetError, match=r"expected photographs of the split train only.*got 1 others, such as b"
    ):
        photograph_sources([folder], {"plates": 1.0, "vines": 1.0})
    assert len(photograph_sources([folder], {"plates": 1.0})) == 1  # a set that is left out does not matter


def test_sources_follow_weights_and_licences(tmp_path: Path) -> None:
    entries = [
        ("a", "plates", "MIT"),
        ("b", "plates", "MIT"),
        ("c", "vines", "none stated"),
        ("d", "bowls", "CC BY 4.0"),
        ("e", "cups", "MIT"),
    ]
    folder = write_photographs(tmp_path, entries, BOX)
    weights = {"plates": 2.0, "vines": 1.0, "bowls": 0.5, "cups": 0.0}

    def found(licences: tuple[str, ...] | None) -> dict[str, tuple[list[str], float]]:
        sources = photograph_sources([folder], weights, licences)
        return {s.name: ([Path(stem).name for stem in s.stems], s.weight) for s in sources}

    every = {"plates": (["a", "b"], 2.0), "vines": (["c"], 1.0), "bowls": (["d"], 0.5)}
    assert found(None) == every
    assert found(("MIT",)) == {"plates": every["plates"]}
    assert found(("MIT", "CC BY 4.0")) == {"plates": every["plates"], "bowls": every["bowls"]}
    assert found(("Apache-2.0",)) == {}
    with pytest.raises(ManifestError, match=r"index\.json: unknown dataset \['plats'\]"):
        photograph_sources([folder], {"plats": 1.0})
    with pytest.raises(FileNotFoundError, match=r"index\.json"):
        photograph_sources([tmp_path / "nowhere"], weights)


def test_stream_depends_on_seed_and_position_alone(tmp_path: Path) -> None:
    write_plain(tmp_path, 0, 1)
    sources = [simulated_source(str(tmp_path), 1.0)]
    whole = TrainingStream(sources, 32, 7, 0, 6)
    later = TrainingStream(sources, 32, 7, 4, 2)
    other = TrainingStream(sources, 32, 8, 0, 6)
    assert (len(whole), len(later)) == (6, 2)
    for position in (1, 0):  # order of asking does not matter
        first, again = whole[4 + position], later[position]
        assert first.keys() == again.keys()
        assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(whole[0]["image"], whole[1]["image"])
    assert not torch.equal(whole[0]["image"], other[0]["image"])


def test_stream_gives_what_the_loss_reads(tmp_path: Path) -> None:
    write_plain(tmp_path, 0, 2)
    item = TrainingStream([simulated_source(str(tmp_path), 1.0)], 64, 1, 0, 1)[0]
    shapes = {name: (tuple(value.shape), value.dtype) for name, value in item.items()}
    assert shapes == {
        "image": ((3, 64, 64), torch.float32),
        "surface_set": ((32, 32), torch.int32),
        "crop_set": ((16, 16), torch.uint8),
        "inside": ((16, 16), torch.float32),
        "net": ((32, 32), torch.uint8),
        "some_defect": ((32, 32), torch.bool),
    }
    assert float(item["image"].min()) >= -1
    assert float(item["image"].max()) <= 128 / 127 + 1e-6


def test_labels_are_those_of_the_warp_alone(tmp_path: Path) -> None:
    """The colour changes that follow do not touch them."""
    folder = write_photographs(tmp_path, [("a", "plates", "MIT")], BOX)
    (source,) = photograph_sources([folder], {"plates": 1.0})
    stream = TrainingStream([source], 64, 3, 0, 4)
    for position in range(4):
        rng = np.random.default_rng((3, position))
        rng.choice(1, p=[1.0]), rng.integers(1)  # the draws of source and picture
        sample = read_sample(source, source.stems[0])
        target = warp(sample, choose_window(sample, rng), 64, rng)
        item = stream[position]
        for name in ("surface_set", "crop_set", "inside", "net"):
            assert (item[name].numpy() == getattr(target, name)).all(), name


def test_a_box_that_left_the_window_asks_for_nothing(tmp_path: Path) -> None:
    kept = {}
    for name, box in (("large", BOX), ("tiny", (2, 2, 8, 8))):
        folder = write_photographs(tmp_path / name, [("a", "plates", "MIT")], box)
        stream = TrainingStream(photograph_sources([folder], {"plates": 1.0}), 32, 5, 0, 20)
        kept[name] = [float(stream[position]["some_defect"].float().mean()) for position in range(20)]
    assert max(kept["tiny"]) == 0
    assert min(share for share in kept["large"] if share) >= 0.02
    assert sum(share > 0 for share in kept["large"]) > 15


def test_shares_of_the_stream(tmp_path: Path) -> None:
    """Three quarters apples, one quarter melons, whatever the scale of the weights."""
    write_plain(tmp_path / "apple", 0, 1)
    write_plain(tmp_path / "melon", 0, 2)
    apples = simulated_source(str(tmp_path / "apple"), 30.0)
    melons = simulated_source(str(tmp_path / "melon"), 10.0)
    stream = TrainingStream([apples, melons], 32, 1, 0, 240)
    seen = [int(stream[position]["crop_set"].max()) for position in range(240)]
    assert set(seen) == {2, 4}
    assert 0.65 < seen.count(2) / 240 < 0.85


def test_a_share_of_both_kinds_is_mixed(tmp_path: Path) -> None:
    """Simulated pictures get the ground, photographs the simulated thing, and none when the share is 0."""
    write_plain(tmp_path / "sim", 0, 2)
    ground = tmp_path / "ground.jpg"
    cv2.imwrite(str(ground), np.full((40, 40, 3), 250, np.uint8))
    folder = write_photographs(tmp_path, [("a", "plates", "MIT")], BOX)
    (photographs,) = photograph_sources([folder], {"plates": 1.0})
    photographs = replace(photographs, facts={stem: [] for stem in photographs.stems})
    sources = [simulated_source(str(tmp_path / "sim"), 1.0), photographs]
    plain = TrainingStream(sources, 32, 1, 0, 40)
    mixed = TrainingStream(sources, 32, 1, 0, 40, [ground], 0.5)
    changed = [not torch.equal(plain[n]["image"], mixed[n]["image"]) for n in range(40)]
    assert any(changed)
    none = TrainingStream(sources, 32, 1, 0, 40, [ground], 0.0)
    assert all(torch.equal(plain[n]["image"], none[n]["image"]) for n in range(40))
