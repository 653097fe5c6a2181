"""Checkpoints of training: written whole or not at all, and taken only when they are of this network.

A checkpoint is a dict that `torch.save` wrote: `average` (averaged weights) and, where a run can go on, `net`,
`optimiser` and `step`.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from grader.errors import ModelError
from grader.image_io import write_bytes

SHOWN = 3
"""Names that a message gives before it counts the others."""


class CheckpointError(ModelError):
    """A checkpoint that is damaged or of another network. The message names the file."""


def write_checkpoint(path: Path, state: Mapping[str, object]) -> None:
    """Write a file that appears whole or not at all: what was there stays until then.

    Raises OutputError (folder not writable, disk full) that names the file.
    """
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    write_bytes(path, buffer.getvalue())


def read_checkpoint(path: Path, parts: Sequence[str]) -> dict[str, Any]:
    """The content of a checkpoint. parts: the keys it must have.

    Raises OSError when it cannot be read, CheckpointError when it is cut short, damaged, or lacks a part.
    """
    data = path.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise CheckpointError(f"{path}: expected a whole checkpoint, {damaged} in it is damaged")
        state = torch.load(io.BytesIO(data), weights_only=True)
    except zipfile.BadZipFile as exc:
        raise CheckpointError(
            f"{path}: expected a checkpoint, got {len(data)} bytes that are none or were cut short"
        ) from exc
    except (RuntimeError, pickle.UnpicklingError) as exc:
        raise CheckpointError(f"{path}: expected a checkpoint, got {_first_line(exc)}") from exc
    found = list(state) if isinstance(state, dict) else []
    lacking = [part for part in parts if part not in found]
    if lacking:
        raise CheckpointError(
            f"{path}: expected a checkpoint with {_listed(list(parts))}, got {_listed(found) or 'none of them'}"
        )
    return state


def load_weights(path: Path, weights: Mapping[str, Tensor], net: nn.Module) -> None:
    """Put the weights of a checkpoint into a network of the same layers. path: named in the error.

    Raises CheckpointError that says expected and actual; the network stays as it was.
    """
    wanted = net.state_dict()
    missing = [name for name in wanted if name not in weights]
    unknown = [name for name in weights if name not in wanted]
    if missing or unknown:
        raise CheckpointError(
            f"{path}: expected the weights of {type(net).__name__}; missing: {_listed(missing) or 'none'}; "
            f"unknown: {_listed(unknown) or 'none'}"
        )
    for name, value in wanted.items():
        if weights[name].shape != value.shape:
            raise CheckpointError(
                f"{path}: {name}: expected shape {list(value.shape)}, got {list(weights[name].shape)}: "
                f"weights of another network, such as one with other classes"
            )
    net.load_state_dict(dict(weights))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def _first_line(exc: BaseException) -> str:
    return str(exc).partition("\n")[0].partition(". ")[0]
