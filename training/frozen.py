"""The pictures that models are judged by: which they are, that nobody changed them, and that none is learned.

`frozen.json` lies in an imported set that was split: `{"schema": "frozen/1", "pictures": [{"id", "picture_sha256",
"label_sha256", "look"}]}`. look: the difference hash of the picture and of its mirror image (`training/leaks.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.image_io import read_image
from training.json_file import read_json, table, tables, text
from training.labelled_picture import SetError
from training.leaks import look_of

SCHEMA = "frozen/1"
FILE = "frozen.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenPicture:
    """One picture for judging. picture_sha256, label_sha256: of the bytes of <id>.jpg and <id>.npz, hexadecimal.

    look: 64 bytes in hexadecimal, see `look_of`.
    """

    id: str
    picture_sha256: str
    label_sha256: str
    look: str

    def to_look(self) -> NDArray[np.uint8]:
        """uint8 (2, 32)."""
        return np.frombuffer(bytes.fromhex(self.look), np.uint8).reshape(2, 32)


def freeze(folder: Path, ids: Iterable[str]) -> tuple[FrozenPicture, ...]:
    """What these pictures of a set are now, by id. Raises OSError or InvalidImageError for a missing file."""
    return tuple(
        FrozenPicture(
            id=name,
            picture_sha256=_sha256(folder / f"{name}.jpg"),
            label_sha256=_sha256(folder / f"{name}.npz"),
            look=look_of(read_image(folder / f"{name}.jpg").rgb).tobytes().hex(),
        )
        for name in sorted(ids)
    )


def frozen_json(pictures: Sequence[FrozenPicture]) -> str:
    """The content of `frozen.json`."""
    return json.dumps({"schema": SCHEMA, "pictures": [asdict(picture) for picture in pictures]}, indent=1)


def load_frozen(folder: Path) -> tuple[FrozenPicture, ...]:
    """The frozen list of a set, empty where it has none. Raises SetError when it is damaged."""
    path = folder / FILE
    if not path.is_file():
        return ()
    content = table(read_json(path), str(path))
    if content.get("schema") != SCHEMA:
        raise SetError(f"{path}: expected schema {SCHEMA!r}, got {content.get('schema')!r}")
    found = []
    for number, item in enumerate(tables(content.get("pictures"), f"{path}: pictures"), start=1):
        keys = ("id", "picture_sha256", "label_sha256", "look")
        values = {key: text(item.get(key), f"{path}: picture {number}: {key}") for key in keys}
        if len(values["look"]) != 128 or set(values["look"]) - set("0123456789abcdef"):
            raise SetError(f"{path}: picture {number}: expected a look of 128 hexadecimal digits")
        found.append(FrozenPicture(**values))
    return tuple(found)


def frozen_beside(folder: Path) -> dict[str, tuple[FrozenPicture, ...]]:
    """The frozen lists of every set that lies beside `folder`, and its own, by the path of the set."""
    return {
        str(path.parent): load_frozen(path.parent)
        for path in sorted(folder.absolute().parent.glob(f"*/{FILE}"))
    }


def trainable(folder: Path, index: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The entries of a set's index that may be learned: those of the split train.

    Raises SetError when a picture for judging is not in the frozen list or was changed since, when a group is in both
    splits, or when a picture for training is one that is frozen here or in a set beside it.
    """
    train = [entry for entry in index if entry["split"] == "train"]
    kept = judged(folder, index)
    frozen = {picture.id for picture in load_frozen(folder)}
    wrong = sorted(entry["id"] for entry in train if entry["id"] in frozen)
    if wrong:
        raise SetError(
            f"{folder / 'index.json'}: expected {wrong[0]} in the split val, it is frozen in {FILE}"
        )
    groups = {entry["group"] for entry in kept}
    shared = next((entry for entry in train if groups and entry["group"] in groups), None)
    if shared is not None:
        raise SetError(
            f"{folder / 'index.json'}: group {shared['group']!r} is in both splits, expected in one ({shared['id']})"
        )
    _check_not_frozen(folder, [entry["id"] for entry in train])
    return train


def judged(folder: Path, index: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The entries of a set's index by which models are judged: those that are not of the split train.

    Raises SetError when one is not in the frozen list, or a frozen picture was changed since.
    """
    frozen = {picture.id: picture for picture in load_frozen(folder)}
    kept = [entry for entry in index if entry["split"] != "train"]
    loose = [entry["id"] for entry in kept if entry["id"] not in frozen]
    if loose:
        raise SetError(
            f"{folder / 'index.json'}: expected photographs of the split train only, or frozen ones "
            f"(`python -m training split`), got {len(loose)} others, such as {loose[0]}: a model must not learn "
            f"what it is judged by"
        )
    _check_unchanged(folder, frozen)
    return kept


def _check_unchanged(folder: Path, frozen: Mapping[str, FrozenPicture]) -> None:
    for picture in frozen.values():
        for path, expected in (
            (folder / f"{picture.id}.jpg", picture.picture_sha256),
            (folder / f"{picture.id}.npz", picture.label_sha256),
        ):
            if not path.is_file():
                raise SetError(f"{path}: expected the frozen picture that models are judged by, found none")
            found = _sha256(path)
            if found != expected:
                raise SetError(
                    f"{path}: expected the frozen content sha256:{expected[:12]}, got sha256:{found[:12]}: what "
                    f"models are judged by was changed since `python -m training split`"
                )


def _check_not_frozen(folder: Path, ids: Sequence[str]) -> None:
    judged = {
        picture.picture_sha256: f"{where}/{picture.id}"
        for where, pictures in frozen_beside(folder).items()
        for picture in pictures
    }
    for name in ids if judged else ():
        path = folder / f"{name}.jpg"
        if path.is_file() and (same := judged.get(_sha256(path))) is not None:
            raise SetError(
                f"{path}: expected a picture that no model is judged by, it is the frozen picture {same}"
            )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
