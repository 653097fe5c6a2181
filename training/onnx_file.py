"""ONNX files, written whole or not at all; a torch network as one that takes pictures of any size."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from grader.image_io import write_bytes

OPSET = 17


def write_onnx(
    net: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    axes: Mapping[str, Mapping[int, str]],
) -> None:
    """Write a network in evaluation mode. example: one tensor per input. axes: names of what may vary, per tensor.

    Raises OutputError when the file cannot be written.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the exporter that writes opset 17 for any size
        warnings.filterwarnings("ignore", "Constant folding", UserWarning)  # a Slice stays: nothing is lost
        torch.onnx.export(
            net,
            example,
            buffer,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    write_bytes(path, buffer.getvalue())


def save_onnx(model: onnx.ModelProto, path: Path) -> None:
    """Write a network. Raises OutputError when the file cannot be written."""
    write_bytes(path, model.SerializeToString())
