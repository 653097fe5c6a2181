"""Whether what the network took for a fruit is another kind of produce, by two opinions.

The network knows other produce from the simulator; a classifier trained on photographs of it gives a second opinion
where the network is not sure. Independent opinions add as logarithms of odds (naive Bayes).
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from grader.onnx_model import OnnxModel
from grader.types import BoolArray, FloatArray

SURE_LEVEL = 0.975
"""From this confidence of the crop on nobody else is asked: three of four apples of camera scenes are above."""
LEAST_EVIDENCE = 0.5
"""Sum of the log odds below which it is other produce. Chosen on photographs: of 285 apples in camera scenes and boxes
none lies below, of 744 in shop crates 3 in 1,000, of 432 melons 2 in 100."""
CELL_PX = 32
"""Side of a cell of the classifier's last grid, in pixels of the picture it looks at."""


def is_other_produce(model: OnnxModel, confidence: float, tensor: FloatArray, own: BoolArray) -> bool:
    """True when it is other produce. confidence: 0-1, how sure the network is of apple or melon.

    tensor: float32 (1, 3, S, S), the second look. own: bool (h, w), the fruit in it.
    """
    if confidence >= SURE_LEVEL:
        return False
    cells = tensor.shape[-1] // CELL_PX
    share = cv2.resize(own.astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA)
    other = model.other_produce(tensor, np.asarray(share, np.float32))
    return other is not None and evidence_of_crop(confidence, other) < LEAST_EVIDENCE


def evidence_of_crop(confidence: float, other: float) -> float:
    """Log odds of the crop given both opinions, any number. confidence, other: probabilities, 0-1."""
    return _log_odds(confidence) - _log_odds(other)


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(bounded / (1 - bounded))
