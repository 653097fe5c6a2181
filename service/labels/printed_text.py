"""Text that people read on a label: present, short, printable."""

from __future__ import annotations

from service.errors import LabelDataError

LONGEST_TEXT = 60


def require_text(field: str, value: str) -> None:
    """Refuse empty text, text over 60 characters, and control characters. Raises LabelDataError."""
    if not value.strip():
        raise LabelDataError(field, f"expected text, got {value!r}")
    if len(value) > LONGEST_TEXT:
        raise LabelDataError(
            field, f"expected at most {LONGEST_TEXT} characters, got {len(value)} in {value!r}"
        )
    if not value.isprintable():
        raise LabelDataError(field, f"expected printable characters, got {value!r}")


def require_count(field: str, count: int) -> None:
    """Refuse what an identifier of at most eight digits cannot carry. Raises LabelDataError."""
    if not 1 <= count <= 99_999_999:
        raise LabelDataError(field, f"expected 1 to 99999999, got {count}")
