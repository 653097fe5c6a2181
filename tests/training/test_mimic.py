"""The small network learns the answers of the large one: what a lesson is, when the loss is nothing, that it learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from grader.onnx_model import OnnxModel
from grader.production import newest_model
from training.dataset import INPUT
from training.mimic import Lessons, as_input, coarser_surface, make_lessons, mimic, mimic_loss, turned
from training.quick_network import QuickNet
from training.simulator import generate
from training.train_config import ConfigError, TrainConfig

SIDE = 64


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    generate(folder, 2, seed=1, preset="single", size_hw=(96, 96))
    return folder


def config(pictures: Path, out: Path, steps: int, start_from: Path | None = None) -> TrainConfig:
    start = None if start_from is None else str(start_from)
    return TrainConfig(
        out=str(out),
        network="quick",
        simulated={str(pictures): 1.0},
        size=SIDE,
        batch=2,
        steps=steps,
        rate=4e-3,
        warm_up=0,
        threads=1,
        start_from=start,
    )


def lessons_of(outputs: tuple[torch.Tensor, ...]) -> Lessons:
    """Lessons to which these logits are the right answer, as far as 8 bits tell."""
    surface, crop, inside, net = outputs
    share = surface.softmax(1)
    grouped = torch.cat([share[:, :4], share[:, 4:].sum(1, keepdim=True)], 1)
    parts = {"surface": grouped, "crop": crop.softmax(1), "inside": inside.sigmoid(), "net": net.sigmoid()}
    return Lessons(
        image=torch.zeros(len(surface), 3, SIDE, SIDE, dtype=torch.uint8),
        **{name: (value * 255).round().to(torch.uint8) for name, value in parts.items()},
    )


def test_the_largest_of_four_cells_counts_for_defects_and_the_mean_for_all_else() -> None:
    surface = torch.zeros(1, 17, 2, 2)
    surface[0, 1] = 1.0
    surface[0, 1, 0, 0], surface[0, 5, 0, 0] = 0.2, 0.8
    coarse = coarser_surface(surface)
    assert coarse.shape == (1, 5, 1, 1)
    assert coarse[0, :, 0, 0].tolist() == pytest.approx([0.0, 0.2, 0.0, 0.0, 0.8])
    surface[0, 0], surface[0, 1] = 0.5, 0.5
    surface[0, 4:] = 0.0
    assert coarser_surface(surface)[0, :, 0, 0].tolist() == pytest.approx([0.5, 0.5, 0.0, 0.0, 0.0])


def test_the_same_answer_costs_nothing_and_another_one_does() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    with torch.no_grad():
        outputs = QuickNet().eval()(torch.randn(2, 3, SIDE, SIDE))
    right = lessons_of(outputs)
    assert sum(float(part) for part in mimic_loss(outputs, right).values()) < 0.01
    wrong = replace(right, surface=right.surface.flip(1), inside=255 - right.inside)
    costs = mimic_loss(outputs, wrong)
    assert float(costs["surface"]) > 0.1
    assert float(costs["inside"]) > 0.001


def test_pictures_and_answers_are_turned_together() -> None:
    image = torch.arange(3 * SIDE * SIDE).reshape(1, 3, SIDE, SIDE).to(torch.uint8)
    marked = torch.zeros(1, 5, SIDE, SIDE, dtype=torch.uint8)
    marked[0, 0] = image[0, 0]
    lessons = Lessons(
        image=image, surface=marked, crop=marked[:, :4], inside=marked[:, :1], net=marked[:, :1]
    )
    seen = set()
    for seed in range(16):
        again = turned(lessons, np.array([0]), np.random.default_rng(seed))
        assert torch.equal(again.surface[0, 0], again.image[0, 0])
        assert torch.equal(again.net[0, 0], again.image[0, 0])
        seen.add(again.image.numpy().tobytes())
    assert len(seen) > 4


def test_a_lesson_is_what_the_large_network_says_at_twice_the_size(pictures: Path, tmp_path: Path) -> None:
    teacher = OnnxModel.load(newest_model())
    first, second = make_lessons(config(pictures, tmp_path, 1), teacher, 2)
    for lesson in (first, second):
        assert lesson.image.shape == (1, 3, SIDE, SIDE)
        assert lesson.surface.shape == (1, 5, SIDE // 2, SIDE // 2)
        assert lesson.crop.shape == (1, 4, SIDE // 4, SIDE // 4)
        assert (lesson.surface.int().sum(1) - 255).abs().max() <= 3
    levels = as_input(first.image) * torch.tensor(INPUT.std).view(1, 3, 1, 1)
    levels = (levels + torch.tensor(INPUT.mean).view(1, 3, 1, 1)) * 255
    assert torch.equal(levels.round().to(torch.uint8), first.image)
    (again, _) = make_lessons(config(pictures, tmp_path, 1), teacher, 2)
    assert torch.equal(again.image, first.image)
    assert torch.equal(again.surface, first.surface)


def test_it_learns_from_the_lessons(pictures: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    start = tmp_path / "start.pt"
    torch.save({"average": QuickNet().state_dict()}, start)
    last = mimic(config(pictures, tmp_path / "out", 20, start), newest_model(), 4)
    lines = (tmp_path / "out" / "log.txt").read_text().splitlines()
    first, later = (float(line.split("surface ")[1].split()[0]) for line in lines)
    assert later < first
    state = torch.load(last, weights_only=True)
    assert state["step"] == 20
    QuickNet().load_state_dict(state["average"])


def test_without_a_network_that_is_to_learn_there_is_an_error(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected `start_from`, the network that is to learn, got none"):
        mimic(config(pictures, tmp_path / "out", 1), newest_model(), 1)
    assert not (tmp_path / "out").exists()
