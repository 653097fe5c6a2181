"""What every decision goes by, whatever the standard."""

from __future__ import annotations

REVIEW_BELOW = 0.7
"""Confidence 0-1 under which a decision is shown to staff. Ours; tune with the agreement study of the site."""

INTERVAL_TRUST = 0.975
"""A limit inside a 95 % interval means less than this one-sided confidence (normal distribution)."""

UNVERIFIED_TRUST = 0.5
"""Confidence given to what rests on an unknown value: no better than a coin."""

LEAST_CROP_CONFIDENCE = 0.5
"""Under this the object is more likely something else than the crop, and is not judged."""

UNUSABLE_FLAGS = frozenset({"black_frame", "clipped_frame"})
"""Quality flags (`exposure.py`) of a picture that shows nothing: the fruit is not judged."""

LIMITING_FLAGS = frozenset(
    {"blurred", "clipped", "no_colour", "touches_fruit", "underexposed"}
    | {"crop_unknown_to_network", "crop_doubtful", "defect_doubtful", "seen_too_little", "size_doubtful"}
)
"""Quality flags of a picture that may hide something, and of a doubtful measurement (`uncertainty.review_needed`): a
class is given, and looked at."""
