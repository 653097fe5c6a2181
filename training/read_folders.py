"""Plain folders: each picture lies in a folder that is named as its class."""

from __future__ import annotations

from pathlib import Path

from training.labelled_picture import LabelledPicture, LabelledSet
from training.set_pictures import SetPictures

PARTS = frozenset({"train", "val", "valid", "validation", "test"})


def read_folders(folder: Path, pictures: SetPictures) -> LabelledSet:
    """The class of a picture is the folder directly below `folder`; below `train`, `val` or `test` the next one."""
    found: list[LabelledPicture] = []
    problems = []
    for path in pictures.paths:
        name = pictures.name_of(path)
        above = name.split("/")[:-1]
        if above and above[0].lower() in PARTS:
            above = above[1:]
        if above:
            found.append(LabelledPicture(path=path, name=name, where=name, classes=(above[0],)))
        else:
            problems.append(
                f"{name}: expected a picture in a folder that is named as its class, below {folder}"
            )
    names = dict.fromkeys(picture.classes[0] for picture in found)
    return LabelledSet(pictures=tuple(found), names=tuple(names), problems=tuple(problems))
