"""The check digit of GS1 keys: GTIN, SSCC, GLN."""

from __future__ import annotations

from service.errors import LabelDataError


def check_digit(digits: str) -> str:
    """The digit that follows: weights 3, 1, 3 ... from the right, sum filled up to a multiple of ten.

    Source: GS1 General Specifications 7.9.1. `check_digit("0628110000200")` is `"5"`.

    Args:
        digits: the key without its check digit, ASCII digits only.
    """
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def require_digits(field: str, value: str, lengths: tuple[int, ...]) -> None:
    """Refuse what is not ASCII digits of one of the lengths. Raises LabelDataError."""
    in_a_row = len(lengths) > 2 and lengths == tuple(range(lengths[0], lengths[-1] + 1))
    wanted = f"{lengths[0]} to {lengths[-1]}" if in_a_row else " or ".join(str(length) for length in lengths)
    if not (value.isascii() and value.isdigit()):
        raise LabelDataError(field, f"expected {wanted} digits, got {value!r}")
    if len(value) not in lengths:
        raise LabelDataError(field, f"expected {wanted} digits, got {len(value)} in {value!r}")


def require_check_digit(field: str, key: str) -> None:
    """Refuse a key of digits whose last one is not its check digit. Raises LabelDataError."""
    expected = check_digit(key[:-1])
    if key[-1] != expected:
        raise LabelDataError(
            field, f"expected {expected} as the last (check) digit, got {key[-1]} in {key!r}"
        )


def gtin_14(field: str, value: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits as 14 digits. Raises LabelDataError: length, characters, check digit."""
    require_digits(field, value, (8, 12, 13, 14))
    require_check_digit(field, value)
    return value.zfill(14)
