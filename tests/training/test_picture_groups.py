"""Groups of pictures that are joined are one, however long the chain."""

from __future__ import annotations

from training.picture_groups import join_groups


def test_groups_are_joined_in_chains() -> None:
    assert join_groups(["d", "c", "b", "a", "e"], [(0, 1), (2, 3), (1, 2)]) == ["a", "a", "a", "a", "e"]
