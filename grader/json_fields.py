"""Typed access to the fields of a JSON object: what is missing or wrong is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from grader.errors import RecordError
from grader.types import Box, Interval, Lab

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class JsonFields:
    """Typed access to one JSON object; every refusal is a RecordError that names the field with its whole path."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, Mapping):
            raise RecordError(f"{where or 'record'}: expected an object, got {data!r}")
        self._data = data
        self._where = where

    def path(self, key: str) -> str:
        """Whole path of a key."""
        return f"{self._where}.{key}" if self._where else key

    def has(self, key: str) -> bool:
        """True if the key is there."""
        return key in self._data

    def get(self, key: str) -> object:
        """The value as it is."""
        if key not in self._data:
            raise RecordError(f"{self.path(key)}: missing")
        value: object = self._data[key]
        return value

    def wrong(self, key: str, wanted: str) -> RecordError:
        """The refusal to raise: what was expected, what was found."""
        return RecordError(f"{self.path(key)}: expected {wanted}, got {self._data[key]!r}")

    def optional(self, key: str, read: Callable[[str], T]) -> T | None:
        """None for null, else what `read` gives."""
        return None if self.get(key) is None else read(key)

    def text(self, key: str) -> str:
        """A string."""
        value = self.get(key)
        if not isinstance(value, str):
            raise self.wrong(key, "a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self.get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def flag(self, key: str) -> bool:
        """true or false."""
        value = self.get(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def whole(self, key: str) -> int:
        """A whole number >= 0."""
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(key, "a whole number >= 0")
        return value

    def number(self, key: str) -> float:
        """A finite number."""
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise self.wrong(key, "a finite number")
        return float(value)

    def amount(self, key: str) -> float:
        """A finite number >= 0."""
        value = self.number(key)
        if value < 0.0:
            raise self.wrong(key, "a number >= 0")
        return value

    def fraction(self, key: str) -> float:
        """A number 0-1."""
        value = self.number(key)
        if not 0.0 <= value <= 1.0:
            raise self.wrong(key, "a number 0-1")
        return value

    def one_of(self, key: str, kinds: type[E]) -> E:
        """A member of a StrEnum."""
        value = self.text(key)
        if value not in set(kinds):
            raise self.wrong(key, f"one of {', '.join(kinds)}")
        return kinds(value)

    def box(self, key: str) -> Box:
        """Four whole numbers."""
        value = self.get(key)
        whole = isinstance(value, list) and all(type(item) is int for item in value)
        if not isinstance(value, list) or not whole or len(value) != 4:
            raise self.wrong(key, "four whole numbers x0, y0, x1, y1")
        return (value[0], value[1], value[2], value[3])

    def lab(self, key: str) -> Lab:
        """Three finite numbers."""
        value = self.get(key)
        fine = isinstance(value, list) and all(
            type(item) in (int, float) and isfinite(item) for item in value
        )
        if not isinstance(value, list) or not fine or len(value) != 3:
            raise self.wrong(key, "three numbers L*, a*, b*")
        return (float(value[0]), float(value[1]), float(value[2]))

    def interval(self, key: str) -> Interval:
        """An object with value, low and high."""
        inner = self.object(key)
        try:
            return Interval(value=inner.number("value"), low=inner.number("low"), high=inner.number("high"))
        except ValueError as error:
            raise RecordError(f"{self.path(key)}: {error}") from error

    def value_or_text(self, key: str) -> float | str:
        """A number or a string."""
        return self.text(key) if isinstance(self.get(key), str) else self.number(key)

    def object(self, key: str) -> JsonFields:
        """A nested object."""
        return JsonFields(self.get(key), self.path(key))

    def objects(self, key: str) -> tuple[JsonFields, ...]:
        """A list of objects."""
        value = self.get(key)
        if not isinstance(value, list):
            raise self.wrong(key, "a list")
        return tuple(JsonFields(item, f"{self.path(key)}[{index}]") for index, item in enumerate(value))
