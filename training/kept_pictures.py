"""Pictures that imported sets keep back for judging, checked against frozen.json, for `compare` and `evaluate`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from grader.grade_command import index_mask
from grader.pipeline import GradeOptions
from training.compare import JudgedPicture, called
from training.frame_grader import FrameGrader
from training.frozen import FILE, judged, load_frozen
from training.json_file import read_json, tables, text
from training.labelled_picture import SetError
from training.picture_scores import overlap, pooled_iou
from training.statistics import Figure, bootstrap
from training.taught_pictures import taught_pictures


class KeptPictures:
    """The frozen pictures of one set that was imported and split. name: of the data set. count: of pictures.

    Raises SetError for a folder that is no such set, that keeps nothing back, or whose frozen pictures were changed;
    nothing is graded then.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "index.json"
        if not path.is_file():
            raise SetError(f"{path}: expected a set made by `python -m training import`, found none")
        index = tables(read_json(path), str(path))
        for number, entry in enumerate(index, start=1):
            for key in ("id", "split", "group", "dataset"):
                text(entry.get(key), f"{path}: picture {number}: {key}")
        kept = judged(folder, index)
        if not kept:
            raise SetError(
                f"{path}: expected pictures kept back for judging, found none: "
                f"python -m training split {folder} --val 0.2"
            )
        lost = {picture.id for picture in load_frozen(folder)} - {entry["id"] for entry in kept}
        if lost:
            raise SetError(f"{path}: expected {min(lost)} in the split val, it is frozen in {FILE}")
        self.name = ", ".join(sorted({str(entry["dataset"]) for entry in kept}))
        self.count = len(kept)
        self._folder = folder
        self._group_of = {str(entry["id"]): str(entry["group"]) for entry in kept}

    def pictures(self) -> Iterator[JudgedPicture]:
        """Any defect, and each kind that is known exactly somewhere, named after the set: `rot (yard)`."""
        return taught_pictures(self._folder, f" ({self.name})")

    def figures(self, grader: FrameGrader) -> Iterator[Figure]:
        """Intersection over union of any defect and of each kind, all pixels together: `kept_yard_rot_iou`.

        Of a kind, only the pictures that have it count; of any defect all, sound ones too.
        """
        rows: dict[str, dict[str, list[tuple[float, ...]]]] = defaultdict(lambda: defaultdict(list))
        for picture in self.pictures():
            graded = grader.grade_frame(picture.frame, GradeOptions(mm_per_px=picture.mm_per_px))
            index = index_mask(graded)
            if picture.known is not None:
                index = index * picture.known
            for name, wanted in picture.wanted.items():
                group = self._group_of[picture.frame.frame_id]
                rows[name.partition(" (")[0]][group].append(overlap(called(index, name), wanted))
        for name, groups in rows.items():
            key = f"kept_{self.name}_{name.replace(' ', '_')}_iou"
            yield bootstrap(key, list(groups.values()), pooled_iou, "IoU")
