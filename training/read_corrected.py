"""A corrected set as the review of the service exports it: pictures, exact index masks, and who each fruit is.

`set.json` is `{"schema": "corrected-set/1", "pictures": [{"file", "fruit_id", "lot", "source", "licence"}, ...]}`, with
`"crop"` where it is known; `masks/<file, / as __>.png` has the values of `grader grade --masks`, for every pixel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grader.grade_command import class_names
from training.json_file import read_json, table, tables, text
from training.labelled_picture import LabelledPicture, LabelledSet, SetError
from training.read_masks import MASKS, add_masks
from training.set_pictures import SetPictures

SCHEMA = "corrected-set/1"
KEYS = ("file", "fruit_id", "lot", "source", "licence")


def read_corrected(folder: Path, pictures: SetPictures) -> LabelledSet:
    """Every picture of the list; each has to have a mask.

    Raises SetError when `set.json` is not of this schema.
    """
    path = folder / "set.json"
    content = table(read_json(path), str(path))
    if content.get("schema") != SCHEMA:
        raise SetError(f"{path}: expected schema {SCHEMA!r}, got {content.get('schema')!r}")
    stated, problems = [], []
    for number, item in enumerate(tables(content.get("pictures"), f"{path}: pictures"), start=1):
        try:
            stated.append(_picture(item, pictures, f"{path.name}: picture {number}"))
        except SetError as error:
            problems.append(str(error))
    values = class_names()
    found, wrong, bare = add_masks(stated, folder / MASKS, values)
    problems += wrong
    problems += [f"{name}: expected its mask in {folder / MASKS}, found none" for name in bare]
    return LabelledSet(pictures=tuple(found), names=tuple(values.values()), problems=tuple(problems))


def _picture(item: dict[str, Any], pictures: SetPictures, where: str) -> LabelledPicture:
    stated = {key: text(item.get(key), f"{where}: {key}") for key in KEYS}
    unknown = sorted(set(item) - {*KEYS, "crop"})
    if unknown:
        raise SetError(f"{where}: unknown key {unknown[0]!r}, expected {', '.join(KEYS)} and crop")
    path, wrong = pictures.find(stated["file"])
    if path is None:
        raise SetError(f"{where}: {wrong}")
    return LabelledPicture(
        path=path,
        name=pictures.name_of(path),
        where=where,
        classes=(text(item["crop"], f"{where}: crop"),) if "crop" in item else (),
        fruit_id=stated["fruit_id"],
        lot=stated["lot"],
        source=stated["source"],
        licence=stated["licence"],
    )
