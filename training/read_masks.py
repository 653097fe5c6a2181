"""Index masks: a picture of the same size whose value, or colour, at each pixel is a class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.json_file import read_json, table, text
from training.labelled_picture import LabelledPicture, LabelledSet, MaskShape, SetError
from training.mask_runs import runs_of
from training.set_pictures import SetPictures

MASKS = "masks"


def read_masks(folder: Path, pictures: SetPictures, values: Mapping[str, str]) -> LabelledSet:
    """Every picture below the folder with its mask in `masks`, all of whose pixels are labelled.

    A mask is named as its picture with or without the picture's ending, `/` as `__` (as `grader grade --masks` does).
    values: class by value (`"12"`) or colour (`"#ff0000"`); where empty those of `classes.json`.
    Raises SetError without either.
    """
    values = values or read_classes(folder / "classes.json")
    plain = [LabelledPicture(path=path, name=pictures.name_of(path), where="") for path in pictures.paths]
    found, problems, bare = add_masks(plain, folder / MASKS, values)
    told = f"{len(bare)} pictures without a mask in {folder / MASKS} are left out, such as " if bare else ""
    return LabelledSet(
        pictures=tuple(found),
        names=tuple(dict.fromkeys(values.values())),
        problems=tuple(problems),
        warnings=(told + bare[0],) if bare else (),
    )


def add_masks(
    pictures: Iterable[LabelledPicture], masks: Path, values: Mapping[str, str]
) -> tuple[list[LabelledPicture], list[str], list[str]]:
    """The pictures with the shapes of their masks, what is wrong with masks, and the names of pictures without one."""
    known = {path.name: path for path in sorted(masks.glob("*.png"))}
    found, problems, bare = [], [], []
    for picture in pictures:
        flat = picture.name.replace("/", "__")
        names = (f"{flat}.png", f"{flat.rsplit('.', 1)[0]}.png", f"{picture.path.stem}.png")
        path = next((known[name] for name in names if name in known), None)
        if path is None:
            bare.append(picture.name)
            continue
        try:
            shapes = tuple(_shapes(path, values))
        except SetError as error:
            problems.append(str(error))
            continue
        found.append(replace(picture, where=f"{masks.name}/{path.name}", shapes=shapes, complete=True))
    return found, problems, bare


def read_classes(path: Path) -> dict[str, str]:
    """Class by value, from a `classes.json`. Raises SetError."""
    if not path.is_file():
        raise SetError(
            f"{path}: expected the classes of the masks' values here or in [values] of --names, found none"
        )
    content = table(read_json(path), str(path))
    return {value: text(name, f"{path}: {value}") for value, name in content.items()}


def _shapes(path: Path, values: Mapping[str, str]) -> Iterator[MaskShape]:
    """One mask for each class that is there."""
    where = f"{path.parent.name}/{path.name}"
    indices, keys = read_indices(path)
    unknown = [key for key in keys if key not in values]
    if unknown:
        raise SetError(
            f"{where}: expected the values {', '.join(values)}, got {', '.join(unknown[:5])} "
            f"({len(unknown)} unknown values)"
        )
    for name in dict.fromkeys(values[key] for key in keys):
        chosen = [number for number, key in enumerate(keys) if values[key] == name]
        yield MaskShape(name=name, where=f"{where}, {name}", runs=runs_of(np.isin(indices, chosen)))


def read_indices(path: Path) -> tuple[NDArray[np.int64], list[str]]:
    """Which value each pixel has, int (H, W), and the values: numbers, or `#rrggbb` of a coloured mask.

    A palette is not looked at: its index is the value. Raises SetError for a file that is no PNG.
    """
    try:
        with Image.open(path, formats=("PNG",)) as image:
            pixels = np.asarray(image if image.mode in ("P", "L", "I", "I;16") else image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SetError(f"{path}: expected a mask picture (PNG), cannot be read: {error}") from error
    coloured = pixels.ndim == 3
    codes = pixels.astype(np.int64)
    if coloured:
        codes = codes @ np.array([65536, 256, 1])
    found, inverse = np.unique(codes, return_inverse=True)
    keys = [f"#{code:06x}" if coloured else str(code) for code in found]
    return inverse.reshape(codes.shape), keys
