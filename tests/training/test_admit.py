"""A foreign network behind a card says what it said before, in our channels; what cannot be used is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions, Grader
from grader.types import Frame, SurfaceClass
from tests.synthetic import paint_fruit
from training.admit import AdmitError, Foreign, admit, class_matrices, read_foreign

CLASSES = ("background", "apple", "rot", "stem", "other_object")
SAID = Foreign(
    name="site-net", version="1.0.0", licence="MIT", classes=CLASSES, mean=(0, 0, 0), std=(1, 1, 1)
)
IMAGE = np.random.default_rng(3).random((2, 3, 96, 64), np.float32)


class ByColour(nn.Module):
    """A network that needs no training: dark is background, red an apple, blue a rot; half the resolution."""

    def __init__(self, stride: int = 2) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, image: Tensor) -> Tensor:
        red, green, blue = nn.functional.avg_pool2d(image, self.stride).split(1, dim=1)
        return torch.cat([0.5 - red - green - blue, red, blue, 0.1 * green, 0.2 * green - 1.0], dim=1) * 20


def exported(path: Path, net: nn.Module | None = None, fixed: bool = False, opset: int = 17) -> Path:
    axes = None if fixed else {"pixels": {0: "n", 2: "h", 3: "w"}, "scores": {0: "n", 2: "oh", 3: "ow"}}
    torch.onnx.export(
        net or ByColour(),
        (torch.zeros(1, 3, 64, 64),),
        str(path),
        input_names=["pixels"],
        output_names=["scores"],
        dynamic_axes=axes,
        opset_version=opset,
        dynamo=False,
    )
    return path


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("stride", "opset"), [(1, 17), (2, 17), (4, 17), (2, 12)])
def test_it_says_the_same_in_our_channels(tmp_path: Path, stride: int, opset: int) -> None:
    net = ByColour(stride)
    card = admit(exported(tmp_path / "net.onnx", net, opset=opset), SAID, tmp_path / "model")
    model = OnnxModel.load(tmp_path / "model")
    said = model.run(IMAGE)
    theirs = torch.nn.functional.interpolate(
        net(torch.from_numpy(IMAGE)).softmax(1), (48, 32), mode="bilinear"
    ).numpy()
    place = {value: number for number, value in enumerate(card.surface_classes)}
    np.testing.assert_allclose(said["surface"][:, place[SurfaceClass.SOUND_SKIN]], theirs[:, 1], atol=1e-4)
    np.testing.assert_allclose(said["surface"][:, place[SurfaceClass.ROT]], theirs[:, 2], atol=1e-4)
    np.testing.assert_allclose(said["surface"][:, 0], theirs[:, 0] + theirs[:, 4], atol=1e-4)
    assert said["surface"][:, place[SurfaceClass.SCAB]].max() == 0
    np.testing.assert_allclose(said["surface"].sum(1), 1, atol=1e-4)
    np.testing.assert_allclose(said["crop"].sum(1), 1, atol=1e-4)
    assert said["net"].max() == 0
    assert card.trained_on == ({"name": "foreign network net.onnx", "licence": "MIT"},)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_blue_green_red_is_turned_round(tmp_path: Path) -> None:
    exported(tmp_path / "net.onnx")
    admit(tmp_path / "net.onnx", SAID, tmp_path / "rgb")
    turned = replace(SAID, colour_order="BGR", mean=(0.1, 0.2, 0.3))
    card = admit(tmp_path / "net.onnx", turned, tmp_path / "bgr")
    assert card.input.mean == (0.3, 0.2, 0.1)
    straight, other = OnnxModel.load(tmp_path / "rgb"), OnnxModel.load(tmp_path / "bgr")
    np.testing.assert_allclose(
        straight.run(IMAGE)["surface"], other.run(IMAGE[:, ::-1].copy())["surface"], atol=1e-5
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fruit_are_graded_by_it(tmp_path: Path) -> None:
    """The painted apple is red enough for the network by colour: found whole, without a defect, measured in mm."""
    admit(exported(tmp_path / "net.onnx"), SAID, tmp_path / "model")
    fruit = paint_fruit(diameter_mm=75.0)
    graded = Grader.load(tmp_path / "model").grade_frame(
        Frame(frame_id="painted", rgb=np.where(fruit.mask[..., None], (230, 20, 10), 0).astype(np.uint8)),
        GradeOptions(mm_per_px=0.35),
    )
    (record,) = graded.records
    assert record.measurement.crop == "apple"
    assert record.measurement.defects == ()
    (view,) = graded.views
    found = np.zeros(fruit.mask.shape, np.bool_)
    x0, y0, x1, y1 = view.box_xyxy_px
    found[y0:y1, x0:x1] = view.mask
    assert (found & fruit.mask).sum() / (found | fruit.mask).sum() > 0.95


def test_defects_are_on_the_fruit_that_is_named() -> None:
    _, crop = class_matrices(replace(SAID, classes=("background", "melon", "rot"), crop="melon"))
    assert crop.argmax(0).tolist() == [0, 2, 2]
    _, crop = class_matrices(SAID)
    assert crop.argmax(0).tolist() == [0, 1, 1, 1, 3]


LEAST = 'name = "n"\nversion = "1"\nlicence = "MIT"\nclasses = ["background", "apple", "rot"]\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "said.toml"
    path.write_text(text)
    return path


def test_what_is_said_is_read(tmp_path: Path) -> None:
    assert read_foreign(written(tmp_path, LEAST)) == Foreign(
        name="n", version="1", licence="MIT", classes=("background", "apple", "rot")
    )
    more = LEAST + 'crop = "melon"\nactivation = "none"\ncolour_order = "BGR"\nmean = [0, 0.5, 1]\n'
    more += "std = [1, 1, 0.5]\nfind_side = 320\nfruit_side = 192\n"
    assert read_foreign(written(tmp_path, more)) == Foreign(
        name="n",
        version="1",
        licence="MIT",
        classes=("background", "apple", "rot"),
        crop="melon",
        activation="none",
        colour_order="BGR",
        mean=(0, 0.5, 1),
        std=(1, 1, 0.5),
        find_side=320,
        fruit_side=192,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 1", "name: expected a text"),
        (LEAST.replace("rot", "rott"), r"said.toml:4: classes: expected some of .* got rott"),
        (LEAST.replace('"background", ', ""), "expected background, and apple or melon"),
        (LEAST.replace('["background", "apple", "rot"]', "[]"), "expected the name of each channel"),
        (LEAST + 'crop = "pear"', "crop: expected one of apple, melon, got 'pear'"),
        (LEAST + "std = [0, 1, 1]", "std: expected three numbers 0.001-1"),
        (LEAST + "mean = [0, 1]", "mean: expected three numbers 0-1"),
        (LEAST + "find_side = 100", "find_side: expected a multiple of 32, got 100"),
        (LEAST + "sise = 1", "unknown key 'sise'"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AdmitError, match=message):
        read_foreign(written(tmp_path, text))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_networks_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_bytes(b"not a network")
    with pytest.raises(AdmitError, match=r"text.onnx: expected an ONNX network"):
        admit(tmp_path / "text.onnx", SAID, tmp_path / "model")
    with pytest.raises(
        AdmitError, match=r"got the fixed input \[1, 3, 64, 64\]: export it with dynamic axes"
    ):
        admit(exported(tmp_path / "fixed.onnx", fixed=True), SAID, tmp_path / "model")
    fewer = replace(SAID, classes=("background", "apple", "rot"))
    with pytest.raises(AdmitError, match=r"expected an output of 3 channels"):
        admit(exported(tmp_path / "net.onnx"), fewer, tmp_path / "model")
    grey = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "grey",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1, "h", "w"])],
    )
    onnx.save(helper.make_model(grey, opset_imports=[helper.make_opsetid("", 17)]), tmp_path / "grey.onnx")
    with pytest.raises(AdmitError, match=r"expected the input float32 \(N, 3, H, W\)"):
        admit(tmp_path / "grey.onnx", SAID, tmp_path / "model")
    assert not (tmp_path / "model").exists()
