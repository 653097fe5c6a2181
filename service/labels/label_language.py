"""The language of a label."""

from __future__ import annotations

from enum import StrEnum


class LabelLanguage(StrEnum):
    """What the words of a label are in."""

    BOTH = "zh-en"
    CHINESE = "zh"
    ENGLISH = "en"
