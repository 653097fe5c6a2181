"""Pictures of the training split that look like one a model is judged by: the same photograph under another name.

The list of photographs keeps groups apart (`training/manifest.py`); this looks at the pixels. A difference hash says
for each of 16 x 16 places whether the picture gets brighter to the right (N. Krawetz, "Kind of like that", 2013): it
survives another size, JPEG and small changes of light.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.image_io import read_image
from grader.types import UInt8Array
from training.manifest import Photograph

SIDE = 16
"""Places in each direction: 256 bits. With 64 different fruit on black often agree."""
SAME_BITS = 6
"""Pictures that differ in at most this many of 256 bits are taken for the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A training picture and the picture for judging that it looks like. bits: how many of 256 differ."""

    train: Photograph
    judged: Photograph
    bits: int


def difference_hash(rgb: UInt8Array) -> NDArray[np.uint8]:
    """uint8 (32,), 256 bits of a picture, uint8 (H, W, 3)."""
    grey = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (SIDE + 1, SIDE), interpolation=cv2.INTER_AREA)
    return np.packbits(grey[:, 1:] > grey[:, :-1])


def find_twins(photographs: Sequence[Photograph], hashes: Iterable[NDArray[np.uint8]]) -> list[Twin]:
    """Every training picture that looks like one of another split or its mirror image, the most alike first.

    hashes: `hashes_of` each photograph, in the same order.
    """
    table = np.stack(list(hashes))
    train = [n for n, photo in enumerate(photographs) if photo.split == "train"]
    judged = [n for n, photo in enumerate(photographs) if photo.split != "train"]
    found = [
        Twin(train=photographs[train[learned]], judged=photographs[judged[row]], bits=bits)
        for row, learned, bits in pairs_alike(table[judged], table[train])
    ]
    return sorted(found, key=lambda twin: (twin.bits, twin.judged.name, twin.train.name))


def pairs_alike(judged: NDArray[np.uint8], learned: NDArray[np.uint8]) -> list[tuple[int, int, int]]:
    """(row of judged, row of learned, bits that differ) of every pair that looks the same, mirror images included.

    judged, learned: uint8 (N, 2, 32) and (M, 2, 32), looks as from `look_of`.
    """
    found = []
    for row, look in enumerate(judged if len(learned) else ()):
        bits = np.bitwise_count(learned[:, :1] ^ look).sum(axis=2).min(axis=1)
        found += [(row, int(place), int(bits[place])) for place in np.flatnonzero(bits <= SAME_BITS)]
    return found


def hashes_of(photo: Photograph) -> NDArray[np.uint8]:
    """uint8 (2, 32), the look of a photograph. Raises InvalidImageError."""
    return look_of(read_image(photo.path).rgb)


def look_of(rgb: UInt8Array) -> NDArray[np.uint8]:
    """uint8 (2, 32): the difference hash of a picture, uint8 (H, W, 3), and of its mirror image."""
    return np.stack([difference_hash(rgb), difference_hash(np.ascontiguousarray(rgb[:, ::-1]))])
