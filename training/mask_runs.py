"""Masks as run lengths: small in memory, and the form in which labelling tools write what was painted.

Formats: COCO (column by column, plain or packed six bits a character, as in `maskApi.c` of the COCO API, P. Dollar and
T.-Y. Lin), CVAT (row by row inside a box) and the brush of Label Studio (`rle-pack` of thi.ng/umbrella: RGBA values
as a stream of bits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.types import BoolArray, UInt8Array


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRuns:
    """hw: (height, width). counts: lengths of runs row by row, off and on in turns, beginning with off."""

    hw: tuple[int, int]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        _check(self.counts, self.hw[0] * self.hw[1])

    def to_mask(self) -> BoolArray:
        """bool (H, W)."""
        return _expand(self.counts).reshape(self.hw)


def runs_of(mask: BoolArray) -> MaskRuns:
    """The runs of a mask, bool (H, W)."""
    flat = np.concatenate([[False], mask.reshape(-1), [not mask.reshape(-1)[-1]]])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    counts = np.diff(np.concatenate([[0], edges]))
    return MaskRuns(hw=(mask.shape[0], mask.shape[1]), counts=tuple(int(count) for count in counts))


def runs_of_coco(counts: str | Sequence[int], hw: tuple[int, int]) -> MaskRuns:
    """A COCO mask. Raises ValueError when its runs do not fill `hw`."""
    plain = _unpack(counts) if isinstance(counts, str) else [int(count) for count in counts]
    _check(plain, hw[0] * hw[1])
    return runs_of(np.ascontiguousarray(_expand(plain).reshape(hw[1], hw[0]).T))


def runs_in_box(
    counts: Sequence[int], left: int, top: int, width: int, height: int, hw: tuple[int, int]
) -> MaskRuns:
    """A CVAT mask. Raises ValueError when its runs do not fill its box, or the box lies outside the picture."""
    if min(left, top) < 0 or min(width, height) < 1 or left + width > hw[1] or top + height > hw[0]:
        raise ValueError(
            f"expected a mask inside {hw[1]}x{hw[0]}, got {width}x{height} at left {left}, top {top}"
        )
    _check(counts, height * width)
    mask = np.zeros(hw, np.bool_)
    mask[top : top + height, left : left + width] = _expand(counts).reshape(height, width)
    return runs_of(mask)


def runs_of_brush(data: Sequence[int], hw: tuple[int, int]) -> MaskRuns:
    """A Label Studio brush mask, a list of bytes; on where alpha is over 0. Raises ValueError when it is damaged."""
    values = _unpack_brush(bytes(data), 4 * hw[0] * hw[1])
    return runs_of(values.reshape(*hw, 4)[..., 3] > 0)


def _expand(counts: Sequence[int]) -> BoolArray:
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts)


def _check(counts: Sequence[int], pixels: int) -> None:
    if min(counts, default=0) < 0 or sum(counts) != pixels:
        raise ValueError(f"expected runs over {pixels} pixels, got {len(counts)} runs over {sum(counts)}")


def _unpack(text: str) -> list[int]:
    """Five bits a character, least first, bit 5 says that more follows; from the third on, change to two before."""
    counts: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise ValueError(f"expected packed runs, got the character {character!r}")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    if shift:
        raise ValueError("expected packed runs, got a number that is cut off")
    return counts


def _unpack_brush(data: bytes, values: int) -> UInt8Array:
    """Header: 32 bits number of values, 5 bits of a value - 1, four times 4 bits of a length - 1. Then runs: 1 bit
    repeated, 2 bits which length, length - 1, and one value, or each."""
    at = 0

    def read(bits: int) -> int:
        nonlocal at
        end = at + bits
        if end > 8 * len(data):
            raise ValueError(f"expected a brush mask of {values} values, its data end at byte {len(data)}")
        window = int.from_bytes(data[at // 8 : (end + 7) // 8], "big")
        at = end
        return (window >> (-end % 8)) & ((1 << bits) - 1)

    if (number := read(32)) != values:
        raise ValueError(f"expected a brush mask of {values} values, got {number}")
    word = read(5) + 1
    if word != 8:
        raise ValueError(f"expected values of 8 bits in a brush mask, got {word}")
    lengths = [read(4) + 1 for _ in range(4)]
    out = np.zeros(values, np.uint8)
    done = 0
    while done < values:
        repeated = read(1)
        count = read(lengths[read(2)]) + 1
        if done + count > values:
            raise ValueError(f"expected a brush mask of {values} values, got a run beyond its end")
        if repeated:
            out[done : done + count] = read(word)
        else:
            out[done : done + count] = [read(word) for _ in range(count)]
        done += count
    return out
