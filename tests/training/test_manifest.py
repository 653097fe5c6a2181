"""The list of photographs is read strictly: a wrong list must not start a training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.types import Crop
from training.manifest import ManifestError, Photograph, load_manifest, select_photographs

HEADER = "path,split,group,label,label_kind"
DATA = Path(__file__).parents[2].parent / "shared" / "data"


def write_data(folder: Path, rows: list[str], header: str = HEADER) -> Path:
    """A data folder with one apple and one melon set; every row's picture that starts with `apples/` exists."""
    for dataset, licence in (("apples/plates", "MIT"), ("melons/vines", "none stated")):
        (folder / dataset / "images").mkdir(parents=True)
        (folder / dataset / "SOURCE.json").write_text(json.dumps({"license": licence}))
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            (folder / dataset / "images" / name).write_bytes(b"")
        (folder / dataset / "boxes.txt").write_text("")
    (folder / "manifest.csv").write_text("\n".join([header, *rows]) + "\n")
    return folder


def test_reads_every_field(tmp_path: Path) -> None:
    data = write_data(
        tmp_path,
        [
            "apples/plates/images/a.jpg,train,g1,rot,image_class",
            "melons/vines/images/b.jpg,val,g2,boxes.txt,yolo_boxes",
        ],
    )
    apple, melon = load_manifest(data)
    assert apple == Photograph(
        path=data / "apples/plates/images/a.jpg",
        name="plates__images__a_jpg",
        split="train",
        group="g1",
        dataset="plates",
        crop=Crop.APPLE,
        label="rot",
        label_kind="image_class",
        label_file=None,
        licence="MIT",
    )
    assert (melon.crop, melon.split, melon.licence) == (Crop.MELON, "val", "none stated")
    assert melon.label_file == data / "melons/vines/boxes.txt"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["apples/plates/images/none.jpg,train,g1,rot,image_class"], "none.jpg"),
        (["apples/plates/images/a.jpg,test,g1,rot,image_class"], "got 'test'"),
        (["apples/plates/images/a.jpg,train,,rot,image_class"], "expected a group"),
        (["apples/plates/images/a.jpg,train,g1,rot,guess"], "label_kind 'guess'"),
        (["apples/plates/images/a.jpg,train,g1,none.txt,yolo_boxes"], "none.txt"),
        (["pears/plates/images/a.jpg,train,g1,rot,image_class"], "apples|melons"),
        (["apples/other/images/a.jpg,train,g1,rot,image_class"], "SOURCE.json"),
        (["apples/plates/images/a.jpg,train,g1,rot,image_class"] * 2, "listed twice"),
        (
            [
                "apples/plates/images/a.jpg,train,g1,rot,image_class",
                "melons/vines/images/b.jpg,val,g1,rot,image_class",
            ],
            "group 'g1' is in both splits",
        ),
    ],
)
def test_refuses_a_wrong_row(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(ManifestError, match=message.replace("|", r"\|").replace(".", r"\.")):
        load_manifest(write_data(tmp_path, rows))


def test_refuses_a_missing_list_and_other_columns(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="expected a list"):
        load_manifest(tmp_path / "nowhere")
    with pytest.raises(ManifestError, match="expected the columns"):
        load_manifest(write_data(tmp_path, [], header="path,split"))


@pytest.mark.parametrize("source", ["{", "{}", '{"license": ""}', "[]"])
def test_refuses_a_set_without_licence(tmp_path: Path, source: str) -> None:
    data = write_data(tmp_path, ["apples/plates/images/a.jpg,train,g1,rot,image_class"])
    (data / "apples/plates/SOURCE.json").write_text(source)
    with pytest.raises(ManifestError, match="license"):
        load_manifest(data)


def test_names_that_restart_in_every_part_are_other_groups(tmp_path: Path) -> None:
    data = write_data(tmp_path, [])
    for part in ("train", "test"):
        (data / "apples/plates" / part / "Gala").mkdir(parents=True)
        (data / "apples/plates" / part / "Gala" / "Gala_001.jpg").write_bytes(b"")
    rows = [
        "apples/plates/train/Gala/Gala_001.jpg,train,Gala_001,Gala,variety",
        "apples/plates/test/Gala/Gala_001.jpg,val,Gala_001,Gala,variety",
    ]
    (data / "manifest.csv").write_text("\n".join([HEADER, *rows]))
    assert [photo.group for photo in load_manifest(data)] == ["train/Gala_001", "test/Gala_001"]


def test_selects_by_split_set_and_licence(tmp_path: Path) -> None:
    photographs = load_manifest(
        write_data(
            tmp_path,
            [
                "apples/plates/images/a.jpg,train,g1,rot,image_class",
                "apples/plates/images/b.jpg,val,g2,rot,image_class",
                "melons/vines/images/c.jpg,train,g3,rot,image_class",
            ],
        )
    )
    a, b, c = photographs
    assert select_photographs(photographs) == photographs
    assert select_photographs(photographs, split="train") == (a, c)
    assert select_photographs(photographs, datasets=frozenset({"plates"})) == (a, b)
    assert select_photographs(photographs, split="val", licences=frozenset({"MIT"})) == (b,)
    with pytest.raises(ManifestError, match="plats"):
        select_photographs(photographs, datasets=frozenset({"plats"}))
    with pytest.raises(ManifestError, match="GPL"):
        select_photographs(photographs, licences=frozenset({"GPL"}))


@pytest.mark.skipif(not (DATA / "manifest.csv").is_file(), reason="photographs of ../shared/data are absent")
def test_the_real_list_is_sound() -> None:
    photographs = load_manifest(DATA)
    assert {photo.split for photo in photographs} == {"train", "val"}
    assert all(photo.licence for photo in photographs)
    train = {photo.group for photo in select_photographs(photographs, split="train")}
    val = {photo.group for photo in select_photographs(photographs, split="val")}
    assert not train & val
