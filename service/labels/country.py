"""Countries by ISO 3166: two letters, three digits, names in Chinese and English (CLDR, as Babel brings it)."""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.core import get_global

from service.errors import LabelDataError

# Of Ethiopia, France, Germany (two), Sudan and Yemen (two), before their borders changed.
_WITHDRAWN = frozenset({"230", "249", "278", "280", "736", "720", "886"})
_OWN_USE = "900"  # from here on numbers that ISO 3166 leaves to its users


def country_of(field: str, code: str) -> str:
    """The two letters of a country given by two letters or three digits: `156` is `CN`. Raises LabelDataError."""
    numbers = _numbers()
    letters = {number: letters for letters, number in numbers.items()}
    found = code.upper() if code.upper() in numbers else letters.get(code)
    if found is None:
        raise LabelDataError(field, f"expected an ISO 3166 country such as CN or 156, got {code!r}")
    return found


def country_number(country: str) -> str:
    """The three digits of a country in two letters, as identifier (422) carries it."""
    return _numbers()[country]


def country_name(country: str, language: str) -> str:
    """The name of a country in two letters, in `zh` or `en`."""
    return str(Locale.parse(language).territories[country])


@cache
def _numbers() -> dict[str, str]:
    """Two letters -> three digits. CLDR keeps the digits, withdrawn ones too, as other names of the letters."""
    names = Locale.parse("en").territories
    return {
        letters[0]: number
        for number, letters in get_global("territory_aliases").items()
        if len(number) == 3
        and number.isdigit()
        and number < _OWN_USE
        and number not in _WITHDRAWN
        and len(letters) == 1
        and letters[0] in names
    }
