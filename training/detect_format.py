"""Which kind of labelled set a folder or file is, by what lies in it, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from training.json_file import read_json
from training.labelled_picture import LabelledSet, SetError
from training.read_coco import read_coco
from training.read_corrected import read_corrected
from training.read_cvat import read_cvat, read_xml
from training.read_folders import read_folders
from training.read_label_studio import read_label_studio
from training.read_masks import MASKS, read_masks
from training.read_yolo import TEXT_NAMES, YAML_NAMES, read_yolo
from training.set_pictures import SetPictures

Format = Literal["coco", "yolo", "label-studio", "cvat", "folders", "masks", "corrected"]
FORMATS: tuple[Format, ...] = get_args(Format)


def detect_format(source: Path) -> tuple[Format, Path]:
    """The format, and the annotation file (COCO, Label Studio, CVAT) or folder (the others).

    Raises SetError when the source is none of the formats, or several annotation files compete.
    """
    if source.is_file():
        found = _format_of_file(source)
        if found is None:
            raise SetError(
                f"{source}: expected COCO or Label Studio JSON or CVAT XML; say which with --format"
            )
        return found, source
    if not source.is_dir():
        raise SetError(f"{source}: expected a labelled set, found nothing")
    if (source / "set.json").is_file():
        return "corrected", source
    if (source / MASKS).is_dir():
        return "masks", source
    if any((source / name).is_file() for name in (*YAML_NAMES, *TEXT_NAMES)):
        return "yolo", source
    files = [path for path in _annotation_files(source) if _format_of_file(path) is not None]
    if len(files) > 1:
        shown = ", ".join(path.relative_to(source).as_posix() for path in files[:5])
        raise SetError(f"{source}: expected one annotation file, found {shown}; name the one to import")
    if files:
        found = _format_of_file(files[0])
        assert found is not None, "only such files were kept"
        return found, files[0]
    if any(path.is_dir() for path in source.iterdir()):
        return "folders", source
    raise SetError(f"{source}: expected a labelled set ({', '.join(FORMATS)}), found none")


def read_set(kind: Format, path: Path, pictures: Path | None, values: Mapping[str, str]) -> LabelledSet:
    """Everything in a set. path: as `detect_format` says. pictures: folder of the pictures, None where the set is.

    values: class by value of index masks, see `load_names`. Raises SetError when the set as a whole cannot be read.
    """
    folder = pictures or (path if path.is_dir() else path.parent)
    found = SetPictures(folder, without=(MASKS, "overlays") if kind in ("masks", "corrected") else ())
    match kind:
        case "coco":
            return read_coco(_file(path, ".json"), found)
        case "label-studio":
            return read_label_studio(_file(path, ".json"), found)
        case "cvat":
            return read_cvat(_file(path, ".xml"), found)
        case "yolo":
            return read_yolo(path, found)
        case "folders":
            return read_folders(path, found)
        case "masks":
            return read_masks(path, found, values)
        case "corrected":
            return read_corrected(path, found)


def _annotation_files(folder: Path) -> list[Path]:
    """JSON and XML files of the folder, or of `annotations` in it."""
    return sorted(
        path
        for place in (folder, folder / "annotations")
        for ending in ("*.json", "*.xml")
        for path in place.glob(ending)
    )


def _format_of_file(path: Path) -> Format | None:
    """The format of an annotation file, None for any other file. Raises SetError for a broken one."""
    if path.suffix.lower() == ".xml":
        root = read_xml(path)
        return "cvat" if root.tag == "annotations" and root.find("image") is not None else None
    if path.suffix.lower() != ".json":
        return None
    content = read_json(path)
    if isinstance(content, dict):
        return (
            "coco" if "images" in content and ("annotations" in content or "categories" in content) else None
        )
    is_tasks = isinstance(content, list) and content and isinstance(content[0], dict)
    return "label-studio" if is_tasks and "data" in content[0] else None


def _file(path: Path, ending: str) -> Path:
    """The one annotation file, also where a folder was named with --format."""
    if path.is_file():
        return path
    files = [file for file in _annotation_files(path) if file.suffix.lower() == ending]
    if len(files) != 1:
        raise SetError(f"{path}: expected one *{ending} file, found {len(files)}; name the one to import")
    return files[0]
