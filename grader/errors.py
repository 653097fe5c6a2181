"""The errors of the grader, one tree.

GraderError                     everything below
├── InvalidImageError           bytes, file or array that is no usable picture
├── CalibrationError            a calibration that is wrong, too old or of another camera
├── StandardError               a rule file that cannot be used, or a standard that may not decide
├── SkuTableError               a SKU table with a gap, an overlap or an unknown key
├── VersionError                a version of a standard or SKU table that cannot be published or trusted
│   ├── VersionConflictError    somebody else published in the meantime
│   └── UnknownVersionError     no version with this hash was published
├── ModelError
│   ├── ModelCardError          the card is missing or says something impossible
│   └── ModelMismatchError      the weights are not the ones the card speaks of
├── RecordError                 a stored fruit record that is not of schema fruit/1
└── OutputError                 a result that could not be written

A fruit that cannot be judged is *not* an error: it is a decision `ungraded` with reasons.
"""

from __future__ import annotations


class GraderError(Exception):
    """Base of every error raised on purpose. The message says expected, actual and which file or field."""


class InvalidImageError(GraderError):
    """The input is not a picture the grader can read: empty, truncated, too large, of an unknown format."""


class CalibrationError(GraderError):
    """A calibration could not be made, read, or applied to this frame."""


class StandardError(GraderError):
    """A grading standard could not be loaded, or is a draft that may not decide."""


class SkuTableError(GraderError):
    """A SKU table could not be loaded: a gap, an overlap, an unknown key or value."""


class VersionError(GraderError):
    """A version could not be published, or its files are not what its hash says."""


class VersionConflictError(VersionError):
    """Another version was put in force in the meantime; look at it, then publish again."""


class UnknownVersionError(VersionError):
    """Nothing of this name or with this hash was published here."""


class ModelError(GraderError):
    """A model cannot be used."""


class ModelCardError(ModelError):
    """The model card is missing, not readable, or inconsistent."""


class ModelMismatchError(ModelError):
    """The weights do not match the card (hash, inputs, outputs or labels)."""


class RecordError(GraderError):
    """A stored record does not follow the schema `fruit/1`."""


class OutputError(GraderError):
    """A result could not be written (folder not writable, disk full)."""
