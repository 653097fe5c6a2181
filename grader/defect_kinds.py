"""Which kind each blemish is, decided once for picture and record: touching defect pixels are one blemish."""

from __future__ import annotations

import cv2
import numpy as np

from grader.types import BoolArray, FloatArray, SurfaceClass, UInt8Array


def kind_of_each_blemish(
    defects: FloatArray, blemished: BoolArray, sure: BoolArray, values: tuple[SurfaceClass, ...]
) -> UInt8Array:
    """uint8 (h, w): one value of `values` over each blemish and one cell around it, 0 elsewhere.

    A blemish is what is connected in `blemished` (h, w) over sides or corners and is `sure` (h, w) somewhere: of two
    thresholds one says whether it is one, the other how far it reaches (J. Canny, "A computational approach to edge
    detection", 1986). It is the kind with the greatest sum of probability, the first where two are equal. The cell
    around: where a map is enlarged between its cells, what is blemished there lies next to a blemished cell.

    defects: float32 (channels, h, w), probability of each of `values`, 0-1.
    """
    count, labels = cv2.connectedComponents(blemished.view(np.uint8), connectivity=8)
    cells = np.flatnonzero(labels)
    own = labels.ravel()[cells]
    likely = defects.reshape(len(values), -1)[:, cells]
    votes = np.stack([np.bincount(own, channel, minlength=count) for channel in likely])
    kinds = np.array(values, np.uint8)[votes.argmax(axis=0)]
    kinds[np.bincount(labels[sure], minlength=count) == 0] = 0
    kinds[0] = 0
    around = cv2.dilate(labels.astype(np.uint16), np.ones((3, 3), np.uint8))
    return np.asarray(kinds[np.where(labels > 0, labels, around)])
