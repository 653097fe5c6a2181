"""Elements -> bars and modules, by the library zint. The only place that knows it (decision 0042)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from zint import InputMode, Symbol, Symbology, WarningLevel

from service.errors import LabelDataError
from service.labels.element_string import Element, message

MOST_LINEAR_CHARACTERS = 48  # of a GS1-128, FNC1 that separates included (GS1 General Specifications 5.4.4.3)

Modules = NDArray[np.bool_]


def gs1_128(elements: Iterable[Element]) -> Modules:
    """The modules of one GS1-128 symbol: bool (n,), True is a bar; without quiet zones.

    Raises:
        LabelDataError: more than 48 characters.
    """
    parts = tuple(elements)
    length = len(message(parts))
    if length > MOST_LINEAR_CHARACTERS:
        raise LabelDataError(
            "code", f"expected at most {MOST_LINEAR_CHARACTERS} characters in a GS1-128, got {length}"
        )
    modules: Modules = _modules(Symbology.GS1_128, parts)[0]
    return modules


def gs1_datamatrix(elements: Iterable[Element]) -> Modules:
    """The modules of one square GS1 DataMatrix: bool (n, n), row by row, True is dark; without quiet zone."""
    return _modules(Symbology.DATAMATRIX, tuple(elements))


def _modules(symbology: Symbology, elements: tuple[Element, ...]) -> Modules:
    symbol = Symbol()
    symbol.symbology = symbology
    symbol.input_mode = InputMode.GS1
    symbol.warn_level = WarningLevel.FAIL_ALL  # zint checks the values too: nothing it doubts is printed
    symbol.option_3 = 100 if symbology is Symbology.DATAMATRIX else 0  # 100: square
    try:
        symbol.encode("".join(f"[{element.ai}]{element.value}" for element in elements))
    except RuntimeError as error:
        raise LabelDataError("code", f"cannot be a {symbology.name} symbol: {error}") from error
    packed = np.asarray(symbol.encoded_data)[: symbol.rows]
    return np.unpackbits(packed, axis=1, bitorder="little")[:, : symbol.width].astype(np.bool_)
