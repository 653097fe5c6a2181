"""A checkpoint is written whole or not at all; one that is damaged or of another network is named."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from grader.errors import OutputError
from tests.training.small_disk import fill, small_disk
from training.checkpoint import CheckpointError, load_weights, read_checkpoint, write_checkpoint


def test_what_is_written_is_read(tmp_path: Path) -> None:
    state = {"average": {"a": torch.arange(5.0)}, "step": 3}
    write_checkpoint(tmp_path / "run" / "last.pt", state)
    found = read_checkpoint(tmp_path / "run" / "last.pt", ("step", "average"))
    assert found["step"] == 3
    assert torch.equal(found["average"]["a"], torch.arange(5.0))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["last.pt"]


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 400) as disk:
        last = disk / "last.pt"
        write_checkpoint(last, {"step": 1})
        before, filling = last.read_bytes(), fill(disk)
        with pytest.raises(OutputError) as raised:
            write_checkpoint(last, {"step": 2, "net": torch.zeros(10_000)})
        assert str(raised.value) == f"{last}: could not be written: No space left on device"
        assert last.read_bytes() == before
        assert sorted(disk.iterdir()) == [filling, last]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"last\.pt: could not be written: Not a directory"):
        write_checkpoint(tmp_path / "file" / "run" / "last.pt", {"step": 1})


def test_no_cut_is_taken_for_a_whole(tmp_path: Path) -> None:
    last = tmp_path / "last.pt"
    write_checkpoint(last, {"average": {"a": torch.arange(500.0)}})
    whole = last.read_bytes()
    for size in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        last.write_bytes(whole[:size])
        with pytest.raises(
            CheckpointError,
            match=rf"last\.pt: expected a checkpoint, got {size} bytes that are none or were cut",
        ):
            read_checkpoint(last, ("average",))


def test_one_wrong_byte_is_seen(tmp_path: Path) -> None:
    last = tmp_path / "last.pt"
    write_checkpoint(last, {"average": {"a": torch.arange(500.0)}})
    data = bytearray(last.read_bytes())
    data[len(data) // 2] ^= 1
    last.write_bytes(data)
    with pytest.raises(
        CheckpointError, match=r"last\.pt: expected a whole checkpoint, .*data/0 in it is damaged"
    ):
        read_checkpoint(last, ("average",))


def test_other_content_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    for content, message in (
        ({"weights": 1}, "expected a checkpoint with net, average, optimiser and 1 more, got weights"),
        ([1, 2], "expected a checkpoint with net, average, optimiser and 1 more, got none of them"),
        ({"average": Path("x")}, "expected a checkpoint, got Weights only load failed"),
    ):
        torch.save(content, path)
        with pytest.raises(CheckpointError) as raised:
            read_checkpoint(path, ("net", "average", "optimiser", "step"))
        assert str(raised.value).startswith(f"{path}: {message}")
        assert "\n" not in str(raised.value)
    path.write_bytes(pickle.dumps({"average": 1}))
    with pytest.raises(CheckpointError, match="that are none or were cut short"):
        read_checkpoint(path, ("average",))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_checkpoint(tmp_path / "nowhere.pt", ("average",))


def test_weights_have_to_fit(tmp_path: Path) -> None:
    net = nn.Linear(3, 2)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    path = tmp_path / "x.pt"
    for weights, message in (
        (
            {"weight": torch.zeros(2, 4), "bias": torch.zeros(2)},
            r"weight: expected shape \[2, 3\], got \[2, 4\]",
        ),
        ({"weight": torch.zeros(2, 3)}, "expected the weights of Linear; missing: bias; unknown: none"),
        (dict(before) | {f"x{n}": torch.zeros(1) for n in range(5)}, "unknown: x0, x1, x2 and 2 more"),
    ):
        with pytest.raises(CheckpointError, match=message):
            load_weights(path, weights, net)
        assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())
    load_weights(path, {"weight": torch.ones(2, 3).half(), "bias": torch.zeros(2)}, net)
    assert torch.equal(net.weight, torch.ones(2, 3))
