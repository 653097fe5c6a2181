"""Names of accounts and keys: any script, no tricks."""

from __future__ import annotations

import unicodedata

from service.errors import AccountError

LONGEST = 40
"""Characters."""


def check_name(given: str) -> str:
    """The name as it is shown: Unicode NFKC, single blanks. Raises AccountError.

    >>> check_name("  Wang  Wei ")
    'Wang Wei'
    """
    name = " ".join(unicodedata.normalize("NFKC", given).split())
    odd = [sign for sign in name if not (sign.isalnum() or sign in " ._-@" or unicodedata.combining(sign))]
    if not 1 <= len(name) <= LONGEST or odd:
        raise AccountError(
            "name_form",
            f"name: expected 1 to {LONGEST} letters, digits, blanks or . _ - @, got {given[: 2 * LONGEST]!r}",
        )
    return name


def name_key(given: str) -> str:
    """The name as it is compared: without upper case, for any input.

    >>> name_key("WANG  Wei")
    'wang wei'
    """
    return " ".join(unicodedata.normalize("NFKC", given).casefold().split())[:160]
