"""Exported means verified: ONNX says what torch says, the card fits the file, licences are on the card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from grader.errors import ModelMismatchError, OutputError
from grader.image_io import write_png
from grader.model_card import load_card
from grader.onnx_model import SWITCH, OnnxModel
from grader.preprocess import to_tensor
from grader.types import Crop, UInt8Array
from tests.synthetic import paint_fruit
from tests.training.converted import write_photographs
from tests.training.small_disk import small_disk
from training.checkpoint import CheckpointError
from training.dataset import INPUT
from training.export import (
    LARGEST_LOGIT,
    export,
    fruit_pictures,
    load_network,
    parity,
    shares_and_rest,
    training_sets,
)
from training.manifest import ManifestError, Photograph
from training.network import OUTPUT_NAMES, FruitNet
from training.weak_labels import SURFACE_CLASSES

SETS = [{"name": "plates", "licence": "MIT"}]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose heads were never trained."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("run") / "last.pt"
    torch.save({"average": FruitNet().state_dict()}, path)
    return path


@pytest.fixture(scope="module")
def model_dir(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "tiny" / "0.1.0"
    export(checkpoint, out, name="tiny", version="0.1.0", sets=SETS, find_side=128, fruit_side=64)
    return out


def painted() -> list[UInt8Array]:
    """Fruit of three sizes; no side is a multiple of 32."""
    return [
        paint_fruit(diameter_mm=mm, seed=number, noise=3.0).rgb[::3, ::3].copy()
        for number, mm in enumerate((60.0, 75.0, 90.0))
    ]


def test_onnx_says_what_torch_says(checkpoint: Path, model_dir: Path) -> None:
    result = parity(checkpoint, OnnxModel.load(model_dir), painted())
    assert result["max_difference"] < 1e-3
    assert result["class_flips"] < 1e-3


def test_several_pictures_at_once_and_any_size(checkpoint: Path, model_dir: Path) -> None:
    model, net = OnnxModel.load(model_dir), load_network(checkpoint)
    rng = np.random.default_rng(0)
    for n, height, width in ((1, 96, 64), (3, 64, 128)):
        tensor = rng.normal(0, 1, (n, 3, height, width)).astype(np.float32)
        ours = model.run(tensor)
        with torch.no_grad():
            theirs = dict(zip(OUTPUT_NAMES, net(torch.from_numpy(tensor)), strict=True))
        for name, value in ours.items():
            assert value.shape == tuple(theirs[name].shape)
            assert np.abs(value - theirs[name].numpy()).max() < 1e-3, name
        assert ours["surface"].sum(1) == pytest.approx(1.0, abs=1e-5)
        assert ours["crop"].sum(1) == pytest.approx(1.0, abs=1e-5)


def test_the_first_look_says_the_same_with_less(model_dir: Path) -> None:
    model = OnnxModel.load(model_dir)
    tensor = to_tensor(painted()[0], INPUT)
    found, whole = model.find(tensor), model.run(tensor)
    assert list(found) == ["crop", "inside"]
    for name, value in found.items():
        np.testing.assert_array_equal(value, whole[name])
    everything = onnx.load(model_dir / "model.onnx")
    assert [item.name for item in everything.graph.input] == ["image", SWITCH]
    assert [node.op_type for node in everything.graph.node].count("If") == 1


@pytest.mark.parametrize("size", [1.0, LARGEST_LOGIT])
def test_probabilities_in_quick_steps_are_those_of_softmax(size: float) -> None:
    logits = (torch.rand(2, 6, 5, 7, generator=torch.Generator().manual_seed(0)) * 2 - 1) * size
    shares, rest = shares_and_rest(logits, 4)
    torch.testing.assert_close(shares, logits[:, :4].softmax(1), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(rest, logits[:, 4:].sigmoid())


def test_absurd_logits_give_probabilities_all_the_same() -> None:
    logits = torch.full((1, 18, 1, 1), 1e9)
    logits[:, 1] = -1e9
    shares, rest = shares_and_rest(logits, 17)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[0, 1] == pytest.approx(0.0, abs=1e-30)
    assert rest == pytest.approx(1.0)


def test_parity_sees_other_weights(checkpoint: Path, model_dir: Path, tmp_path: Path) -> None:
    """A head that calls every pixel the last class differs in every pixel."""
    weights = torch.load(checkpoint, weights_only=True)["average"]
    weights["surface.bias"][-1] += 50.0
    torch.save({"average": weights}, tmp_path / "other.pt")
    model = OnnxModel.load(model_dir)
    (picture, *_) = painted()
    before = model.run(to_tensor(picture, INPUT))["surface"].argmax(1)
    result = parity(tmp_path / "other.pt", model, [picture])
    assert result["max_difference"] > 0.5
    assert result["class_flips"] == pytest.approx(float((before != len(SURFACE_CLASSES) - 1).mean()))
    assert result["class_flips"] > 0.5


def test_the_card_says_what_the_network_expects(model_dir: Path) -> None:
    card = load_card(model_dir)
    assert (card.name, card.version, card.trained_on) == ("tiny", "0.1.0", tuple(SETS))
    assert (card.input.mean, card.input.std, card.input.multiple) == (INPUT.mean, INPUT.std, 32)
    assert (card.input.find_side_px, card.input.fruit_side_px) == (128, 64)
    assert card.surface_classes == tuple(SURFACE_CLASSES)
    assert card.strides == {"surface": 2, "crop": 4, "inside": 4, "net": 2}


def test_weights_that_are_not_the_card_s_are_refused(model_dir: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model_dir, copy)
    with (copy / "model.onnx").open("ab") as weights:
        weights.write(b"\0")
    with pytest.raises(ModelMismatchError, match=r"model\.onnx: expected sha256"):
        OnnxModel.load(copy)


def test_a_checkpoint_of_another_network_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    other = tmp_path / "other.pt"
    torch.save({"average": torch.nn.Linear(2, 2).state_dict()}, other)
    with pytest.raises(CheckpointError, match=r"other\.pt: expected the weights of FruitNet"):
        load_network(other)
    with pytest.raises(CheckpointError, match=r"other\.pt: expected the weights of FruitNet"):
        export(other, tmp_path / "out", name="a", version="1", sets=SETS, find_side=64, fruit_side=64)
    assert not (tmp_path / "out").exists()
    with pytest.raises(FileNotFoundError):
        load_network(tmp_path / "nowhere.pt")


def test_a_full_disk_names_the_file(checkpoint: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4000) as disk:
        with pytest.raises(OutputError, match=r"model\.onnx: could not be written: No space left on device"):
            export(checkpoint, disk / "m", name="a", version="1", sets=SETS, find_side=64, fruit_side=64)
        assert list((disk / "m").iterdir()) == []


def test_pictures_are_scaled_by_their_long_side(tmp_path: Path) -> None:
    photographs = []
    for height, width in ((40, 80), (96, 33), (2400, 32)):
        path = tmp_path / f"{height}.png"
        write_png(path, np.zeros((height, width, 3), np.uint8))
        photographs.append(
            Photograph(
                path=path,
                name=path.stem,
                split="val",
                group=path.stem,
                dataset="plates",
                crop=Crop.APPLE,
                label="Gala",
                label_kind="cultivar_sound",
                label_file=None,
                licence="MIT",
            )
        )
    assert [p.shape for p in fruit_pictures(photographs, 64)] == [(32, 64, 3), (64, 22, 3), (64, 1, 3)]


def run_config(folder: Path, **fields: object) -> Path:
    """A run's config.json; returns where its checkpoint would be."""
    folder.mkdir(parents=True)
    usual = {"photographs": "weak", "photograph_shares": {}, "licences": None, "start_from": None}
    (folder / "config.json").write_text(json.dumps(usual | fields))
    return folder / "last.pt"


def test_the_card_names_all_that_the_weights_saw(tmp_path: Path) -> None:
    """Also what the run it started from saw; not what its licences or a share of 0 kept out."""
    licences = {
        "plates": "MIT",
        "vines": "none stated",
        "bowls": "CC BY-SA 4.0",
        "cups": "MIT",
        "jars": "MIT",
    }
    first = run_config(tmp_path / "first", photograph_shares={"bowls": 1.0}, start_from=None)
    second = run_config(
        tmp_path / "second",
        photograph_shares={"plates": 1.0, "vines": 1.0, "cups": 0.0},
        licences=["MIT"],
        start_from=str(first),
    )
    found = training_sets(second, licences)
    assert found[:-2] == [{"name": "bowls", "licence": "CC BY-SA 4.0"}, {"name": "plates", "licence": "MIT"}]
    assert [entry["licence"] for entry in found[-2:]] == ["Apache-2.0", "Apache-2.0 (weights)"]
    none = run_config(tmp_path / "third", photographs=None, photograph_shares={"plates": 1.0})
    assert training_sets(none, licences) == found[-2:]
    circle = run_config(tmp_path / "circle", start_from=str(tmp_path / "circle" / "last.pt"))
    assert training_sets(circle, licences) == found[-2:]


def test_the_card_names_imported_sets(tmp_path: Path) -> None:
    """Their licences are those of the pictures that the run could learn."""
    entries = [
        ("a", "yard", "MIT"),
        ("b", "yard", "CC BY 4.0"),
        ("c", "yard", "none stated"),
        ("d", "shed", "x"),
    ]
    folder = write_photographs(tmp_path / "imported", entries, (1, 1, 9, 9))
    shares = {"yard": 1.0, "plates": 1.0, "shed": 1.0}
    licences = ["MIT", "CC BY 4.0"]
    run = run_config(
        tmp_path / "run",
        photographs=["weak", str(folder)],
        photograph_shares=shares,
        licences=licences,
    )
    assert training_sets(run, {"plates": "MIT"})[:-2] == [
        {"name": "plates", "licence": "MIT"},
        {"name": "yard", "licence": "CC BY 4.0, MIT"},
    ]


def test_a_set_without_licence_and_a_run_without_config_are_refused(tmp_path: Path) -> None:
    run = run_config(tmp_path / "run", photograph_shares={"plates": 1.0})
    with pytest.raises(ManifestError, match=r"config\.json: no licence is known of the set 'plates'"):
        training_sets(run, {})
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        training_sets(tmp_path / "last.pt", {})
