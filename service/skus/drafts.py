"""Rule files that come as text: written into a folder of their own for as long as they are looked at."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from grader.errors import SkuTableError

TABLE_FILE = "sku_table.toml"
STANDARD_FILE = "standard.toml"


@contextmanager
def table_draft(text: str, sizes: Mapping[str, str]) -> Iterator[Path]:
    """The file of a SKU table, with its own size tables (by id) beside it.

    Raises:
        SkuTableError: the text names a size table by a path instead of its id.
    """
    _refuse_paths(text)
    with TemporaryDirectory(prefix="grader-draft-") as folder:
        for name, content in sizes.items():
            (Path(folder) / f"{name}.toml").write_text(content, encoding="utf-8")
        path = Path(folder) / TABLE_FILE
        path.write_text(text, encoding="utf-8")
        yield path


@contextmanager
def standard_draft(text: str) -> Iterator[Path]:
    """The file of a standard."""
    with TemporaryDirectory(prefix="grader-draft-") as folder:
        path = Path(folder) / STANDARD_FILE
        path.write_text(text, encoding="utf-8")
        yield path


def _refuse_paths(text: str) -> None:
    """Who sends text may not make the service read files of its computer."""
    try:
        names = tomllib.loads(text).get("size_codes", [])
    except tomllib.TOMLDecodeError:
        return  # told with its line by the reader
    for name in names if isinstance(names, list) else []:
        if isinstance(name, str) and (name.endswith(".toml") or "/" in name or "\\" in name):
            raise SkuTableError(
                f"{TABLE_FILE}: size_codes: expected the id of a size table, got the path {name!r}"
            )
