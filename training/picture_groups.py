"""Which pictures of a labelled set show the same fruit: they stay on one side of every split."""

from __future__ import annotations

import re
from collections.abc import Sequence

from training.labelled_picture import LabelledPicture, SetError


def group_pictures(pictures: Sequence[LabelledPicture], rule: str) -> tuple[list[str], list[str]]:
    """The group of each picture, and a line for each that has none. The fruit that the set itself names goes first.

    rule: see `ImportWish.group`. Raises SetError for a rule that is no regular expression.
    """
    try:
        pattern = re.compile(rule)
    except re.error as error:
        raise SetError(
            f"--group: expected file, folder or a regular expression, got {rule!r}: {error}"
        ) from error
    groups, problems = [], []
    for picture in pictures:
        if picture.fruit_id:
            groups.append(picture.fruit_id)
        elif rule == "file":
            groups.append(picture.name)
        elif rule == "folder":
            groups.append(picture.name.rpartition("/")[0] or ".")
        else:
            match = pattern.search(picture.name)
            groups.append((match.group(1 if pattern.groups else 0) if match else None) or "")
            if not groups[-1]:
                problems.append(f"{picture.name}: expected a path that matches --group {rule!r}")
    return groups, problems


def join_groups(groups: Sequence[str], pairs: Sequence[tuple[int, int]]) -> list[str]:
    """The groups, where those of each pair of pictures, by number, are one: the first name in order stands for all."""
    joined = list(groups)
    for first, second in pairs:
        old, new = sorted((joined[first], joined[second]), reverse=True)
        joined = [new if group == old else group for group in joined]
    return joined
