"""What the name of a picture says: a pattern such as `{lane}_{fruit_id}_{view}_{encoder}` and a name -> its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.line.protocol import MAX_ID_LENGTH

_PARTS = {
    "fruit_id": rf"[\w.:#@+-]{{1,{MAX_ID_LENGTH}}}?",
    "lane": r"\d{1,3}",
    "view": r"\d{1,3}",
    "encoder": r"\d{1,19}",
}
_REQUIRED = ("fruit_id", "view")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameParts:
    """lane, encoder: None where the pattern has no such part."""

    fruit_id: str
    view: int
    lane: int | None
    encoder: int | None


class NamePattern:
    """Reads names. Raises ValueError for a pattern with an unknown, doubled or missing part.

    >>> NamePattern("{fruit_id}_v{view}").read("cup12_v3")
    NameParts(fruit_id='cup12', view=3, lane=None, encoder=None)
    """

    def __init__(self, pattern: str) -> None:
        pieces = re.split(r"\{(\w*)\}", pattern)
        names = pieces[1::2]
        wrong = sorted(set(names) - set(_PARTS)) + [name for name in _REQUIRED if name not in names]
        if wrong or len(set(names)) != len(names):
            raise ValueError(
                f"expected {{fruit_id}} and {{view}}, and maybe {{lane}} and {{encoder}}, once each, got {pattern!r}"
            )
        self._pattern = re.compile(
            "".join(
                f"(?P<{piece}>{_PARTS[piece]})" if number % 2 else re.escape(piece)
                for number, piece in enumerate(pieces)
            ),
            re.ASCII,
        )

    def read(self, name: str) -> NameParts | None:
        """The parts of a name without its ending; None when it does not fit."""
        found = self._pattern.fullmatch(name)
        if found is None:
            return None
        parts = found.groupdict()
        numbers = {key: int(parts[key]) if key in parts else None for key in ("lane", "encoder")}
        return NameParts(fruit_id=parts["fruit_id"], view=int(parts["view"]), **numbers)
